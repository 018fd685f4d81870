"""ONNX files read without the package onnx; the foreign ones are written here, byte by byte."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.errors import BackendError, UsageError
from edgeface.modelfile import complete, missing, open_model, read_facts
from edgeface.runtime.onnxfile import read_graph

SIDE, CLASSES = 8, 3
MATRIX = np.random.default_rng(0).normal(0, 0.05, (CLASSES, 3 * SIDE * SIDE)).astype(np.float32)
PICTURES = np.random.default_rng(1).integers(0, 256, (4, SIDE, SIDE, 3), np.uint8)


def varint(value: int) -> bytes:
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def message(*fields: tuple[int, Any]) -> bytes:
    """(number, whole number, text or bytes) of every field."""
    found = b""
    for number, value in fields:
        if isinstance(value, int):
            found += varint(number << 3) + varint(value)
        else:
            run = value.encode() if isinstance(value, str) else value
            found += varint(number << 3 | 2) + varint(len(run)) + run
    return found


def node(kind: str, inputs: list[str], outputs: list[str], *attributes: bytes) -> bytes:
    ends = [(1, n) for n in inputs] + [(2, n) for n in outputs]
    return message(*ends, (4, kind), *((5, a) for a in attributes))


def initializer(name: str, array: np.ndarray, kind: int) -> bytes:
    return message(*((1, n) for n in array.shape), (2, kind), (8, name), (9, array.tobytes()))


def value(name: str, shape: list[int | str], kind: int = 1) -> bytes:
    dims = [message((1, n) if isinstance(n, int) else (2, n)) for n in shape]
    tensor = message((1, kind), (2, message(*((1, d) for d in dims))))
    return message((1, name), (2, message((1, tensor))))


def model(
    nodes: list[bytes], stored: list[bytes], inputs: list[bytes], outputs: list[bytes], *more: Any
) -> bytes:
    graph = message(
        *((1, n) for n in nodes),
        (2, "g"),
        *((5, s) for s in stored),
        *((11, i) for i in inputs),
        *((12, o) for o in outputs),
    )
    return message(
        (1, 8), (2, "a test"), (3, "1"), (7, graph), (8, message((1, ""), (2, 13))), *more
    )


def linear(batch: int | str = 1, *, planar: bool = True, head: str = "Softmax") -> bytes:
    shape: list[int | str] = [batch, 3, SIDE, SIDE] if planar else [batch, SIDE, SIDE, 3]
    matrix = MATRIX if head != "Sigmoid" else MATRIX[:1]
    nodes = [
        node("Flatten", ["input"], ["flat"]),
        node("MatMul", ["flat", "weights"], ["logits"]),
    ]
    if head:
        nodes.append(node(head, ["logits"], ["output"]))
    answer = value("output" if head else "logits", [batch, len(matrix)])
    stored = [initializer("weights", np.ascontiguousarray(matrix.T), 1)]
    return model(nodes, stored, [value("input", shape)], [answer])


def expected(pixels: np.ndarray, *, planar: bool = True, head: str = "Softmax") -> np.ndarray:
    scaled = pixels.astype(np.float64) / 127.5 - 1
    flat = np.moveaxis(scaled, -1, 0).ravel() if planar else scaled.ravel()
    if head == "Sigmoid":
        one = 1 / (1 + np.exp(-MATRIX[0] @ flat))
        return np.asarray([1 - one, one])
    powers = np.exp(MATRIX @ flat - (MATRIX @ flat).max())
    return powers / powers.sum()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def at(content: bytes) -> Path:
        (tmp_path / "x.onnx").write_bytes(content)
        return tmp_path / "x.onnx"

    return at


@pytest.mark.parametrize("batch", [1, "batch"])
@pytest.mark.parametrize("planar", [True, False])
@pytest.mark.parametrize("head", ["Softmax", "", "Sigmoid"])
def test_a_foreign_file_is_run_whatever_the_order_of_its_axes(write, batch, planar, head) -> None:
    pytest.importorskip("onnxruntime")
    facts = read_facts(write(linear(batch, planar=planar, head=head)))
    assert (facts.foreign, facts.scheme, facts.planar) == (True, "float32", planar)
    assert facts.picture_shape == (SIDE, SIDE, 3)
    assert facts.input.shape[0] == (batch if batch == 1 else -1)
    assert facts.graph.producer == "a test 1"
    assert list(missing(facts)) == ["--labels", "--colour", "--scaling", "--framing"]
    names = ("a", "b") if head == "Sigmoid" else ("a", "b", "c")
    told = complete(facts, labels=names, colour="bgr", scaling="-1..1", framing="stretched")
    assert told.answers == ("probs" if head else "logits")
    loaded = open_model(told)
    assert loaded.output.shape == (1, len(names))
    for pixels in PICTURES:
        answer = loaded.infer(pixels)
        assert answer.dtype == np.float32
        assert np.allclose(answer, expected(pixels, planar=planar, head=head), atol=1e-5)


def test_a_batch_that_is_not_one_is_refused(write) -> None:
    facts = read_facts(write(linear(4)))
    with pytest.raises(BackendError, match=r"takes float32 \(4, 3, 8, 8\); a picture of one fixed"):
        open_model(facts)


def test_a_gray_label_of_a_colour_file_is_refused(write) -> None:
    facts = complete(read_facts(write(linear())), framing="whole")
    with pytest.raises(UsageError, match="has 3 channels"):
        complete(facts, colour="gray")


def test_scheme_and_scales_are_told_by_what_stands_beside_the_ends(write) -> None:
    scales = [
        initializer("s", np.asarray(0.5, np.float32), 1),
        initializer("z", np.asarray(-3, np.int8), 3),
        initializer("weights", np.zeros((64, 2), np.int8), 3),
    ]
    nodes = [
        node("DequantizeLinear", ["input", "s", "z"], ["real"]),
        node("DequantizeLinear", ["weights", "s", "z"], ["w"]),
        node("MatMul", ["real", "w"], ["logits"]),
        node("QuantizeLinear", ["logits", "s", "z"], ["output"]),
    ]
    content = model(nodes, scales, [value("input", [1, 64], 3)], [value("output", [1, 2], 3)])
    graph = read_graph(content, "x")
    assert graph.scheme == "int8"
    for tensor in (graph.inputs[0], graph.outputs[0]):
        assert (tensor.dtype, tensor.scale, tensor.zero_point) == ("int8", 0.5, -3)
    assert graph.heads == ("linear",)
    assert graph.operators == {"DequantizeLinear": 2, "MatMul": 1, "QuantizeLinear": 1}


def test_weights_that_are_listed_as_inputs_are_none(write) -> None:
    content = model(
        [node("MatMul", ["x", "w"], ["y"])],
        [initializer("w", np.zeros((4, 2), np.float16), 10)],
        [value("x", [1, 4]), value("w", [4, 2], 10)],
        [value("y", [1, 2])],
    )
    graph = read_graph(content, "x")
    assert [port.name for port in graph.inputs] == ["x"]
    assert graph.scheme == "float16"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        message((1, 8)),
        message((7, message((2, "empty")))),
        message((7, b"\x0a\xff")),
        b"\x0b\x00",
        b"\xff" * 12,
        message((7, message((1, node("A", [], [])))), (7, message((1, node("B", [], []))))),
        linear() + message((14, message((1, "k"), (2, "v"))), (14, message((1, "k"), (2, "w")))),
        linear() + message((14, message((1, "k"), (2, "v" * (1 << 20) + "x")))),
    ],
)
def test_what_is_no_onnx_file(write, content: bytes) -> None:
    with pytest.raises(BackendError, match="no ONNX file, or one that is cut or broken"):
        read_facts(write(content))


def test_a_file_of_a_million_fields_ends(write, monkeypatch) -> None:
    monkeypatch.setattr("edgeface.runtime.protobuf.MOST_FIELDS", 1000)
    with pytest.raises(BackendError, match="cut or broken"):
        read_facts(write(linear() + message((9, 1)) * 1001))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["face_detection_yunet_2023mar", "yunet_n_320_320"])
def test_a_detector_is_read_and_no_classifier(real_data: Path, name: str) -> None:
    facts = read_facts(real_data / "models/yunet" / f"{name}.onnx")
    assert (facts.scheme, facts.planar, facts.classes) == ("float32", True, None)
    assert len(facts.graph.outputs) == 12
    assert set(facts.graph.heads[:6]) == {"sigmoid"}
    with pytest.raises(BackendError, match="one list of scores"):
        open_model(facts)
