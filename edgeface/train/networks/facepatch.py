"""``facepatch``: face or no face, by 64x64 colour pictures; by default made to scan photographs.

Source: the documented face / non-face system. It has nothing to do with FaceNet, which tells people
apart. Documented layers: Conv16 1x1, 2x2 maximum pooling, Conv32 1x1, Flatten, Dense1 sigmoid;
ReLU; input in blue-green-red order as its npz file holds it: 33,377 parameters at 64 px
(64 + 544 + 32,769). Convolutions of 1x1 see single colours: it weighs which colour stands where.

The default has four 3x3 convolutions with batch normalisation and three poolings before the same
unit: 42,549 parameters (324 + 48 + 2,592 + 96 + 10,368 + 192 + 27,648 + 256 + 1,025). Nothing in
either is padded and nothing dense comes before the unit, so that `edgeface.convert.window` turns
them into a scan of whole photographs, with a step of 8 px (documented: 2). 38 px are the least of
the default (38 → 36 → 18 → 16 → 8 → 6 → 3 → 1).
"""

from typing import Any

from edgeface.train.augment import Augmentation
from edgeface.train.networks import blocks
from edgeface.train.networks.kind import Design, Network
from edgeface.train.plan import Plan, Schedule

WIDTHS = (12, 24, 48, 64)
# Of the batch norms' moving averages: Keras' 0.99 would still hold much of the first epochs.
MOMENTUM = 0.95


def _documented(x: Any) -> Any:
    import keras

    layers = keras.layers
    x = layers.Conv2D(16, 1, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(name="pool1")(x)
    return layers.Conv2D(32, 1, activation="relu", name="conv2")(x)


def _default(x: Any) -> Any:
    import keras

    layers = keras.layers
    for number, width in enumerate(WIDTHS, start=1):
        x = layers.Conv2D(
            width, 3, use_bias=False, kernel_initializer=blocks.HE, name=f"conv{number}"
        )(x)
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"norm{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
        if number < len(WIDTHS):
            x = layers.MaxPooling2D(name=f"pool{number}")(x)
    return layers.Dropout(0.3, name="dropout")(x)


def _construct(design: Design) -> Any:
    import keras

    raw = blocks.pixels(design)
    body = _documented if design.variant == "documented" else _default
    features = keras.layers.Flatten(name="flatten")(body(blocks.scaled(design, raw)))
    return keras.Model(raw, blocks.two_classes(features), name="facepatch")


NETWORK = Network(
    name="facepatch",
    source="the documented face / non-face system",
    size=64,
    smallest=38,
    colour="bgr",
    recorded="a ROC curve, without its figure",
    # Batch and epochs are not documented: 32, Keras' own, and ten, after which it hardly improves.
    documented=Plan(Schedule(10, 0, 32, 1e-3, "adam", "none", clip=0, keep="last")),
    default=Plan(
        # The last epoch, not the one best on centred crops: those are not what a scan meets.
        Schedule(24, 0, 64, 2e-3, "adam", "cosine", keep="last"),
        Augmentation(
            rotation=10,
            zoom=0.12,
            stretch=0.05,
            shift=0.05,
            flip=True,
            light=0.3,
            fade=0.75,
            decoys=0.5,
        ),
    ),
    changes=(
        "3x3 convolutions with batch normalisation, which see shapes, instead of 1x1 ones, which "
        "see colours",
        "pixels -1 to 1 and He's start weights",
        "augmentation, with contrasts down to a quarter: cameras give paler faces than the press",
        "decoys: pieces and misplaced views of the pictures count as no face, so that a scan "
        "answers for whole faces only",
        "a rate that falls along half a cosine to nothing over 24 epochs, in batches of 64",
    ),
    construct=_construct,
    binary=True,
    positive="face",
)
