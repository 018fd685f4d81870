"""``friends``: a small CNN that tells a few people apart by 64x64 gray crops of their faces.

Source: the documented three-friends system. Layers: Conv32 3x3, pool, Conv32 3x3, pool,
Conv64 3x3, pool, Flatten, Dense64, Dropout 0.5, Dense N softmax; ReLU; unpadded convolutions, 2x2
maximum pooling; 22 px are the least (22 → 20 → 10 → 8 → 4 → 2 → 1). 175,779 parameters for three
people at 64 px (320 + 9,248 + 18,496 + 147,520 + 195).
"""

from typing import Any

from edgeface.train.augment import Augmentation
from edgeface.train.networks import blocks
from edgeface.train.networks.kind import Design, Network
from edgeface.train.plan import Plan, Schedule


def _construct(design: Design) -> Any:
    import keras

    layers = keras.layers
    relu = {"activation": "relu", "kernel_initializer": blocks.start(design)}
    raw = blocks.pixels(design)
    x = blocks.scaled(design, raw)
    for number, width in enumerate((32, 32, 64), start=1):
        x = layers.Conv2D(width, 3, name=f"conv{number}", **relu)(x)
        x = layers.MaxPooling2D(name=f"pool{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(64, name="dense", **relu)(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    probs = layers.Dense(design.classes, activation="softmax", name="probs")(x)
    return keras.Model(raw, probs, name="friends")


NETWORK = Network(
    name="friends",
    source="the documented three-friends system",
    size=64,
    smallest=22,
    colour="gray",
    recorded="99.70 % training, 100 % validation accuracy (three people)",
    documented=Plan(
        Schedule(5, 0, 20, 1e-3, "rmsprop", "none", clip=0, keep="last"),
        # ImageDataGenerator counts shear in degrees: the documented 0.2 is next to nothing.
        Augmentation(shear=0.2, stretch=0.2, flip=True),
    ),
    default=Plan(
        Schedule(300, 30, 20, 1e-3),
        Augmentation(
            shear=6, rotation=5, zoom=0.1, stretch=0.033, shift=0.04, flip=True, light=0.15
        ),
    ),
    changes=(
        "pixels -1 to 1 and He's start weights: on three people it saves the 40 epochs in which "
        "nothing is learned yet",
        "adam with clipped gradients and a rate that falls when the loss stalls: with many people "
        "the first steps can kill every unit of the narrow dense layer",
        "as many epochs as help, and the weights of the best one, instead of five",
        "rotation, shifts and light besides shear, zoom and flip: a detector's boxes and a room's "
        "lamps vary that much",
    ),
    construct=_construct,
)
