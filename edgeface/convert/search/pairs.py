"""Which layers of a Keras network may be scaled against each other, and scaling them.

Where nothing but positively homogeneous operations lie between two layers, f(s x) = s f(x) for
s > 0, a channel of the first may be divided by any positive number and the weights that read it
in the second multiplied by it (Nagel et al. 2019, arXiv:1906.04721, section 4.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHTED = ("Conv2D", "DepthwiseConv2D", "Dense")
# Whose output scales with its input, channel by channel.
_HOMOGENEOUS = (
    "ActivityRegularization",
    "AveragePooling2D",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "Identity",
    "LeakyReLU",
    "MaxPooling2D",
    "SpatialDropout2D",
    "ZeroPadding2D",
)
_HOMOGENEOUS_FUNCTIONS = ("linear", "relu", "leaky_relu")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two layers with weights and nothing between them that minds a scale.

    Attributes:
        first: Name of the layer whose output channels may be scaled.
        norm: Name of the batch norm right behind it; empty where there is none.
        range_of: Name of the layer whose output is what a file quantises of the first one: its own,
            or that of the batch norm or activation behind it.
        second: Name of the layer that reads these channels.
    """

    first: str
    norm: str
    range_of: str
    second: str


@dataclass(frozen=True, slots=True)
class Apart:
    """A layer with weights that stands in no pair as the first one.

    Attributes:
        layer: Its name.
        reason: Why not.
    """

    layer: str
    reason: str


def pairs_of(model: Any) -> tuple[tuple[Pair, ...], tuple[Apart, ...]]:
    """Every pair of a network, in order, and the layers with weights that begin none.

    Args:
        model: A functional Keras network.
    """
    readers = _readers(model)
    found: list[Pair] = []
    apart: list[Apart] = []
    for layer in model.layers:
        if _kind(layer) not in WEIGHTED:
            continue
        one = _follow(layer, readers)
        if isinstance(one, Pair):
            found.append(one)
        else:
            apart.append(Apart(str(layer.name), one))
    return tuple(found), tuple(apart)


def _readers(model: Any) -> dict[str, list[Any]]:
    """Layer → the layers that take its output."""
    readers: dict[str, list[Any]] = {str(layer.name): [] for layer in model.layers}
    for layer in model.layers:
        taken = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
        for tensor in taken:
            name = str(tensor._keras_history.operation.name)
            if name != layer.name and name in readers:
                readers[name].append(layer)
    return readers


def _follow(first: Any, readers: Mapping[str, list[Any]]) -> Pair | str:
    """The pair that a layer begins, or why it begins none."""
    why = _not_scalable(first)
    if why:
        return why
    norm, range_of, at = "", str(first.name), first
    bare = _function(first) == "linear"  # nothing but the sum so far: a batch norm may be folded
    while True:
        after = readers[str(at.name)]
        if len(after) != 1:
            return "nothing follows it" if not after else "several layers read it"
        at = after[0]
        name, kind = str(at.name), _kind(at)
        if kind in WEIGHTED:
            return Pair(str(first.name), norm, range_of, name) if _reads(at) else _grouped(at)
        if kind == "BatchNormalization" and bare and not norm:
            if not at.center or not at.scale:
                return f"{name} has no scale or no offset of its own"
            norm = range_of = name
        elif kind in ("ReLU", "Activation", "LeakyReLU") and _homogeneous(at):
            range_of = name if range_of in (norm, first.name) else range_of
            bare = False
        elif kind in _HOMOGENEOUS:
            bare = False
        else:
            return f"{name} ({kind}) does not scale with its input"


def _not_scalable(first: Any) -> str:
    if getattr(first, "groups", 1) != 1:
        return _grouped(first)
    function = _function(first)
    if function not in _HOMOGENEOUS_FUNCTIONS:
        return f"its {function} does not scale with its input"
    return ""


def _grouped(layer: Any) -> str:
    return f"{layer.name} is a grouped convolution"


def _reads(second: Any) -> bool:
    return bool(getattr(second, "groups", 1) == 1)


def _function(layer: Any) -> str:
    return str(getattr(layer.activation, "__name__", "unknown"))


def _homogeneous(layer: Any) -> bool:
    if _kind(layer) == "ReLU":
        return layer.max_value is None and not layer.threshold
    return _kind(layer) == "LeakyReLU" or _function(layer) in _HOMOGENEOUS_FUNCTIONS


def _kind(layer: Any) -> str:
    return type(layer).__name__


def scale(model: Any, pair: Pair, by: NDArray[np.float32]) -> None:
    """Divide the channels of the first layer, and multiply the weights that read them.

    Args:
        model: Whose weights are changed.
        pair: Of it.
        by: (channels,) positive; powers of two change no bit of what the network answers.
    """
    first, second = model.get_layer(pair.first), model.get_layer(pair.second)
    if pair.norm:
        norm = model.get_layer(pair.norm)
        norm.gamma.assign(norm.gamma.numpy() / by)
        norm.beta.assign(norm.beta.numpy() / by)
    else:
        kernel = first.kernel.numpy()
        # A depthwise kernel is (h, w, channels, multiplier), and its output is in that order too.
        by_kernel = by.reshape(kernel.shape[2:]) if _kind(first) == "DepthwiseConv2D" else by
        first.kernel.assign(kernel / by_kernel)
        if first.bias is not None:
            first.bias.assign(first.bias.numpy() / by)
    kernel = second.kernel.numpy()
    second.kernel.assign((_by_channel(kernel, len(by)) * by[:, None]).reshape(kernel.shape))


def incoming(second: Any, channels: int) -> NDArray[np.float32]:
    """The weights of a layer by the channel that they read.

    Args:
        second: A layer with a kernel.
        channels: How many the layer before gives; one of them is read in several places where a
            picture was flattened on the way.

    Returns:
        (places, channels, outputs).
    """
    return _by_channel(second.kernel.numpy(), channels)


def _by_channel(kernel: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    # (h, w, in, out), (h, w, in, multiplier) or (in, out): the last axis but one is what is read,
    # and a flattened picture counts its channels fastest.
    return kernel.reshape(-1, channels, kernel.shape[-1])
