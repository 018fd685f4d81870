"""A network in every format and scheme."""

from pathlib import Path

import numpy as np
import pytest

from edgeface.bundlefolder import SCHEMES
from edgeface.convert import parity
from edgeface.convert.calibration import with_black_and_white
from edgeface.errors import ConversionError
from edgeface.evaluate import answers
from edgeface.runtime import open_backend
from edgeface.train.run import Run

pytestmark = pytest.mark.tf

PAIRS = [(format, scheme) for format, schemes in SCHEMES.items() for scheme in schemes]


@pytest.fixture(scope="module")
def network(small_run: Path):
    from edgeface.convert.network import Network

    return Network.take(Run.load(small_run).model())


@pytest.fixture(scope="module")
def pixels(small_run: Path) -> np.ndarray:
    return Run.load(small_run).crops("validation")[0]


@pytest.fixture(scope="module")
def files(network, pixels, tmp_path_factory: pytest.TempPathFactory) -> dict:
    from edgeface.convert.schemes import Converter

    folder = tmp_path_factory.mktemp("schemes")
    converted = Converter(network, with_black_and_white(pixels[:12]))
    made = {}
    for format, scheme in PAIRS:
        made[format, scheme] = folder / f"n.{scheme}.{format}"
        made[format, scheme].write_bytes(converted(format, scheme))
    return made


@pytest.mark.parametrize(("format", "scheme"), PAIRS)
def test_every_file_keeps_the_contract_its_parity_and_its_size(
    network, pixels, files, format: str, scheme
) -> None:
    from edgeface.convert.files import BYTES, check_size

    path = files[format, scheme]
    backend = open_backend(path)
    assert (backend.input.name, backend.input.dtype) == ("pixels", "uint8")
    assert (backend.output.name, backend.output.dtype) == ("probs", "float32")
    assert backend.input.shape == (1, 32, 32, 1)
    probs = answers(backend.infer, pixels, 3)
    largest = parity.check(path.name, scheme, probs, network.infer(pixels))
    assert (largest > 0) or scheme == "float32"  # it is another computation
    check_size(path.name, path.read_bytes(), network, scheme)
    per_weight = path.stat().st_size / network.folded_parameters
    assert BYTES[scheme] <= per_weight < BYTES[scheme] + 0.9
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)  # a head in float


def test_int16x8_is_nearer_than_int8_and_both_begin_with_raw_pixels(network, pixels, files) -> None:
    reference = network.infer(pixels)
    apart = {
        scheme: np.abs(answers(open_backend(files["tflite", scheme]).infer, pixels, 3) - reference)
        for scheme in ("int8", "int16x8", "float16")
    }
    assert apart["int16x8"].mean() < apart["int8"].mean()
    assert apart["float16"].mean() < apart["int8"].mean()


def test_the_head_of_int16x8_is_computed_in_float(files) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(files["tflite", "int16x8"].read_bytes(), 0)
    graph = model.subgraphs[0]
    kinds = [
        max(code.builtinCode, code.deprecatedBuiltinCode)
        for code in (model.operatorCodes[o.opcodeIndex] for o in graph.operators)
    ]
    softmax = kinds.index(schema.BuiltinOperator.SOFTMAX)
    ends = (*graph.operators[softmax].inputs, *graph.operators[softmax].outputs)
    assert {graph.tensors[t].type for t in ends} == {schema.TensorType.FLOAT32}
    inner = {graph.tensors[o.outputs[0]].type for o in graph.operators[4:-2]}
    assert inner == {schema.TensorType.INT16}


def test_a_network_that_does_not_end_in_probabilities_is_refused_in_int16x8(network) -> None:
    import keras

    from edgeface.convert.network import Network
    from edgeface.convert.schemes import Converter

    raw = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(raw))
    other = Network.take(keras.Model(raw, keras.layers.Dense(2)(x), name="other"))
    shown = with_black_and_white(np.zeros((1, 8, 8, 1), np.uint8))
    with pytest.raises(ConversionError, match="does not end in one softmax or sigmoid"):
        Converter(other, shown)("tflite", "int16x8")


def test_what_a_converter_refuses_is_one_line(network, monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeface.convert import schemes

    def refuse(*_: object) -> bytes:
        msg = "first\nQuantization to 16x8-bit not yet supported for op: 'ERF'.\n"
        raise RuntimeError(msg)

    monkeypatch.setattr(schemes.tfliteother, "to_int16x8", refuse)
    shown = with_black_and_white(np.zeros((1, 32, 32, 1), np.uint8))
    with pytest.raises(ConversionError, match=r"tflite int16x8: .*for op: 'ERF'") as refused:
        schemes.Converter(network, shown)("tflite", "int16x8")
    assert refused.value.remedy == "export without int16x8"
    with pytest.raises(ConversionError, match="ONNX has no dynamic"):
        schemes.Converter(network, shown)("onnx", "dynamic")


def test_a_weight_beyond_half_precision_is_named() -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from edgeface.convert.onnxfloat16 import halved

    weight = np.full((1, 300), 1.0, np.float32)
    weight[0, 7] = 70_000
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "kernel"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 300))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 300))],
        [numpy_helper.from_array(weight, "kernel")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    with pytest.raises(ConversionError, match="a weight of 7e\\+04 in kernel"):
        halved(model.SerializeToString())
    weight[0, 7] = 60_000
    graph.initializer[0].CopyFrom(numpy_helper.from_array(weight, "kernel"))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    kept = onnx.load_model_from_string(halved(model.SerializeToString())).graph.initializer
    assert [t.data_type for t in kept] == [TensorProto.FLOAT16]


@pytest.mark.parametrize("beside", ["logits", "embedding"])
def test_what_is_answered_beside_probabilities_survives_int16x8(
    network, pixels, tmp_path: Path, beside: str
) -> None:
    from dataclasses import replace

    from edgeface.convert.schemes import Converter

    path = tmp_path / "two.tflite"
    path.write_bytes(
        Converter(replace(network, beside=beside), with_black_and_white(pixels[:12]))(
            "tflite", "int16x8"
        )
    )
    expected = network.parts(pixels[:5])
    for one, probs, other in zip(pixels, expected["probs"], expected[beside], strict=False):
        found = open_backend(path).infer_all(one)
        assert list(found) == ["probs", beside]
        np.testing.assert_allclose(found["probs"], probs, atol=0.05)
        np.testing.assert_allclose(found[beside], other, atol=0.05 * np.abs(other).max() + 0.05)
