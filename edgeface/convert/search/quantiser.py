"""A network in int8 over and over, each time with other layers left in float.

What takes long, running the calibration pictures, is done once for all of them.
"""

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import onnx as onnx_package

from edgeface.bundle import Format
from edgeface.convert import onnx, tfliteint8
from edgeface.convert.network import INPUT, Network
from edgeface.convert.search.pairs import WEIGHTED
from edgeface.images import Pixels
from edgeface.train.explain.matching import names_in

_ONNX_WEIGHTED = ("Conv", "MatMul", "Gemm")
# Computed with the layer before: the parts of a batch norm that were not folded, bias, activation.
_ONNX_BEHIND = ("Add", "Mul", "Relu", "Clip", "LeakyRelu")


class Quantiser(Protocol):
    """A calibrated network."""

    format: Format

    @property
    def layers(self) -> tuple[str, ...]:
        """Those that may be left in float, in order: layers with weights, by name."""

    def int8(self, in_float: Collection[str] = ()) -> bytes:
        """The file with some layers left in float, not all of them."""

    def only(self, layer: str) -> bytes:
        """The file with all of the network in float but this layer."""


class TfliteQuantiser:
    """TFLite: operators are named to the converter by their output tensors.

    Args:
        network: What to quantise.
        calibration: (n, height, width, channels) uint8, black and white among them.
    """

    format: Format = "tflite"

    def __init__(self, network: Network, calibration: Pixels) -> None:
        self._calibrated = tfliteint8.Calibrated(network, calibration)
        operators = tfliteint8.operators(self._calibrated.int8())
        weighted = [name for kind, name in operators if kind in tfliteint8.WEIGHTED]
        self._nodes = _by_layer(weighted, network.model)
        self._all = [name for _, name in operators]

    @property
    def layers(self) -> tuple[str, ...]:
        """See `Quantiser`."""
        return tuple(self._nodes)

    def int8(self, in_float: Collection[str] = ()) -> bytes:
        """See `Quantiser`."""
        return self._calibrated.int8([n for layer in in_float for n in self._nodes[layer]])

    def only(self, layer: str) -> bytes:
        """See `Quantiser`."""
        return self._calibrated.int8([n for n in self._all if n not in self._nodes[layer]])


class OnnxQuantiser:
    """ONNX: nodes are excluded by name, each layer's with what belongs to it.

    Args:
        network: What to quantise.
        calibration: (n, height, width, channels) uint8, black and white among them.
        method: What of the calibration sets the ranges.
    """

    format: Format = "onnx"

    def __init__(
        self, network: Network, calibration: Pixels, method: onnx.Method = "minmax"
    ) -> None:
        self._folded = onnx.folded(onnx.to_float32(network))
        self._calibration, self._method = calibration, method
        graph = onnx_package.load_model_from_string(self._folded).graph
        self._all = [node.name for node in graph.node]
        begins = [node.name for node in graph.node if node.op_type in _ONNX_WEIGHTED]
        behind = _behind(graph)
        by_layer = _by_layer(begins, network.model)
        self._nodes = {
            layer: tuple(n for begin in names for n in (begin, *behind[begin]))
            for layer, names in by_layer.items()
        }
        self._ranges = b""

    @property
    def layers(self) -> tuple[str, ...]:
        """See `Quantiser`."""
        return tuple(self._nodes)

    def int8(self, in_float: Collection[str] = ()) -> bytes:
        """See `Quantiser`."""
        return self._quantised([n for layer in in_float for n in self._nodes[layer]])

    def only(self, layer: str) -> bytes:
        """See `Quantiser`."""
        return self._quantised([n for n in self._all if n not in self._nodes[layer]])

    def _quantised(self, in_float: Sequence[str]) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            ranges = Path(folder, "ranges.json")
            if self._ranges:
                ranges.write_bytes(self._ranges)
            content = onnx.quantised(
                self._folded,
                INPUT,
                self._calibration,
                onnx.HEAD,
                method=self._method,
                nodes_in_float=in_float,
                ranges=ranges,
            )
            self._ranges = ranges.read_bytes() if ranges.is_file() else b""
            return content


def _behind(graph: Any) -> dict[str, tuple[str, ...]]:
    """Node with weights → the nodes behind it that are computed with it."""
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    found = {}
    for node in graph.node:
        if node.op_type not in _ONNX_WEIGHTED:
            continue
        chain, at = [], node
        while True:
            after = readers.get(at.output[0], [])
            if len(after) != 1 or after[0].op_type not in _ONNX_BEHIND:
                break
            at = after[0]
            chain.append(at.name)
        found[node.name] = tuple(chain)
    return found


def _by_layer(nodes: Iterable[str], model: Any) -> dict[str, tuple[str, ...]]:
    """Layer with weights → the nodes that carry its name, or that of the batch norm behind it.

    A node that carries neither, as converters name what they made themselves, stands for itself.
    """
    owners = _owners(model)
    found: dict[str, list[str]] = {}
    for node in nodes:
        named = [owners[name] for name in names_in(node, list(owners))]
        found.setdefault(named[0] if named else node, []).append(node)
    return {layer: tuple(names) for layer, names in found.items()}


def _owners(model: Any) -> Mapping[str, str]:
    """Layer → the layer with weights that it is folded into; of those with weights, themselves."""
    owners: dict[str, str] = {}
    for layer in model.layers:
        kind, name = type(layer).__name__, str(layer.name)
        if kind in WEIGHTED:
            owners[name] = name
        elif kind == "BatchNormalization":
            before = str(layer.input._keras_history.operation.name)
            if before in owners:
                owners[name] = owners[before]
    return owners


def quantisers(
    format: Format, network: Network, calibration: Pixels, method: str = "minmax"
) -> Quantiser:
    """The quantiser of a format; TFLite has one calibration method alone."""
    if format == "tflite":
        return TfliteQuantiser(network, calibration)
    return OnnxQuantiser(network, calibration, method)  # type: ignore[arg-type]
