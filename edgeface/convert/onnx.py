"""Keras → ONNX: float32, and int8 as QDQ per channel."""

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import inspect
import logging

import onnx
import tensorflow as tf
import tf2onnx
from numpy.typing import NDArray
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

from edgeface.calibration import Method as Method
from edgeface.convert.calibration import methods
from edgeface.convert.network import INPUT, Network
from edgeface.images import Pixels

# 18 spoils global pooling and 21 is refused (tf2onnx 1.17); per-channel QDQ needs at least 13.
OPSET = 17
_FOLDED = "onnx.quant.pre_process"  # what ONNX Runtime writes into a file that it folded
_COUNTED = re.compile(r"__\d+(?=$|:)")  # what tf2onnx puts behind names
HEAD = ("Softmax", "Sigmoid")  # what makes probabilities, as ONNX calls it


def to_float32(network: Network) -> bytes:
    """The network with its scaling inside, NHWC, uint8 in and float32 out."""
    signature = [tf.TensorSpec((1, *network.shape), tf.uint8, name=INPUT)]

    def graph(pixels: Any) -> list[Any]:
        answers = network.from_pixels(pixels)
        return [answers[name] for name in network.outputs]

    return traced(graph, signature, *network.outputs)


def traced(graph: Callable[[Any], Any], signature: Sequence[Any], *outputs: str) -> bytes:
    """A function of tensors as an ONNX file.

    Args:
        graph: One tensor to one tensor, or to a list of them.
        signature: Shape, dtype and name of the input.
        outputs: What the file calls the answers, in the order of that list.
    """
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)

    def named(value: Any) -> Any:
        answers = graph(value)
        listed = answers if isinstance(answers, list) else [answers]
        return [tf.identity(a, name=n) for a, n in zip(listed, outputs, strict=True)]

    with toolchain.quiet():
        model, _ = tf2onnx.convert.from_function(
            tf.function(named, input_signature=signature), signature, opset=OPSET
        )
    # from_function names the output after its place in the graph; the contract has a name for it.
    for place, name in enumerate(outputs):
        _rename_output(model, place, name)
    _name_in_order(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _rename_output(model: onnx.ModelProto, place: int, output: str) -> None:
    old = model.graph.output[place].name
    for node in model.graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name == old:
                    names[i] = output
    model.graph.output[place].name = output


def _name_in_order(graph: onnx.GraphProto) -> None:
    """Number nodes, and call constants after the first node that reads them, in the graph's order.

    tf2onnx counts what it adds and folds in the order of a set, so that one network would give
    other bytes in every process. A node that it made of a layer and the batch norm behind it has
    only a number; it is called after its weights, so that the layer can be told from it.
    """
    stored = {constant.name: constant for constant in graph.initializer}
    numbers: dict[str, str] = {}
    constants: dict[str, str] = {}

    def counted(name: str) -> str:
        return _COUNTED.sub(lambda found: numbers.setdefault(found[0], f"__{len(numbers)}"), name)

    taken = {node.name for node in graph.node}
    for node in graph.node:
        layers = [name.rpartition("/")[0] for name in node.input if name in stored]
        layer = layers[0] if layers and "/" not in node.name else ""
        node.name = layer if layer and layer not in taken else counted(node.name)
        taken.add(node.name)
        for place, name in enumerate(node.input):
            read = f"{node.name}/constant{place}"
            node.input[place] = (
                constants.setdefault(name, read) if name in stored else counted(name)
            )
        node.output[:] = [counted(name) for name in node.output]
    ordered = [stored[name] for name in constants]
    for constant, name in zip(ordered, constants.values(), strict=True):
        constant.name = name
    del graph.initializer[:]
    graph.initializer.extend(ordered)


class _OneByOne(quantization.CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, name: str, rows: NDArray[Any]) -> None:
        self._name, self._rest = name, iter(rows)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        row = next(self._rest, None)
        return None if row is None else {self._name: row[None]}


def to_int8(
    float32: bytes,
    calibration: Pixels,
    *,
    method: Method = "minmax",
    nodes_in_float: Sequence[str] = (),
) -> bytes:
    """A float32 file quantised; the softmax or sigmoid stays in float, as in TFLite.

    Args:
        float32: What `to_float32` gave.
        calibration: (n, height, width, channels) uint8.
        method: What of the calibration sets the ranges.
        nodes_in_float: See `quantised`.
    """
    return quantised(
        float32, INPUT, calibration, HEAD, method=method, nodes_in_float=nodes_in_float
    )


def quantised(
    float32: bytes,
    name: str,
    calibration: NDArray[Any],
    in_float: Sequence[str],
    *,
    method: Method = "minmax",
    nodes_in_float: Sequence[str] = (),
    ranges: Path | None = None,
) -> bytes:
    """A file in int8: QDQ, weights per channel.

    Args:
        float32: The file; what `folded` made of it is taken as it is.
        name: Of its input.
        calibration: (n, …) what the input may be.
        in_float: Operators that are left as they are.
        method: What sets the ranges of activations: their least and largest value, or what
            `edgeface.convert.calibration.methods` makes of them.
        nodes_in_float: Nodes that are left as they are, as `folded` names them.
        ranges: Where the ranges are kept for the next call with the same file, calibration and
            method, which then takes a fraction of the time. ONNX Runtime before 1.31 keeps none
            of ``minmax``.
    """
    with tempfile.TemporaryDirectory() as folder, toolchain.quiet():
        begin, done = Path(folder, "folded.onnx"), Path(folder, "int8.onnx")
        begin.write_bytes(folded(float32))
        nodes = onnx.load(begin).graph.node
        keeps = (
            "calibration_cache_path" in inspect.signature(quantization.quantize_static).parameters
        )
        own = method != "minmax"
        kept = {"calibration_cache_path": ranges} if ranges and keeps and not own else {}
        given = methods.kept(begin.read_bytes(), name, calibration, method, ranges) if own else {}
        quantization.quantize_static(
            str(begin),
            str(done),
            # Where every range is given, it asks for a picture all the same.
            _OneByOne(name, calibration[-1:] if own else calibration),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            nodes_to_exclude=[
                node.name
                for node in nodes
                if node.op_type in in_float or node.name in nodes_in_float
            ],
            extra_options={"TensorQuantOverrides": given},
            **kept,
        )
        return done.read_bytes()


def folded(float32: bytes) -> bytes:
    """A float32 file as `quantised` sees it: batch norms folded into what is before them."""
    if any(p.key == _FOLDED for p in onnx.load_model_from_string(float32).metadata_props):
        return float32
    with tempfile.TemporaryDirectory() as folder, toolchain.quiet():
        plain, done = Path(folder, "plain.onnx"), Path(folder, "folded.onnx")
        plain.write_bytes(float32)
        quant_pre_process(str(plain), str(done), skip_symbolic_shape=True)
        return done.read_bytes()


def with_metadata(content: bytes, facts: Mapping[str, str]) -> bytes:
    """The file with entries in ``metadata_props``."""
    model = onnx.load_model_from_string(content)
    onnx.helper.set_model_props(model, dict(facts))
    return bytes(model.SerializeToString())
