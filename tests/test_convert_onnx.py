"""Keras → ONNX."""

from pathlib import Path

import numpy as np
import pytest

from edgeface.convert import calibration, parity
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
    from edgeface.convert import onnx

    return onnx.to_float32(network)


def asked(content: bytes, folder: Path, pixels: np.ndarray) -> np.ndarray:
    path = folder / "file.onnx"
    path.write_bytes(content)
    return answers(open_backend(path).infer, pixels, 3)


def tensors(content: bytes) -> list[bytes]:
    import onnx

    graph = onnx.load_model_from_string(content).graph
    return sorted(onnx.numpy_helper.to_array(t).tobytes() for t in graph.initializer)


def test_float32_is_the_contract_and_the_network(network, pixels, float32, tmp_path: Path) -> None:
    import onnx

    model = onnx.load_model_from_string(float32)
    assert [entry.version for entry in model.opset_import if entry.domain == ""] == [17]
    assert [i.name for i in model.graph.input] == ["pixels"]
    assert [o.name for o in model.graph.output] == ["probs"]
    probs = asked(float32, tmp_path, pixels)
    assert parity.check("f", "float32", probs, network.infer(pixels)) < 1e-5


def test_int8_keeps_the_answers_and_quantises_per_channel(
    network, pixels, float32, tmp_path: Path
) -> None:
    import onnx

    from edgeface.convert import onnx as ours

    content = ours.to_int8(float32, calibration.with_black_and_white(pixels))
    parity.check("f", "int8", asked(content, tmp_path, pixels), network.infer(pixels))
    graph = onnx.load_model_from_string(content).graph
    assert {"QuantizeLinear", "DequantizeLinear"} <= {node.op_type for node in graph.node}
    held = [onnx.numpy_helper.to_array(t) for t in graph.initializer]
    weights = [a for a in held if a.dtype == np.int8 and a.ndim == 4]
    assert sorted(a.size for a in weights) == [288, 9216, 18432]
    scales = [a.size for a in held if a.dtype == np.float32 and a.ndim == 1]
    assert {32, 64} <= set(scales)


def test_two_exports_hold_the_same_tensors(network, pixels, float32, tmp_path: Path) -> None:
    from edgeface.convert import onnx

    again = onnx.to_float32(network)
    assert tensors(again) == tensors(float32)
    assert np.array_equal(asked(again, tmp_path, pixels), asked(float32, tmp_path, pixels))
    shown = calibration.with_black_and_white(pixels)
    one, two = onnx.to_int8(float32, shown), onnx.to_int8(again, shown)
    assert tensors(one) == tensors(two)


def test_what_is_written_into_a_file_can_be_read_and_changes_nothing(
    pixels, float32, tmp_path: Path
) -> None:
    import onnx

    from edgeface.convert import onnx as ours

    facts = {"labels": '["Zoë", "🙂"]', "threshold": "0.5"}
    described = ours.with_metadata(float32, facts)
    props = onnx.load_model_from_string(described).metadata_props
    assert {p.key: p.value for p in props} == facts
    before = asked(float32, tmp_path, pixels)
    assert np.array_equal(asked(described, tmp_path, pixels), before)


def test_names_follow_the_graph_not_the_numbers_that_another_process_gives() -> None:
    from onnx import TensorProto, helper

    from edgeface.convert.onnx import _name_in_order

    def graph(first: int, second: int, *, turned: bool) -> bytes:
        nodes = [
            helper.make_node("Add", ["pixels", f"fold__{first}"], ["a:0"], name="layer/Add"),
            helper.make_node("Mul", ["a:0", f"fold__{second}"], [f"b__{first + second}:0"]),
            helper.make_node("Relu", [f"b__{first + second}:0"], ["probs"], name="conv__3_1/Relu"),
        ]
        nodes[1].name = f"Mul__{first + second}"
        stored = [
            helper.make_tensor(f"fold__{n}", TensorProto.FLOAT, [1], [value])
            for n, value in ((first, 1.0), (second, 2.0))
        ]
        ends = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])]
            for name in ("pixels", "probs")
        ]
        made = helper.make_graph(nodes, "g", *ends, stored[::-1] if turned else stored)
        _name_in_order(made)
        assert [n.name for n in made.node] == ["layer/Add", "Mul__0", "conv__3_1/Relu"]
        assert [c.float_data[0] for c in made.initializer] == [1, 2]
        assert made.node[1].input[1] == made.initializer[1].name == "Mul__0/constant1"
        assert made.node[2].input[0] == made.node[1].output[0]
        content: bytes = made.SerializeToString()
        return content

    assert graph(96, 108, turned=False) == graph(78, 40, turned=True)
