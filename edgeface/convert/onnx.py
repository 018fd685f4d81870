"""Keras → ONNX: float32, and int8 as QDQ per channel."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import logging

import onnx
import tensorflow as tf
import tf2onnx
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

from edgeface.convert.network import INPUT, OUTPUT, Network
from edgeface.images import Pixels

# 18 spoils global pooling and 21 is refused (tf2onnx 1.17); per-channel QDQ needs at least 13.
OPSET = 17
HEAD = ("Softmax", "Sigmoid")  # what makes probabilities, as ONNX calls it


def to_float32(network: Network) -> bytes:
    """The network with its scaling inside, NHWC, uint8 in and float32 out."""
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    signature = [tf.TensorSpec((1, *network.shape), tf.uint8, name=INPUT)]

    def graph(pixels: tf.Tensor) -> tf.Tensor:
        return tf.identity(network.from_pixels(pixels)[OUTPUT], name=OUTPUT)

    with toolchain.quiet():
        model, _ = tf2onnx.convert.from_function(
            tf.function(graph, input_signature=signature), signature, opset=OPSET
        )
    # from_function names the output after its place in the graph; the contract has a name for it.
    _rename_output(model)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _rename_output(model: onnx.ModelProto) -> None:
    old = model.graph.output[0].name
    for node in model.graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name == old:
                    names[i] = OUTPUT
    model.graph.output[0].name = OUTPUT


class _Pictures(quantization.CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, pixels: Pixels) -> None:
        self._rest = iter(pixels)

    def get_next(self) -> dict[str, Pixels] | None:
        pixels = next(self._rest, None)
        return None if pixels is None else {INPUT: pixels[None]}


def to_int8(float32: bytes, calibration: Pixels) -> bytes:
    """A float32 file quantised: int8 weights per channel, int8 activations, min-max ranges.

    The softmax or sigmoid stays in float, as in TFLite, and for the same reason.

    Args:
        float32: What `to_float32` gave.
        calibration: (n, height, width, channels) uint8.
    """
    with tempfile.TemporaryDirectory() as folder, toolchain.quiet():
        plain, folded, done = (Path(folder, f"{n}.onnx") for n in ("plain", "folded", "int8"))
        plain.write_bytes(float32)
        quant_pre_process(str(plain), str(folded), skip_symbolic_shape=True)
        graph = onnx.load(folded).graph
        quantization.quantize_static(
            str(folded),
            str(done),
            _Pictures(calibration),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            nodes_to_exclude=[node.name for node in graph.node if node.op_type in HEAD],
        )
        return done.read_bytes()


def with_metadata(content: bytes, facts: Mapping[str, str]) -> bytes:
    """The file with entries in ``metadata_props``."""
    model = onnx.load_model_from_string(content)
    onnx.helper.set_model_props(model, dict(facts))
    return bytes(model.SerializeToString())
