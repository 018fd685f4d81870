"""What several networks share: scaling, start weights, the sigmoid unit of two classes."""

from typing import TYPE_CHECKING, Any

from edgeface.train.networks.kind import Design

if TYPE_CHECKING:
    import keras

HE = "he_normal"  # for ReLU (He et al. 2015, arXiv:1502.01852)
GLOROT = "glorot_uniform"  # Keras' own (Glorot & Bengio 2010, AISTATS)


def start(design: Design) -> str:
    """The initialiser of layers with ReLU: as documented, Keras' own; by default that for ReLU."""
    return GLOROT if design.variant == "documented" else HE


def pixels(design: Design) -> "keras.KerasTensor":
    """The input: raw pixels 0 to 255."""
    import keras

    return keras.Input((design.height, design.width, design.channels), name="pixels")


def scaled(design: Design, raw: "keras.KerasTensor") -> Any:
    """Pixels 0 to 1, as documented, or by default -1 to 1.

    Around zero the first layer learns from the first step on, and in int8 the scale 1/128 with zero
    point 128 is exact.
    """
    import keras

    if design.variant == "documented":
        return keras.layers.Rescaling(1 / 255, name="scaling")(raw)
    return keras.layers.Rescaling(1 / 128, offset=-1, name="scaling")(raw)


def two_classes(features: Any) -> Any:
    """One sigmoid unit p for the second class, and both probabilities (1 - p, p) made of it."""
    import keras

    unit = keras.layers.Dense(1, activation="sigmoid", name="unit")(features)
    complement = keras.layers.Rescaling(-1, offset=1, name="complement")(unit)
    return keras.layers.Concatenate(name="probs")([complement, unit])
