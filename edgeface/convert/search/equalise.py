"""Cross-layer equalisation: channels that share the steps of int8 are brought to like ranges.

A tensor of activations has one range in int8. Where one of its channels reaches 1000 and another
0.1, the small one is always 0. Two layers may share out a scale between them (see `pairs`), so the
ranges can be evened out without changing the network (Nagel et al. 2019, arXiv:1906.04721).

Two things are other than in the paper. Its ranges are those of weights, which it quantises a tensor
at a time; here weights are quantised a channel at a time, and what is evened out is what the
channels were measured to reach on the calibration pictures against how strongly they are read. And
factors are rounded to powers of two: floating point multiplies by those without rounding, so that
the equalised network answers the same to the last bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import keras
import numpy as np
from numpy.typing import NDArray

from edgeface.convert.search.pairs import WEIGHTED, Apart, Pair, incoming, pairs_of, scale
from edgeface.images import Pixels

# Beyond 2^24 a weight would leave what float32, and still more float16, holds with full digits.
_MOST = 24
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Equalised:
    """A network whose channels were evened out.

    Attributes:
        model: A copy; what it answers is the same to the last bit.
        pairs: The pairs that were scaled.
        apart: The layers with weights that begin none, and why.
        widest: The largest ratio of two channels of one tensor before, and after.
    """

    model: Any
    pairs: tuple[Pair, ...]
    apart: tuple[Apart, ...]
    widest: tuple[float, float]


def copied(model: Any) -> Any:
    """A network of the same layers, names and weights, whose weights may be changed."""
    with toolchain.quiet():
        twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    return twin


def equalise(model: Any, pixels: Pixels, *, but_last: bool = False) -> Equalised:
    """Even out the channels of every pair of a copy of a network.

    Args:
        model: A functional Keras network, from raw pixels.
        pixels: (n, height, width, channels) uint8: calibration pictures.
        but_last: Leave what the last layer reads as it is.
    """
    pairs, apart = pairs_of(model)
    if but_last:
        last = next(la.name for la in reversed(model.layers) if type(la).__name__ in WEIGHTED)
        pairs = tuple(pair for pair in pairs if pair.second != last)
    twin = copied(model)
    reached = channel_ranges(model, [pair.range_of for pair in pairs], pixels)
    before, after, done = [1.0], [1.0], []
    for pair, high in zip(pairs, reached, strict=True):
        factors = _factors(high, twin.get_layer(pair.second))
        before.append(_spread(high))
        after.append(_spread(high / factors))
        if (factors != 1).any():
            scale(twin, pair, factors)
            done.append(pair)
    return Equalised(twin, tuple(done), apart, (max(before), max(after)))


def channel_ranges(
    model: Any, layers: Sequence[str], pixels: Pixels
) -> tuple[NDArray[np.float32], ...]:
    """What every channel of some layers reaches, at most, either side of zero.

    Args:
        model: The network.
        layers: Names.
        pixels: (n, height, width, channels) uint8.

    Returns:
        For every layer (channels,).
    """
    if not layers:
        return ()
    probe = keras.Model(model.inputs[0], [model.get_layer(name).output for name in layers])
    reached = [np.zeros(1, np.float32) for _ in layers]
    for start in range(0, len(pixels), _BATCH):
        batch = pixels[start : start + _BATCH].astype(np.float32)
        values = probe(batch, training=False)
        each = values if isinstance(values, list | tuple) else [values]
        highs = [_highest(value.numpy()) for value in each]
        reached = [np.maximum(a, b) for a, b in zip(reached, highs, strict=True)]
    return tuple(reached)


def _highest(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.abs(values).reshape(-1, values.shape[-1]).max(axis=0), np.float32)


def _factors(high: NDArray[np.float32], second: Any) -> NDArray[np.float32]:
    """By how much to divide each channel: powers of two; 1 for one that is dead, or not read."""
    size = np.abs(incoming(second, len(high)).astype(np.float64))
    alive = (high > 0) & (size.max(axis=(0, 2)) > 0)
    if not alive.any():
        return np.ones(len(high), np.float32)
    wanted = np.zeros(len(high))
    wanted[alive] = np.log2(high[alive])
    if type(second).__name__ != "DepthwiseConv2D":
        wanted[alive] = (wanted[alive] - np.log2(_read(size)[alive])) / 2
    wanted[alive] -= wanted[alive].mean()
    return np.asarray(np.exp2(np.clip(np.rint(wanted), -_MOST, _MOST)), np.float32)


def _read(size: NDArray[np.float64]) -> NDArray[np.float64]:
    """How strongly each channel is read, beside the one that is read most: (channels,), 0 to 1.

    Every output of a layer has a scale of its own, so what counts of a weight is its share of the
    largest weight of the same output. Of a depthwise kernel each output reads one channel alone:
    there a factor costs nothing, and all of it goes to the activations.

    Args:
        size: (places, channels, outputs) of the weights.
    """
    most = size.max(axis=(0, 1))
    return np.asarray((size / np.where(most > 0, most, 1)).max(axis=(0, 2)))


def _spread(high: NDArray[np.float32]) -> float:
    """The widest channel against the narrowest living one."""
    alive = high[high > 0]
    return float(alive.max() / alive.min()) if len(alive) else 1.0
