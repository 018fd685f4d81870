"""The tensors of an ONNX file, read from ONNX Runtime by making them outputs of the graph."""

from collections.abc import Sequence
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from edgeface.images import Pixels
from edgeface.train.explain.files import Stored, dequantised

QUANTISE, DEQUANTISE = "QuantizeLinear", "DequantizeLinear"


def stored(content: bytes, crop: Pixels) -> tuple[tuple[Stored, ...], list[NDArray[np.float32]]]:
    """Run a file and give every tensor that its nodes computed from the picture.

    A tensor that is quantised after it was computed is read behind its QuantizeLinear, as integers:
    what the next operator gets, and what the runtime computes where it fuses the two.

    Args:
        content: The file.
        crop: (height, width, channels) uint8, of the shape that the file takes.

    Returns:
        The tensors, and the answer of every run that they were read in.
    """
    model = onnx.load_model_from_string(content)
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    answers = {each.name for each in model.graph.output}
    wanted = _wanted(model.graph)
    quantisers = {n.output[0]: n for n in model.graph.node if n.op_type == QUANTISE}
    names = [read for _, read in wanted]
    # Of many tensors of a quantised graph at once ONNX Runtime 1.31 fuses otherwise and rounds
    # otherwise: an answer of MobileNet moved by 0.05. One by one it moved by 0.004 at most.
    groups = [[name] for name in names] if quantisers else [names]
    values: dict[str, NDArray[np.generic]] = {}
    told = []
    for group in groups:
        answer, found = _run(model, group, crop)
        values |= found
        told.append(answer)
    tensors = []
    for place, (node, read) in enumerate(wanted):
        numbers = _numbers(values[read], quantisers.get(read), constants)
        batch = bool(numbers.ndim) and numbers.shape[0] == 1
        plain = numbers[0] if batch else numbers
        dtype = values[read].dtype.name
        name, is_answer = node.output[0], read in answers
        tensors.append(Stored(place, name, node.op_type, dtype, plain, is_answer))
    return tuple(tensors), told


def _run(
    model: onnx.ModelProto, names: Sequence[str], crop: Pixels
) -> tuple[NDArray[np.float32], dict[str, NDArray[np.generic]]]:
    """The file's own answer, and the tensors of these names, from one run."""
    own = [each.name for each in model.graph.output]
    model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in own)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        with toolchain.quiet():
            session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
            taken = {session.get_inputs()[0].name: crop[None]}
            answer, *found = session.run([own[0], *names], taken)
    finally:
        del model.graph.output[len(own) :]
    arrays = (np.asarray(values) for values in found)
    return np.asarray(answer)[0], dict(zip(names, arrays, strict=True))


def _wanted(graph: Any) -> list[tuple[Any, str]]:
    """The nodes that compute something from the picture, each with the tensor it is read from."""
    behind = {n.input[0]: n.output[0] for n in graph.node if n.op_type == QUANTISE}
    reached = {each.name for each in graph.input}
    wanted = []
    for node in graph.node:  # sorted: ONNX demands it
        if not reached.intersection(node.input):
            continue  # a constant, or weights that are dequantised
        reached.update(node.output)
        if node.op_type not in (QUANTISE, DEQUANTISE):
            wanted.append((node, behind.get(node.output[0], node.output[0])))
    return wanted


def _numbers(
    values: NDArray[np.generic],
    quantiser: Any | None,
    constants: dict[str, NDArray[np.generic]],
) -> NDArray[np.float32]:
    none = np.zeros(0, np.float32)
    if quantiser is None:
        return dequantised(values, none, none)
    scale, *zero = (constants[name] for name in quantiser.input[1:])
    return dequantised(
        values, np.asarray(scale, np.float32), zero[0] if zero else np.zeros(1, np.int8)
    )
