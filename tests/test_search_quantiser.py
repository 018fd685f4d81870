"""Quantised again and again: which layers are in float is what was asked, and the rest is int8."""

from pathlib import Path

import numpy as np
import pytest

from edgeface import evaluate
from edgeface.runtime import open_backend

pytestmark = pytest.mark.tf

LAYERS = ("conv1", "conv2", "conv3", "dense", "probs")
WEIGHTED = ("CONV_2D", "FULLY_CONNECTED")


@pytest.fixture(scope="module")
def tflite_one(blended):
    from edgeface.convert.search.quantiser import TfliteQuantiser

    network, sides = blended
    return TfliteQuantiser(network, sides.calibration)


@pytest.fixture(scope="module")
def onnx_one(blended):
    from edgeface.convert.search.quantiser import OnnxQuantiser

    network, sides = blended
    return OnnxQuantiser(network, sides.calibration)


def in_float(content: bytes) -> list[bool]:
    """Of the layers with weights of a TFLite file, whether each answers in float."""
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    names = {number: name for name, number in vars(schema.BuiltinOperator).items()}
    kinds = [
        names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes
    ]
    return [
        graph.tensors[operator.outputs[0]].type == schema.TensorType.FLOAT32
        for operator in graph.operators
        if kinds[operator.opcodeIndex] in WEIGHTED
    ]


def answered(content: bytes, suffix: str, pixels, tmp_path: Path):
    path = tmp_path / f"file.{suffix}"
    path.write_bytes(content)
    backend = open_backend(path)
    assert (backend.input.dtype, backend.input.shape) == ("uint8", (1, 32, 32, 1))
    return evaluate.answers(backend.infer, pixels, 3)


def test_the_plain_file_is_the_one_that_export_makes(blended, tflite_one, onnx_one) -> None:
    from edgeface.convert import onnx, tflite

    network, sides = blended
    assert tflite_one.layers == onnx_one.layers == LAYERS
    assert tflite_one.int8() == tflite.to_int8(network, sides.calibration)
    assert onnx_one.int8() == onnx_one.int8()
    again = onnx.to_int8(onnx.to_float32(network), sides.calibration)
    assert abs(len(again) - len(onnx_one.int8())) < 200  # names are counted on, nothing else


@pytest.mark.parametrize("chosen", [("conv1",), ("conv2", "dense"), ("probs",), LAYERS[:4]])
def test_tflite_leaves_just_these_in_float(tflite_one, blended, tmp_path: Path, chosen) -> None:
    _, sides = blended
    content = tflite_one.int8(chosen)
    assert in_float(content) == [layer in chosen for layer in LAYERS]
    probs = answered(content, "tflite", sides.pixels[:20], tmp_path)
    assert np.abs(probs - sides.probs[:20]).max() < 0.2


def test_one_alone_is_in_int8(tflite_one, onnx_one, blended, tmp_path: Path) -> None:
    _, sides = blended
    for layer in ("conv1", "dense"):
        alone = tflite_one.only(layer)
        assert in_float(alone) == [other != layer for other in LAYERS]
        for suffix, content in (("tflite", alone), ("onnx", onnx_one.only(layer))):
            probs = answered(content, suffix, sides.pixels[:20], tmp_path)
            assert 0 < np.abs(probs - sides.probs[:20]).max() < 0.2


def test_onnx_leaves_just_these_in_float(onnx_one, blended, tmp_path: Path) -> None:
    import onnx

    _, sides = blended
    content = onnx_one.int8(("conv2", "dense"))
    graph = onnx.load_model_from_string(content).graph
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    fed = {
        node.name.split("/")[-2].removesuffix("_1"): made_by.get(node.input[1], "")
        for node in graph.node
        if node.op_type in ("Conv", "MatMul", "Gemm")
    }
    assert fed == {
        layer: "" if layer in ("conv2", "dense") else "DequantizeLinear" for layer in LAYERS
    }
    probs = answered(content, "onnx", sides.pixels[:20], tmp_path)
    assert np.abs(probs - sides.probs[:20]).max() < 0.2


def test_a_sigmoid_unit_can_be_told_in_both_formats(blended) -> None:
    from edgeface.convert.calibration import with_black_and_white
    from edgeface.convert.network import Network
    from edgeface.convert.search.quantiser import quantisers
    from edgeface.train.networks import Design, network

    model = network("olivetti").build(Design(32, 32, 1, 2, "default"))
    shown = with_black_and_white(blended[1].pixels[:4])
    for format in ("tflite", "onnx"):
        quantiser = quantisers(format, Network.take(model), shown)
        assert quantiser.layers == ("conv1", "dense", "unit")
        assert len(quantiser.int8(("unit",))) != len(quantiser.int8())
