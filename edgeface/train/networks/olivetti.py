"""``olivetti`` and ``olivetti_dense``: two people, a CNN of four filters beside a dense network.

Source: the documented Olivetti system (64x64 gray pictures of Samaria & Harter 1994, two people).
``olivetti``: Conv4 8x8, pool 4, Flatten, Dense4, Dense1 sigmoid: 3,405 parameters
(260 + 3,140 + 5). ``olivetti_dense``: Flatten (4,096), Dense4, Dense1 sigmoid: 16,393
(16,388 + 5). ReLU, no padding. The least side of the CNN is 11 px (11 → 4 → 1).
"""

from typing import Any

from edgeface.train.augment import Augmentation
from edgeface.train.networks import blocks
from edgeface.train.networks.kind import Design, Network
from edgeface.train.plan import Plan, Schedule

# The optimiser is not documented: rmsprop, as of the three-friends system (see decision 9).
_DOCUMENTED = Plan(Schedule(20, 0, 5, 1e-3, "rmsprop", "none", clip=0, keep="last"))
_DEFAULT = Plan(
    Schedule(200, 40, 5, 1e-3),
    Augmentation(rotation=5, zoom=0.1, stretch=0.033, shift=0.04, flip=True, light=0.15),
)
_CHANGES = (
    "pixels -1 to 1 and He's start weights: with four units a start that kills them is likely",
    "augmentation: there are fourteen pictures to learn from",
    "as many epochs as help, and the weights of the best one, instead of twenty",
)


def _cnn(design: Design) -> Any:
    import keras

    layers = keras.layers
    relu = {"activation": "relu", "kernel_initializer": blocks.start(design)}
    raw = blocks.pixels(design)
    x = layers.Conv2D(4, 8, name="conv1", **relu)(blocks.scaled(design, raw))
    x = layers.MaxPooling2D(4, name="pool1")(x)
    x = layers.Dense(4, name="dense", **relu)(layers.Flatten(name="flatten")(x))
    return keras.Model(raw, blocks.two_classes(x), name="olivetti")


def _dense(design: Design) -> Any:
    import keras

    layers = keras.layers
    raw = blocks.pixels(design)
    x = layers.Flatten(name="flatten")(blocks.scaled(design, raw))
    x = layers.Dense(4, activation="relu", kernel_initializer=blocks.start(design), name="dense")(x)
    return keras.Model(raw, blocks.two_classes(x), name="olivetti_dense")


NETWORK = Network(
    name="olivetti",
    source="the documented Olivetti system",
    size=64,
    smallest=11,
    colour="gray",
    recorded="the CNN fits two people",
    documented=_DOCUMENTED,
    default=_DEFAULT,
    changes=_CHANGES,
    construct=_cnn,
    binary=True,
)

DENSE = Network(
    name="olivetti_dense",
    source="the documented Olivetti system",
    size=64,
    smallest=8,
    colour="gray",
    recorded="the dense network does not fit them",
    documented=_DOCUMENTED,
    default=_DEFAULT,
    changes=_CHANGES,
    construct=_dense,
    binary=True,
)
