"""What really computes: its text, and how many nodes of a TFLite file a delegate took."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edgeface.bundle import Bundle
from edgeface.runtime import Placement, open_backend
from edgeface.runtime.delegates import placement, replaced


@pytest.mark.parametrize(
    ("placed", "text"),
    [
        (Placement("TensorFlow CPU"), "TensorFlow CPU"),
        (Placement("XNNPACK", 9, 11, {"built-in kernels": 2}), "XNNPACK 9 of 11 nodes, built-in"),
        (Placement("CPUExecutionProvider", 12, 12), "CPUExecutionProvider 12 nodes"),
        (Placement("X", 1, 1), "X 1 node"),
        (Placement("X", 0, 1, {"Y": 1}), "X 0 of 1 nodes, Y 1"),
        (Placement("OpenVINO CPU", 3, 3, kinds={"int8": 2, "f32": 1}), "3 nodes (2 int8, 1 f32)"),
        (Placement("X", None, 4), "X"),
    ],
)
def test_the_text_says_who_and_how_many(placed: Placement, text: str) -> None:
    assert text in str(placed)
    assert str(placed).startswith(placed.provider)


def _node(name: str, inputs: list[int], outputs: list[int]) -> Mapping[str, Any]:
    return {"op_name": name, "inputs": inputs, "outputs": outputs}


# 0 → A → 1 → B (with the constant 9) → 2 → C → 3, and D from 1 → 4, added up: E → 5.
NODES = [
    _node("A", [0], [1]),
    _node("B", [1, 9], [2]),
    _node("C", [2], [3]),
    _node("D", [1], [4]),
    _node("E", [3, 4], [5]),
]


class Interpreter:
    """Lists nodes as the real ones do."""

    def __init__(self, *parts: Mapping[str, Any]) -> None:
        self._nodes = [*NODES, *parts]

    def _get_ops_details(self) -> list[Mapping[str, Any]]:
        return self._nodes


@pytest.mark.parametrize(
    ("parts", "taken"),
    [
        ([], 0),
        ([_node("DELEGATE", [0, 9], [5])], 5),
        ([_node("DELEGATE", [1, 9], [5])], 4),  # all but the first
        ([_node("DELEGATE", [1, 9], [3])], 2),  # one way of the two
        ([_node("DELEGATE", [0], [1]), _node("DELEGATE", [3, 4], [5])], 2),
        ([_node("DELEGATE", [1, 9], [3, 4])], 3),
        ([_node("DELEGATE", [7], [8])], 0),  # of tensors that nothing makes
    ],
)
def test_the_nodes_between_the_ends_of_a_part_were_replaced(
    parts: list[Mapping[str, Any]], taken: int
) -> None:
    assert replaced(NODES, parts) == taken


def test_what_no_delegate_took_is_told_of_the_kernels_that_remain() -> None:
    assert placement(Interpreter()) == Placement("built-in kernels", 5, 5)
    part = placement(Interpreter(_node("DELEGATE", [1, 9], [3])))
    assert part == Placement("XNNPACK", 2, 5, {"built-in kernels": 3})
    assert placement(Interpreter(_node("DELEGATE", [0, 9], [5]))) == Placement("XNNPACK", 5, 5)


def test_an_interpreter_that_lists_no_nodes_is_not_guessed_at() -> None:
    assert placement(object()) == Placement("not told")


@pytest.mark.parametrize("scheme", ["float32", "int8"])
def test_litert_gives_xnnpack_nearly_all_of_a_bundle(fixture_bundle: Path, scheme: str) -> None:
    pytest.importorskip("ai_edge_litert")
    bundle = Bundle.load(fixture_bundle)
    placed = open_backend(bundle.path(bundle.file("tflite", scheme)), backend="litert").placement()
    assert placed.provider == "XNNPACK"
    assert placed.nodes is not None
    assert placed.taken is not None
    assert 0 <= placed.nodes - placed.taken <= 2  # where pixels become the network's own numbers


@pytest.mark.parametrize("scheme", ["float32", "int8"])
def test_onnx_runtime_counts_the_nodes_that_ran(fixture_bundle: Path, scheme: str) -> None:
    pytest.importorskip("onnxruntime")
    bundle = Bundle.load(fixture_bundle)
    backend = open_backend(bundle.path(bundle.file("onnx", scheme)), backend="onnxruntime")
    placed = backend.placement()
    assert placed.provider == "CPUExecutionProvider"
    assert placed.taken == placed.nodes
    assert placed.nodes is not None
    assert placed.nodes >= 8  # three convolutions, pools, two dense layers, at the least
    assert backend.placement() is placed  # the file is not loaded every time
