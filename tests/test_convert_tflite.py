"""Keras → TFLite, and what the int8 file does with the scaling."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgeface.convert import calibration, parity
from edgeface.errors import ConversionError
from edgeface.evaluate import answers
from edgeface.runtime import open_backend
from edgeface.train.run import Run

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def network(small_run: Path):
    from edgeface.convert.network import Network

    return Network.take(Run.load(small_run).model())


@pytest.fixture(scope="module")
def pixels(small_run: Path) -> np.ndarray:
    return Run.load(small_run).crops("validation")[0]


@pytest.fixture(scope="module")
def float32(network) -> bytes:
    from edgeface.convert import tflite

    return tflite.to_float32(network)


def asked(content: bytes, folder: Path, pixels: np.ndarray) -> np.ndarray:
    path = folder / "file.tflite"
    path.write_bytes(content)
    return answers(open_backend(path).infer, pixels, 3)


def tensors(content: bytes):
    from tensorflow.lite.python import schema_py_generated as schema

    graph = schema.Model.GetRootAs(content).Subgraphs(0)
    return graph, schema


def test_float32_answers_as_the_network_does(network, pixels, float32, tmp_path: Path) -> None:
    probs = asked(float32, tmp_path, pixels)
    assert parity.check("f", "float32", probs, network.infer(pixels)) < 1e-5


def test_the_scaling_of_int8_is_that_of_its_input(network, pixels, tmp_path: Path) -> None:
    from edgeface.convert import tflite

    content = tflite.to_int8(network, calibration.with_black_and_white(pixels))
    graph, schema = tensors(content)
    given = graph.Tensors(graph.Inputs(0))
    assert given.Type() == schema.TensorType.UINT8
    assert given.Quantization().Scale(0) == pytest.approx(network.scale, rel=1e-5)
    assert given.Quantization().ZeroPoint(0) == 128
    assert graph.Tensors(graph.Outputs(0)).Type() == schema.TensorType.FLOAT32
    codes = [schema.BuiltinOperator.MUL, schema.BuiltinOperator.ADD, schema.BuiltinOperator.SUB]
    model = schema.Model.GetRootAs(content)
    used = {
        model.OperatorCodes(graph.Operators(i).OpcodeIndex()).BuiltinCode()
        for i in range(graph.OperatorsLength())
    }
    assert not used & set(codes), "an operator is spent on the scaling"
    parity.check("f", "int8", asked(content, tmp_path, pixels), network.infer(pixels))


def test_int8_without_black_and_white_is_refused_by_name(network, pixels) -> None:
    from edgeface.convert import tflite

    greys = np.clip(pixels, 60, 180)
    with pytest.raises(ConversionError, match="raw pixels would be clipped") as wrong:
        tflite.to_int8(network, greys)
    assert "int8 input got scale" in str(wrong.value)
    assert "black and a white" in wrong.value.remedy


def test_a_scaling_that_is_applied_twice_is_caught(network, pixels, tmp_path: Path) -> None:
    import keras

    from edgeface.convert import tflite
    from edgeface.convert.network import Network

    doubled = keras.Sequential(
        [keras.Input(network.shape), keras.layers.Rescaling(1 / 64), network.model]
    )
    probs = asked(tflite.to_float32(Network.take(doubled)), tmp_path, pixels)
    assert np.isfinite(probs).all()
    with pytest.raises(ConversionError, match="not the network that was trained"):
        parity.check("f", "float32", probs, network.infer(pixels))


def test_the_recommended_path_writes_no_weights_and_is_caught(
    network, pixels, float32, tmp_path: Path
) -> None:
    """What TensorFlow itself recommends for functions loses the weights of a Keras 3 model."""
    import tensorflow as tf

    from edgeface.convert.files import check_size
    from edgeface.train import toolchain

    spec = tf.TensorSpec((1, *network.shape), tf.float32)
    function = tf.function(lambda x: network.model(x, training=False)).get_concrete_function(spec)
    with toolchain.quiet():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], network.model)
        content = bytes(converter.convert())
    path = tmp_path / "empty.tflite"
    path.write_bytes(content)
    caught = []
    try:
        check_size(path.name, content, network, "float32")
    except ConversionError as by_size:
        caught.append(str(by_size))
    backend = open_backend(path)
    probs = np.stack([backend.infer(p.astype(np.float32)) for p in pixels])
    try:
        parity.check(path.name, "float32", probs, network.infer(pixels))
    except ConversionError as by_parity:
        caught.append(str(by_parity))
    # A version of TensorFlow that gets it right has a file as large as ours, and as right.
    assert len(caught) == 2 or (not caught and len(content) > 0.9 * len(float32))
    assert all(text.startswith("empty.tflite") for text in caught)
    if caught:
        assert "bytes cannot be 44707 parameters" in caught[0]


def test_a_file_of_the_wrong_size_is_named(network, float32) -> None:
    from edgeface.convert.files import check_size

    check_size("f.tflite", float32, network, "float32")
    for content, scheme in ((float32[:50_000], "float32"), (float32 * 9, "float32"), (b"", "int8")):
        with pytest.raises(ConversionError, match=r"f\.tflite: \d+ bytes cannot be 44707 param"):
            check_size("f.tflite", content, network, scheme)


def test_what_is_written_into_a_file_can_be_read_and_changes_nothing(
    network, pixels, float32, tmp_path: Path
) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    from edgeface.convert import tflite

    text = json.dumps({"labels": ["Zoë", "🙂"]}, ensure_ascii=False)
    described = tflite.with_metadata(float32, text)
    model = schema.ModelT.InitFromPackedBuf(described, 0)
    entries = {entry.name.decode(): entry.buffer for entry in model.metadata}
    assert bytes(model.buffers[entries["edgeface"]].data).decode() == text
    theirs = {e.name.decode() for e in schema.ModelT.InitFromPackedBuf(float32, 0).metadata}
    assert entries.keys() == theirs | {"edgeface"}
    assert described[4:8] == b"TFL3"
    before = asked(float32, tmp_path, pixels)
    assert np.array_equal(asked(described, tmp_path, pixels), before)


def test_two_conversions_are_the_same_network(network, pixels, float32, tmp_path: Path) -> None:
    from edgeface.convert import tflite

    again = asked(tflite.to_float32(network), tmp_path, pixels)
    assert np.array_equal(again, asked(float32, tmp_path, pixels))
