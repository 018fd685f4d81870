"""Every layer of a Keras network: what it gives, what it has learned, what it costs.

Multiply-adds are those of convolutions and of dense layers, one for each weight and each place that
the weight is used at. As in the literature (Howard et al. 2017, arXiv:1704.04861, table 4), adding
the bias, activations, pooling, scaling and batch norm are not counted: together they are a few per
cent, and a converter folds most of them into the convolution before.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from edgeface.errors import UsageError

# Layers whose weights are used once for each number that goes through: a scale, an offset, a slope.
ELEMENTWISE = frozenset(
    {"BatchNormalization", "GroupNormalization", "LayerNormalization", "Normalization", "PReLU"}
)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes:
        name: As the network calls it.
        kind: Its class: ``Conv2D``.
        shape: Of its output, without the batch: (height, width, channels) or (units,).
        parameters: Numbers that it holds, those of batch norm's statistics among them.
        macs: Multiply-adds for one picture; None where it has weights and no formula is known here.
        inputs: Names of the layers that it takes its input from.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    macs: int | None
    inputs: tuple[str, ...] = ()

    @property
    def shape_text(self) -> str:
        """``57×57×4``, or ``784`` for a vector."""
        return "×".join(map(str, self.shape))


@dataclass(frozen=True, slots=True)
class Totals:
    """Of a whole network.

    Attributes:
        parameters: Of all layers.
        macs: Of all layers whose multiply-adds are known.
        uncounted: Names of the others.
    """

    parameters: int
    macs: int
    uncounted: tuple[str, ...]


def layers_of(model: Any) -> tuple[Layer, ...]:
    """The layers of a built network, in the order in which they are computed.

    Raises:
        UsageError: A layer is a network itself, or has no single output: it is not one of ours.
    """
    return tuple(_layer(layer) for layer in model.layers)


def totals(layers: Iterable[Layer]) -> Totals:
    """Parameters and multiply-adds of all layers together."""
    every = tuple(layers)
    return Totals(
        sum(layer.parameters for layer in every),
        sum(layer.macs or 0 for layer in every),
        tuple(layer.name for layer in every if layer.macs is None),
    )


def ancestors(layers: Sequence[Layer]) -> dict[str, frozenset[str]]:
    """For each layer the names of all layers that it depends on."""
    found: dict[str, frozenset[str]] = {}
    for layer in layers:
        found[layer.name] = frozenset(layer.inputs).union(*(found[name] for name in layer.inputs))
    return found


def _layer(layer: Any) -> Layer:
    name, kind = str(layer.name), type(layer).__name__
    if hasattr(layer, "layers") or isinstance(layer.output, list | tuple | dict):
        msg = f"layer {name} ({kind}) is a network itself, or has several outputs"
        raise UsageError(msg, remedy="flat networks can be explained, as edgeface train makes them")
    shape = tuple(int(n) for n in layer.output.shape[1:])
    return Layer(
        name, kind, shape, int(layer.count_params()), _macs(layer, kind, shape), _inputs(layer)
    )


def _inputs(layer: Any) -> tuple[str, ...]:
    taken = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
    names = [str(tensor._keras_history.operation.name) for tensor in taken]
    return tuple(name for name in names if name != layer.name)  # an input layer takes itself


def _macs(layer: Any, kind: str, shape: tuple[int, ...]) -> int | None:
    """See `Layer.macs`; a kernel's weights times the places of the output it is used at."""
    if not layer.weights or kind in ELEMENTWISE:
        return 0
    if kind in ("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "Dense"):
        # Of a grouped or depthwise convolution each weight belongs to one input channel alone, so
        # that its kernel is smaller and the formula the same.
        return math.prod(shape[:-1]) * _size(layer.kernel)
    if kind in ("SeparableConv1D", "SeparableConv2D"):
        weights = _size(layer.depthwise_kernel) + _size(layer.pointwise_kernel)
        return math.prod(shape[:-1]) * weights
    if kind in ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"):
        # There each weight is used once for each place of the input.
        return int(math.prod(layer.input.shape[1:-1])) * _size(layer.kernel)
    return None


def _size(kernel: Any) -> int:
    return int(math.prod(kernel.shape))
