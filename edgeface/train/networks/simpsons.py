"""``simpsons``: four cartoon characters by 64x64 colour pictures, with one very wide dense layer.

Source: the documented Simpsons system. Layers: Conv32 5x5, pool, Conv64 5x5, pool, Flatten,
Dense1000, Dense N softmax; ReLU; unpadded convolutions, 2x2 maximum pooling; 16 px are the least
(16 → 12 → 6 → 2 → 1). 10,874,700 parameters for four classes at 64 px
(2,432 + 51,264 + 10,817,000 + 4,004).
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
    x = layers.Conv2D(32, 5, name="conv1", **relu)(x)
    x = layers.MaxPooling2D(name="pool1")(x)
    x = layers.Conv2D(64, 5, name="conv2", **relu)(x)
    x = layers.MaxPooling2D(name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(1000, name="dense", **relu)(x)
    if design.variant == "default":
        x = layers.Dropout(0.5, name="dropout")(x)
    probs = layers.Dense(design.classes, activation="softmax", name="probs")(x)
    return keras.Model(raw, probs, name="simpsons")


NETWORK = Network(
    name="simpsons",
    source="the documented Simpsons system",
    size=64,
    smallest=16,
    colour="rgb",
    recorded="96.5 % validation accuracy (four characters, the published test set)",
    documented=Plan(
        Schedule(10, 0, 32, 1e-3, "adam", "none", clip=0, keep="last"),
        # ImageDataGenerator counts shear in degrees: the documented 0.2 is next to nothing.
        Augmentation(shear=0.2, stretch=0.2, shift=0.2, flip=True),
    ),
    default=Plan(
        Schedule(24, 0, 32, 1e-3, "adam", "cosine"),
        Augmentation(shear=3, rotation=4, zoom=0.1, stretch=0.05, shift=0.06, flip=True, light=0.1),
    ),
    changes=(
        "dropout 0.5 after the wide dense layer, which holds 99 % of the parameters",
        "pixels -1 to 1 and He's start weights",
        "a rate that falls along half a cosine to nothing over 24 epochs; the best one is kept",
        "smaller shifts and zooms, with rotation and light",
    ),
    construct=_construct,
    stretched=True,
)
