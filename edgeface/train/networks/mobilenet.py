"""``mobilenet``: MobileNet v1 without its top, under a classifier of our own.

Source: the documented fine-tuning system (alpha 0.5, 128x128x3, ImageNet weights) on MobileNet v1
(Howard et al. 2017, arXiv:1704.04861) as `keras.applications.MobileNet` builds it: a 3x3
convolution, 13 depthwise separable convolutions, each with batch norm and ReLU6. Above it global
average pooling, Dropout 0.5, Dense N softmax with L2 0.001. Alpha 0.25 and 1.0 besides. 829,536
parameters without the classifier at alpha 0.5 (218,544 at 0.25, 3,228,864 at 1.0). 32 px are the
least: five strides of two leave one.
"""

from typing import Any

from edgeface.train.augment import Augmentation
from edgeface.train.networks import blocks
from edgeface.train.networks.kind import Design, Network
from edgeface.train.plan import Plan, Schedule, Tuning

L2 = 0.001
DROPOUT = 0.5
TOP = "conv_pw_13_relu"  # the last layer of the base


def base(height: int, width: int, channels: int, alpha: float, pixels: Any = None) -> Any:
    """MobileNet v1 without its top, with fresh weights.

    Args:
        height: Rows of its input.
        width: Columns of its input.
        channels: Of its input.
        alpha: Width multiplier.
        pixels: A tensor -1 to 1 to build it upon; None gives it an input of its own.
    """
    import keras

    return keras.applications.MobileNet(
        input_shape=(height, width, channels),
        alpha=alpha,
        include_top=False,
        weights=None,
        input_tensor=pixels,
    )


def _construct(design: Design) -> Any:
    import keras

    layers = keras.layers
    raw = blocks.pixels(design)
    # The published weights were trained with 127.5; with 128 the zero point of int8 is exact.
    level = 127.5 if design.variant == "documented" else 128
    scaled = layers.Rescaling(1 / level, offset=-1, name="scaling")(raw)
    body = base(design.height, design.width, design.channels, design.alpha, scaled)
    x = layers.GlobalAveragePooling2D(name="pool")(body.output)
    x = layers.Dropout(DROPOUT, name="dropout")(x)
    probs = layers.Dense(
        design.classes,
        activation="softmax",
        kernel_regularizer=keras.regularizers.L2(L2) if design.variant == "documented" else None,
        name="probs",
    )(x)
    return keras.Model(raw, probs, name="mobilenet")


NETWORK = Network(
    name="mobilenet",
    source="the documented fine-tuning system on MobileNet v1",
    size=128,
    smallest=32,
    colour="rgb",
    recorded="",
    # Documented are the steps, early stopping, L2 and dropout; how long and how fast is not.
    documented=Plan(
        Schedule(30, 5, 32, 1e-3, "adam", "none", clip=0),
        Augmentation(shear=0.2, stretch=0.2, shift=0.2, flip=True),
        Tuning("conv_dw_12", Schedule(30, 5, 32, 1e-5, "adam", "none", clip=0)),
    ),
    default=Plan(
        Schedule(2, 0, 32, 2e-3, "adam", "none", smoothing=0.1),
        Augmentation(rotation=8, zoom=0.12, stretch=0.05, shift=0.05, flip=True, light=0.2),
        Tuning("all", Schedule(30, 0, 32, 5e-4, "adam", "cosine", 3, smoothing=0.1)),
    ),
    changes=(
        "all layers of the base are unfrozen, not the top ones alone, at 5e-4 that rises in three "
        "epochs, so that the first steps do not ruin what the frozen batch norms were made for, "
        "and falls along half a cosine to nothing over 30: the head is converged when it ends",
        "pixels divided by 128 instead of 127.5, which is exact in int8",
        "labels smoothed by a tenth instead of L2 on the classifier",
        "rotation, zoom, shifts of a twentieth and light",
    ),
    construct=_construct,
    alphas=(0.5, 0.25, 1.0),
    top=TOP,
)
