"""What a TFLite file is made of, read without a runtime and without believing its offsets.

Of ``schema.fbs``: Model 1 (operator codes), 2 (subgraphs), 3 (description), 4 (buffers), 7
(signatures); Buffer 0 (data); SubGraph 0 (tensors), 1 (inputs), 2 (outputs), 3 (operators); Tensor
0 (shape), 1 (type), 3 (name), 4 (quantisation), 7 (shape with free dimensions);
QuantizationParameters 2 (scale), 3 (zero point);
OperatorCode 0 (old code), 1 (custom code), 3 (code); Operator 0 (code), 1 (inputs), 2 (outputs);
SignatureDef 0 (inputs), 1 (outputs); TensorMap 0 (name), 1 (tensor).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from edgeface.bundle import Tensor
from edgeface.errors import BackendError
from edgeface.runtime.flatbuffer import BROKEN, FlatBuffer
from edgeface.runtime.graph import PROBS, Graph, Head, by_count, common_scheme
from edgeface.runtime.metadata import broken, check_kind
from edgeface.runtime.tflitenames import OPERATORS, TYPES

_LAYERS = frozenset(
    ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "BATCH_MATMUL", "CONV_3D")
)
_SAME = frozenset(("RESHAPE", "SQUEEZE", "DEQUANTIZE", "QUANTIZE", "CAST", "EXPAND_DIMS"))
_HEADS: Mapping[str, Head] = {"SOFTMAX": "softmax", "LOGISTIC": "sigmoid", "ADD": "linear"}
_SCHEMES = {
    ("float32", "float32"): "float32",
    ("float16", "float16"): "float16",
    ("float32", "float16"): "float16",
    ("float32", "int8"): "dynamic",
    ("float32", "uint8"): "dynamic",
    ("float32", "int4"): "dynamic",
    ("int8", "int8"): "int8",
    ("int8", "int4"): "int8",
    ("uint8", "uint8"): "uint8",
    ("int16", "int8"): "int16x8",
}
_LONGEST_WALK = 64


@dataclass(frozen=True, slots=True)
class _Operator:
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graph(content: bytes, where: str) -> Graph:
    """The graph of a TFLite file.

    Args:
        content: The whole file.
        where: The file, for the error.

    Raises:
        BackendError: It is no TFLite file, or a broken one.
    """
    check_kind(content, where)
    try:
        return _Reader(FlatBuffer(content), where).graph()
    except BROKEN as error:
        raise broken(where) from error


def check_whole(content: bytes, where: str) -> None:
    """Refuse a file whose tables or weights lead out of it, before a runtime believes them.

    Args:
        content: The whole file.
        where: The file, for the error.

    Raises:
        BackendError: It is no TFLite file, or a broken one.
    """
    read_graph(content, where)
    file = FlatBuffer(content)
    try:
        for buffer in file.tables(file.follow(0), 4):
            weights = file.field(buffer, 0)
            if weights is None:
                continue
            end = file.follow(weights) + 4 + file.length(buffer, 0)
            if end > len(content):
                raise IndexError(end)
    except BROKEN as error:
        raise broken(where) from error


class _Reader:
    def __init__(self, file: FlatBuffer, where: str) -> None:
        self._file, self._where = file, where
        self._model = file.follow(0)
        subgraphs = file.tables(self._model, 2)
        if not subgraphs:
            raise IndexError(0)
        self._graph = subgraphs[0]
        self._tensors = file.tables(self._graph, 0)
        self._operators = self._all_operators()
        self._names = self._signature_names()
        self._made_by = {t: op for op in self._operators for t in op.outputs}

    def graph(self) -> Graph:
        inputs, outputs = (self._file.numbers(self._graph, n) for n in (1, 2))
        return Graph(
            inputs=tuple(self._port(t) for t in inputs),
            outputs=tuple(self._port(t) for t in outputs),
            operators=by_count([op.kind for op in self._operators]),
            scheme=common_scheme(self._layer_schemes()),
            heads=tuple(self._head(t) for t in outputs),
            producer=self._file.text(self._model, 3)[:100],
            entries={},
            logit_step=self._logit_step(outputs),
            kinds=frozenset(self._dtype(number) for number in range(len(self._tensors))),
        )

    def _all_operators(self) -> list[_Operator]:
        file = self._file
        kinds = [self._kind(code) for code in file.tables(self._model, 1)]
        return [
            _Operator(kinds[file.value(op, 0)], file.numbers(op, 1), file.numbers(op, 2))
            for op in file.tables(self._graph, 3)
        ]

    def _signature_names(self) -> dict[int, str]:
        """Tensor → its name in the first signature: converters rename the tensors themselves."""
        file = self._file
        names: dict[int, str] = {}
        for signature in file.tables(self._model, 7)[:1]:
            for end in (*file.tables(signature, 0), *file.tables(signature, 1)):
                names[file.value(end, 1)] = file.text(end, 0)
        return names

    def _kind(self, code: int) -> str:
        file = self._file
        # Codes above 127 do not fit the old field, which then holds a lower one.
        number = max(file.value(code, 0, "<b"), file.value(code, 3, "<i"))
        if number < 0:
            raise IndexError(number)
        kind = OPERATORS[number] if number < len(OPERATORS) else f"operator {number}"
        custom = file.text(code, 1)[:60] if kind == "CUSTOM" else ""
        return f"CUSTOM {custom}" if custom.isprintable() and custom else kind

    def _tensor(self, number: int) -> int:
        if number < 0:  # -1 is an input that is left out
            raise IndexError(number)
        return self._tensors[number]

    def _dtype(self, number: int) -> str:
        kind = self._file.value(self._tensor(number), 1, "<b")
        return TYPES[kind] if 0 <= kind < len(TYPES) else f"type {kind}"

    def _port(self, number: int) -> Tensor:
        file, tensor = self._file, self._tensor(number)
        shape = file.numbers(tensor, 7) or file.numbers(tensor, 0)
        scale, zero = self._quantisation(tensor)
        name = self._names.get(number) or file.text(tensor, 3)
        return Tensor(name[:200], self._dtype(number), shape, scale, zero)

    def _quantisation(self, tensor: int) -> tuple[float, int]:
        file = self._file
        table = file.table(tensor, 4)
        if table is None:
            return 0.0, 0
        scales, zeros = file.floats(table, 2), file.numbers(table, 3, "<q")
        if len(scales) != 1:
            return 0.0, 0
        scale, zero = scales[0], zeros[0] if zeros else 0
        if not (math.isfinite(scale) and scale >= 0 and abs(zero) < 2**31):
            msg = f"{self._where}: a tensor with the scale {scale:g} and the zero point {zero}"
            raise BackendError(msg, remedy="convert the model again")
        return scale, zero

    def _layer_schemes(self) -> list[str | None]:
        layers = [op for op in self._operators if op.kind in _LAYERS]
        return [_SCHEMES.get(self._layer_types(op)) for op in layers]

    def _layer_types(self, op: _Operator) -> tuple[str, str]:
        """Types of what flows through a layer, and of its weights as they are stored."""
        if len(op.inputs) < 2:
            raise IndexError(len(op.inputs))
        flows = op.inputs[2] if op.kind == "TRANSPOSE_CONV" and len(op.inputs) > 2 else op.inputs[0]
        weights, kinds = op.inputs[1], ("DEQUANTIZE", "DENSIFY")
        for _ in range(_LONGEST_WALK):
            before = self._made_by.get(weights)
            if before is None or before.kind not in kinds or not before.inputs:
                break
            weights = before.inputs[0]
        return self._dtype(flows), self._dtype(weights)

    def _head(self, output: int) -> Head | None:
        for _ in range(_LONGEST_WALK):
            op = self._made_by.get(output)
            if op is None or not op.inputs:
                return None
            if op.kind not in _SAME:
                return "linear" if op.kind in _LAYERS else _HEADS.get(op.kind)
            output = op.inputs[0]
        return None

    def _logit_step(self, outputs: tuple[int, ...]) -> float:
        """Of what is dequantised for the head of the probabilities."""
        output = next((t for t in outputs if self._names.get(t) == PROBS), (*outputs, -1)[0])
        for _ in range(_LONGEST_WALK):
            op = self._made_by.get(output)
            if op is None or not op.inputs or op.kind not in (*_HEADS, "DEQUANTIZE", "RESHAPE"):
                return 0.0
            if op.kind == "DEQUANTIZE":
                return self._quantisation(self._tensor(op.inputs[0]))[0]
            output = op.inputs[0]
        return 0.0
