"""What the layers answered in calibration, beside what they answer to the pictures held back.

A value beyond what calibration saw is clipped by int8 to the end of its range. The float network is
asked, so it holds for both formats, as far as their ranges go from the least to the largest value.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import keras
import numpy as np
from numpy.typing import NDArray

from edgeface.calibration import LayerRange
from edgeface.convert.network import Network
from edgeface.images import Pixels

LISTED = 5  # layers, the worst first
MOST = 128  # of the pictures held back, evenly spread: shares of some millions of values
_BLOCK = 32
_COMPUTING = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.Dense,
    keras.layers.BatchNormalization,
    keras.layers.ReLU,
    keras.layers.Activation,
    keras.layers.Add,
)
# A converter joins these to what is before them: that tensor is in no file.
_JOINED = (keras.layers.BatchNormalization, keras.layers.ReLU, keras.layers.Activation)
_IN_FLOAT = ("softmax", "sigmoid")


def compare(network: Network, calibration: Pixels, held: Pixels) -> tuple[LayerRange, ...]:
    """The layers of which most is clipped, worst first; those that clip nothing are not among them.

    Args:
        network: The trained one.
        calibration: (n, height, width, channels) uint8, black and white among them.
        held: (m, height, width, channels) uint8: what the accuracy is reported on.
    """
    layers = _layers(network.model)
    if not layers or not len(held):
        return ()
    outputs = keras.Model(network.model.inputs[0], [layer.output for layer in layers])
    lows, highs = _ends(outputs, calibration)
    spread = np.linspace(0, len(held) - 1, min(MOST, len(held))).round().astype(int)
    held_lows, held_highs = np.full(len(layers), np.inf), np.full(len(layers), -np.inf)
    beyond, total = np.zeros(len(layers), np.int64), np.zeros(len(layers), np.int64)
    for answers in _answers(outputs, held[spread]):
        for i, values in enumerate(answers):
            held_lows[i] = min(held_lows[i], values.min())
            held_highs[i] = max(held_highs[i], values.max())
            beyond[i] += int(((values < lows[i]) | (values > highs[i])).sum())
            total[i] += values.size
    found = [
        LayerRange(
            layer.name,
            float(lows[i]),
            float(highs[i]),
            float(held_lows[i]),
            float(held_highs[i]),
            float(beyond[i] / total[i]),
        )
        for i, layer in enumerate(layers)
        if beyond[i]
    ]
    return tuple(sorted(found, key=lambda one: -one.clipped)[:LISTED])


def _layers(model: Any) -> list[Any]:
    """Layers whose output is a tensor of an int8 file."""
    after = [*model.layers[1:], None]
    return [
        layer
        for layer, following in zip(model.layers, after, strict=True)
        if isinstance(layer, _COMPUTING)
        and not isinstance(following, _JOINED)
        and getattr(getattr(layer, "activation", None), "__name__", "") not in _IN_FLOAT
    ]


def _ends(outputs: Any, pixels: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the largest value of every output."""
    lows: list[list[float]] = []
    highs: list[list[float]] = []
    for answers in _answers(outputs, pixels):
        lows.append([float(values.min()) for values in answers])
        highs.append([float(values.max()) for values in answers])
    return np.asarray(lows).min(axis=0), np.asarray(highs).max(axis=0)


def _answers(outputs: Any, pixels: Pixels) -> Iterator[Sequence[NDArray[np.float32]]]:
    for at in range(0, len(pixels), _BLOCK):
        with toolchain.quiet():
            found = outputs(pixels[at : at + _BLOCK].astype(np.float32), training=False)
        yield [np.asarray(value) for value in (found if isinstance(found, list) else [found])]
