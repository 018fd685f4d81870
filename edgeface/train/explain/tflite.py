"""The tensors of a TFLite file, read from LiteRT with all of them kept."""

import warnings
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import numpy as np
from numpy.typing import NDArray

from edgeface.images import Pixels
from edgeface.train.explain.files import Stored, dequantised


def stored(content: bytes, crop: Pixels) -> tuple[tuple[Stored, ...], list[NDArray[np.float32]]]:
    """Run a file and give every tensor that its operators computed.

    Args:
        content: The file.
        crop: (height, width, channels) uint8, of the shape that the file takes.

    Returns:
        The tensors, and the answer of the one run that they were read in.
    """
    from ai_edge_litert.interpreter import Interpreter
    from tensorflow.lite.python import schema_py_generated as schema

    with toolchain.quiet(), warnings.catch_warnings():
        # That keeping all tensors costs memory.
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors.*")
        interpreter = Interpreter(
            model_content=content, experimental_preserve_all_tensors=True, num_threads=1
        )
        interpreter.allocate_tensors()
        begin = interpreter.get_input_details()[0]
        given = (crop ^ np.uint8(128)).view(np.int8) if begin["dtype"] == np.int8 else crop
        interpreter.set_tensor(begin["index"], given[None])
        interpreter.invoke()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    operators = {value: name for name, value in vars(schema.BuiltinOperator).items()}
    found: list[Stored] = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        # Files of before 2020 have their operators in the narrower field.
        kind = operators.get(max(code.builtinCode, code.deprecatedBuiltinCode), "CUSTOM")
        for index in operator.outputs:
            found.append(_one(interpreter, graph, int(index), str(kind), len(found)))
    end = interpreter.get_output_details()[0]
    answer = interpreter.get_tensor(end["index"])
    if end["dtype"] == np.int8:
        scale, zero = end["quantization"]
        answer = (answer.astype(np.float32) - np.float32(zero)) * np.float32(scale)
    return tuple(found), [np.asarray(answer[0])]


def _one(interpreter: Any, graph: Any, index: int, operator: str, place: int) -> Stored:
    tensor = graph.tensors[index]
    values = np.asarray(interpreter.get_tensor(index))
    quantisation = tensor.quantization
    integer = values.dtype.kind in "iu" and quantisation is not None
    scale = quantisation.scale if integer else None
    zero = quantisation.zeroPoint if integer else None
    numbers = dequantised(
        values,
        np.asarray([] if scale is None else scale, np.float32),
        np.asarray([] if zero is None else zero, np.int64),
    )
    name = tensor.name.decode("utf-8", errors="replace")
    is_output = index in graph.outputs
    return Stored(place, name, operator, values.dtype.name, _without_batch(numbers), is_output)


def _without_batch(values: Any) -> Any:
    return values[0] if values.ndim and values.shape[0] == 1 else values
