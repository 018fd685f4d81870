"""``convnet`` and ``convnet128``: the plain CNN of the documented course, N-way and binary.

Source: the documented course's own networks. ``convnet``, any size: Conv32, pool, Conv64, pool,
Conv64, Flatten, Dense64, Dense N softmax. ``convnet128``, 128x128x3: the same with one more stage
of pooling and Conv64, and one sigmoid unit for two classes. 3x3 convolutions without padding, 2x2
maximum pooling, ReLU. 18 px are the least of ``convnet`` (18 → 16 → 8 → 6 → 3 → 1), 38 of
``convnet128``. 645,892 parameters for four classes of 64x64 gray pictures
(320 + 18,496 + 36,928 + 589,888 + 260), 683,201 for ``convnet128``.
"""

from typing import Any

from edgeface.train.augment import Augmentation
from edgeface.train.networks import blocks
from edgeface.train.networks.kind import Design, Network
from edgeface.train.plan import Plan, Schedule

_LIGHT = Augmentation(
    shear=6, rotation=5, zoom=0.1, stretch=0.033, shift=0.04, flip=True, light=0.15
)
_CHANGES = (
    "pixels -1 to 1 and He's start weights",
    "augmentation, where none is documented, and dropout 0.5 before the last layer",
    "a rate that falls when the loss stalls, as many epochs as help, and the best epoch's weights",
)


def _construct(design: Design, widths: tuple[int, ...], name: str, *, binary: bool) -> Any:
    import keras

    layers = keras.layers
    relu = {"activation": "relu", "kernel_initializer": blocks.start(design)}
    raw = blocks.pixels(design)
    x = blocks.scaled(design, raw)
    for number, width in enumerate(widths, start=1):
        x = layers.Conv2D(width, 3, name=f"conv{number}", **relu)(x)
        if number < len(widths):
            x = layers.MaxPooling2D(name=f"pool{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(64, name="dense", **relu)(x)
    if design.variant == "default":
        x = layers.Dropout(0.5, name="dropout")(x)
    if binary:
        probs = blocks.two_classes(x)
    else:
        probs = layers.Dense(design.classes, activation="softmax", name="probs")(x)
    return keras.Model(raw, probs, name=name)


NETWORK = Network(
    name="convnet",
    source="the documented course (N-way)",
    size=64,
    smallest=18,
    colour="gray",
    recorded="",
    # How it was compiled is not documented: these are the values of the course's other networks.
    documented=Plan(Schedule(10, 0, 20, 1e-3, "adam", "none", clip=0, keep="last")),
    default=Plan(Schedule(200, 20, 20, 1e-3), _LIGHT),
    changes=_CHANGES,
    construct=lambda design: _construct(design, (32, 64, 64), "convnet", binary=False),
)

BINARY = Network(
    name="convnet128",
    source="the documented course (binary)",
    size=128,
    smallest=38,
    colour="rgb",
    recorded="",
    # The number of epochs is not documented.
    documented=Plan(Schedule(10, 0, 20, 1e-4, "adam", "none", clip=0, keep="last")),
    default=Plan(Schedule(30, 6, 20, 5e-4), _LIGHT),
    changes=(*_CHANGES, "a rate of 5e-4 at first instead of 1e-4 throughout"),
    construct=lambda design: _construct(design, (32, 64, 64, 64), "convnet128", binary=True),
    binary=True,
)
