"""A TFLite file taken apart, to put operators in float before and behind what was quantised.

The quantiser of int16x8 knows neither raw pixels nor a head that stays in float; what it makes
begins and ends in float32, so that both can be put around it.
"""

from typing import Any, Literal

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema

from edgeface.convert.tflitepack import packed
from edgeface.errors import ConversionError

_HEAD = (schema.BuiltinOperator.SOFTMAX, schema.BuiltinOperator.LOGISTIC)
_OPTIONS = {
    "ADD": (schema.BuiltinOptions.AddOptions, schema.AddOptionsT),
    "MUL": (schema.BuiltinOptions.MulOptions, schema.MulOptionsT),
}


class Edited:
    """A file of one input, float32 to begin with.

    Args:
        content: The file.
    """

    def __init__(self, content: bytes) -> None:
        self._size = len(content)
        self._model = schema.ModelT.InitFromPackedBuf(content, 0)
        self._graph = self._model.subgraphs[0]

    def before(self, kind: Literal["ADD", "MUL"], constant: NDArray[np.float32]) -> None:
        """Let the input go through an operator with a constant first."""
        old = int(self._graph.inputs[0])
        new = self._like(old, schema.TensorType.FLOAT32, f"{kind.lower()}_in")
        self._graph.operators.insert(0, self._operator(kind, [new, self._kept(constant)], old))
        self._begin_with(new)

    def from_uint8(self) -> None:
        """Let the input be uint8."""
        old = int(self._graph.inputs[0])
        new = self._like(old, schema.TensorType.UINT8, "raw")
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(schema.BuiltinOperator.CAST)
        operator.inputs, operator.outputs = [new], [old]
        self._graph.operators.insert(0, operator)
        self._begin_with(new)

    def behind(self, kind: Literal["ADD", "MUL"], constant: NDArray[np.float32]) -> None:
        """Let the output, where there is one, go through an operator with a constant."""
        old = int(self._graph.outputs[0])
        new = self._like(old, schema.TensorType.FLOAT32, f"{kind.lower()}_out")
        self._graph.operators.append(self._operator(kind, [old, self._kept(constant)], new))
        self._graph.outputs = [new]
        for signature in self._model.signatureDefs or ():
            signature.outputs[0].tensorIndex = new

    def head_to_float(self) -> None:
        """Compute the softmax or sigmoid at the end in float: behind the DEQUANTIZE, not before it.

        Raises:
            ConversionError: The file does not end in one.
        """
        found = [
            (head, last)
            for head in self._graph.operators
            for last in self._graph.operators
            if self._kind(head) in _HEAD
            and self._kind(last) == schema.BuiltinOperator.DEQUANTIZE
            and last.inputs[0] == head.outputs[0]
        ]
        if len(found) != 1:
            msg = "the quantised network does not end in one softmax or sigmoid"
            raise ConversionError(msg, remedy="end it in one: probabilities are what files answer")
        head, last = found[0]
        logits, between, end = int(head.inputs[0]), int(head.outputs[0]), int(last.outputs[0])
        tensor = self._graph.tensors[between]
        tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
        last.inputs, last.outputs = [logits], [between]
        head.inputs, head.outputs = [between], [end]
        others = [one for one in self._graph.operators if one is not head and one is not last]
        self._graph.operators = [*others, last, head]

    def packed(self) -> bytes:
        """The file."""
        return packed(self._model, self._size)

    def _begin_with(self, tensor: int) -> None:
        self._graph.inputs = [tensor]
        for signature in self._model.signatureDefs or ():
            signature.inputs[0].tensorIndex = tensor

    def _like(self, tensor: int, kind: int, name: str) -> int:
        old, new = self._graph.tensors[tensor], schema.TensorT()
        new.shape, new.shapeSignature, new.hasRank = old.shape, old.shapeSignature, True
        new.type, new.name = kind, name.encode()
        self._graph.tensors.append(new)
        return len(self._graph.tensors) - 1

    def _kept(self, constant: NDArray[np.float32]) -> int:
        buffer, tensor = schema.BufferT(), schema.TensorT()
        buffer.data = np.frombuffer(constant.astype("<f4").tobytes(), np.uint8)
        tensor.shape, tensor.type, tensor.hasRank = constant.shape, schema.TensorType.FLOAT32, True
        tensor.name, tensor.buffer = b"constant", len(self._model.buffers)
        self._model.buffers.append(buffer)
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _operator(self, kind: Literal["ADD", "MUL"], inputs: list[int], output: int) -> Any:
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(getattr(schema.BuiltinOperator, kind))
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptionsType, options = _OPTIONS[kind]
        operator.builtinOptions = options()
        return operator

    def _kind(self, operator: Any) -> int:
        code = self._model.operatorCodes[operator.opcodeIndex]
        return int(max(code.builtinCode, code.deprecatedBuiltinCode))

    def _code(self, kind: int) -> int:
        """The place of an operator in the file's list of them."""
        for place, code in enumerate(self._model.operatorCodes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == kind:
                return place
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = 1
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1
