"""What an ONNX file is made of, read without a runtime and without the package onnx.

Of ``onnx.proto``: ModelProto 2 (producer), 3 (its version), 7 (graph), 14 (metadata_props);
StringStringEntryProto 1 (key), 2 (value); GraphProto 1 (node), 5 (initializer), 11 (input), 12
(output); NodeProto 1 (input), 2 (output), 4 (operator); TensorProto 1 (dims), 2 (type), 4 (floats),
5 (whole numbers), 8 (name), 9 (bytes); ValueInfoProto 1 (name), 2 (type); TypeProto 1 (tensor) with
1 (type of its elements), 2 (shape); TensorShapeProto 1 (dimension) with 1 (its value).
"""

import math
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from edgeface.bundle import Tensor
from edgeface.errors import BackendError
from edgeface.runtime.graph import Graph, Head, by_count
from edgeface.runtime.protobuf import Broken, Messages, run, text

MOST_ENTRY = 1 << 20  # bytes of one entry of metadata_props
_TYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64"}
_TYPES |= {9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16"}
_FORMS = {"uint8": "<B", "int8": "<b", "uint16": "<H", "int16": "<h"}
_LAYERS = frozenset(("Conv", "Gemm", "MatMul", "ConvTranspose", "QLinearConv", "QLinearMatMul"))
_ENDS = ("QuantizeLinear", "DequantizeLinear")
_SAME = frozenset(("Reshape", "Squeeze", "Flatten", "Cast", "Identity", "Unsqueeze", *_ENDS))
_HEADS: Mapping[str, Head] = {"Softmax": "softmax", "Sigmoid": "sigmoid", "Add": "linear"}
_LONGEST_WALK = 64


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Stored:
    """An initializer: its type, how many elements, and its one element where it is a scalar."""

    dtype: str
    count: int
    one: float | None


def read_graph(content: bytes, where: str) -> Graph:
    """The graph of an ONNX file.

    Args:
        content: The whole file.
        where: The file, for the error.

    Raises:
        BackendError: It is no ONNX file, or a broken one.
    """
    try:
        return _Reader(Messages(content)).graph()
    except (Broken, struct.error) as error:
        msg = f"{where}: no ONNX file, or one that is cut or broken"
        raise BackendError(msg, remedy="copy it again from where it was made") from error


class _Reader:
    def __init__(self, file: Messages) -> None:
        self._file = file
        self._producer: dict[int, str] = {}
        self._entries: dict[str, str] = {}
        self._nodes: list[_Node] = []
        self._stored: dict[str, _Stored] = {}
        self._inputs: list[Tensor] = []
        self._outputs: list[Tensor] = []
        graphs = 0
        for number, value in file.fields(file.whole):
            if number in (2, 3):
                self._producer[number] = text(value, 100)
            elif number == 14:
                self._entry(run(value))
            elif number == 7:
                graphs += 1
                self._graph(run(value))
        if graphs != 1 or not self._nodes:
            raise Broken

    def graph(self) -> Graph:
        made_by = {name: node for node in self._nodes for name in node.outputs}
        taken_by = {name: node for node in reversed(self._nodes) for name in node.inputs}
        inputs = [port for port in self._inputs if port.name not in self._stored]
        return Graph(
            inputs=tuple(self._quantised(p, taken_by.get(p.name)) for p in inputs),
            outputs=tuple(self._quantised(p, made_by.get(p.name)) for p in self._outputs),
            operators=by_count([node.kind for node in self._nodes]),
            scheme=self._scheme(),
            heads=tuple(_head(port.name, made_by) for port in self._outputs),
            producer=" ".join(self._producer.values()),
            entries=self._entries,
        )

    def _entry(self, message: memoryview) -> None:
        found = dict(self._file.fields(message))
        key = text(found.get(1, memoryview(b"")))
        value = run(found.get(2, memoryview(b"")))
        if key in self._entries or len(value) > MOST_ENTRY:
            raise Broken
        self._entries[key] = text(value, MOST_ENTRY)

    def _graph(self, message: memoryview) -> None:
        for number, value in self._file.fields(message):
            if number == 1:
                self._nodes.append(self._node(run(value)))
            elif number == 5:
                name, stored = self._tensor(run(value))
                self._stored[name] = stored
            elif number in (11, 12):
                (self._inputs if number == 11 else self._outputs).append(self._port(run(value)))

    def _node(self, message: memoryview) -> _Node:
        inputs, outputs, kind = [], [], ""
        for number, value in self._file.fields(message):
            if number == 1:
                inputs.append(text(value))
            elif number == 2:
                outputs.append(text(value))
            elif number == 4:
                kind = text(value, 60)
        return _Node(kind if kind.isprintable() else "?", tuple(inputs), tuple(outputs))

    def _tensor(self, message: memoryview) -> tuple[str, _Stored]:
        dims: list[int] = []
        kind, name, one = 0, "", None
        raw: memoryview | None = None
        for number, value in self._file.fields(message):
            if number == 1:
                dims += self._file.whole_numbers(value)
            elif number == 2:
                kind = value if isinstance(value, int) else 0
            elif number == 4 and not isinstance(value, int) and len(value) == 4:
                one = float(struct.unpack("<f", value)[0])
            elif number == 5 and (isinstance(value, int) or len(value) <= 10):
                one = float(self._file.whole_numbers(value)[0]) if value else None
            elif number == 8:
                name = text(value)
            elif number == 9:
                raw = run(value)
        dtype = _TYPES.get(kind, f"type {kind}")
        if min(dims, default=1) < 0 or len(dims) > 16:
            raise Broken
        count = math.prod(dims)
        if raw is not None and count == 1:
            form = "<f" if dtype == "float32" else _FORMS.get(dtype)
            one = float(struct.unpack(form, raw)[0]) if form else None
        return name, _Stored(dtype, count, one if count == 1 else None)

    def _port(self, message: memoryview) -> Tensor:
        name, dtype, shape = "", "?", []
        for number, value in self._file.fields(message):
            if number == 1:
                name = text(value, 200)
            elif number == 2:
                for kind, tensor in self._file.fields(run(value)):
                    if kind != 1:
                        continue
                    for field, inner in self._file.fields(run(tensor)):
                        if field == 1 and isinstance(inner, int):
                            dtype = _TYPES.get(inner, f"type {inner}")
                        elif field == 2:
                            shape = [
                                self._dimension(run(d))
                                for n, d in self._file.fields(run(inner))
                                if n == 1
                            ]
        return Tensor(name, dtype, tuple(shape))

    def _dimension(self, message: memoryview) -> int:
        for number, value in self._file.fields(message):
            if number == 1 and isinstance(value, int):
                return value if 0 < value < 2**31 else -1
        return -1

    def _quantised(self, port: Tensor, node: _Node | None) -> Tensor:
        """The port with the scale that the node beside it gives its integers."""
        if port.dtype not in _FORMS or node is None or node.kind not in _ENDS:
            return port
        scale = self._one(node.inputs[1:2])
        zero = self._one(node.inputs[2:3])
        if scale is None or not (math.isfinite(scale) and scale > 0):
            return port
        return Tensor(port.name, port.dtype, port.shape, scale, int(zero or 0))

    def _one(self, names: tuple[str, ...]) -> float | None:
        stored = self._stored.get(names[0]) if names else None
        return None if stored is None else stored.one

    def _scheme(self) -> str | None:
        sizes: Counter[str] = Counter()
        for stored in self._stored.values():
            sizes[stored.dtype] += stored.count
        for dtype in ("int64", "int32", "bool"):  # shapes and biases
            del sizes[dtype]
        if not sizes:
            return None
        kinds = {node.kind for node in self._nodes}
        most = sizes.most_common(1)[0][0]
        if kinds & {"DynamicQuantizeLinear", "ConvInteger", "MatMulInteger"}:
            return "dynamic"
        if most in ("int8", "uint8"):
            flows = any(k == "QuantizeLinear" or k.startswith("QLinear") for k in kinds)
            return "int8" if flows else None
        return most if most in ("float32", "float16") else None


def _head(output: str, made_by: Mapping[str, _Node]) -> Head | None:
    for _ in range(_LONGEST_WALK):
        node = made_by.get(output)
        if node is None or not node.inputs:
            return None
        if node.kind not in _SAME:
            return "linear" if node.kind in _LAYERS else _HEADS.get(node.kind)
        output = node.inputs[0]
    return None
