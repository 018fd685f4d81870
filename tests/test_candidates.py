"""What tune may try: files within their gates, numbers of threads, answers as they were."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeface.bench.candidates import (
    answers_as_exported,
    cells,
    left_cores,
    thread_counts,
    within_gates,
)
from edgeface.bundle import Bundle, Held, Tensor
from edgeface.errors import GateNotMet, RecipeError
from edgeface.gates import Gates
from edgeface.runtime import BACKENDS


@pytest.fixture
def bundle(fake_bundle: Path) -> Bundle:
    return Bundle.load(fake_bundle)


def with_held(bundle: Bundle, *held: Held) -> Bundle:
    return replace(bundle, manifest=replace(bundle.manifest, gates=held))


def names(found: tuple) -> list[str]:
    return [file.name for file in found]


def test_all_files_may_be_chosen_where_no_gate_is_recorded(bundle: Bundle) -> None:
    files, left_out = within_gates(bundle)
    assert (files, left_out) == (bundle.manifest.files, ())


def test_a_file_that_missed_its_gate_when_it_was_exported_is_out(bundle: Bundle) -> None:
    held = with_held(
        bundle,
        Held("tiny.int8.tflite", "min_accuracy", 0.99, 0.95, False),
        Held("tiny.int8.onnx", "min_accuracy", 0.9, 0.95, True),
        Held("tiny.float32.onnx", "max_p50_ms", 1.0, 9.0, False),  # of another machine
        Held("tiny.float32.tflite", "max_far", 0.01, None, False),
    )
    files, left_out = within_gates(held)
    assert names(files) == ["tiny.float32.onnx", "tiny.int8.onnx"]
    assert [(o.what, o.reason) for o in left_out] == [
        ("tiny.float32.tflite", "misses a gate: max_far 0.01, measured nothing"),
        ("tiny.int8.tflite", "misses a gate: min_accuracy 0.99, measured 0.95"),
    ]


def test_what_a_search_never_met_is_not_met_by_luck(bundle: Bundle) -> None:
    held = with_held(
        bundle,
        Held("tflite (search)", "max_drop_points", 0.5, 0.8, False),
        Held("tiny.int8.tflite", "max_drop_points", 0.5, 0.4, True),
    )
    assert names(within_gates(held)[0]) == [
        "tiny.float32.tflite",
        "tiny.float32.onnx",
        "tiny.int8.onnx",
    ]


def test_a_file_with_integer_ends_is_for_other_devices(bundle: Bundle) -> None:
    first, *rest = bundle.manifest.files
    ends = Tensor("pixels", "int8", first.input.shape, 1.0, 0)
    files = (replace(first, input=ends), *rest)
    changed = replace(bundle, manifest=replace(bundle.manifest, files=files))
    found, left_out = within_gates(changed)
    assert names(found) == [f.name for f in rest]
    assert "int8, for devices without float" in left_out[0].reason


def test_gates_of_a_recipe_are_held_against_the_files(bundle: Bundle) -> None:
    files, left_out = within_gates(bundle, Gates(("int8",), min_agreement=0.99))
    assert names(files) == ["tiny.float32.tflite", "tiny.float32.onnx"]
    assert [o.what for o in left_out] == ["tiny.int8.tflite", "tiny.int8.onnx"]
    with pytest.raises(GateNotMet, match="int16x8"):
        within_gates(bundle, Gates(("int16x8",), min_accuracy=0.5))


def test_a_drop_needs_a_file_that_answers_as_the_network_did(bundle: Bundle) -> None:
    gates = Gates(max_drop_points=3.0)
    with pytest.raises(RecipeError, match="no file tells"):
        within_gates(bundle, gates)
    first, *rest = bundle.manifest.files
    exact = replace(first, measured=replace(first.measured, agreement=1.0, accuracy=0.99))
    changed = replace(bundle, manifest=replace(bundle.manifest, files=(exact, *rest)))
    files, left_out = within_gates(changed, gates)
    assert names(files) == [first.name]
    assert "max_drop_points 3, measured 4" in left_out[0].reason


@pytest.mark.parametrize(
    ("usable", "leave", "most", "expected"),
    [
        (1, None, None, (1,)),
        (2, None, None, (1, 2)),
        (4, None, None, (1, 2, 3)),
        (4, 0, None, (1, 2, 3, 4)),
        (4, 2, None, (1, 2)),
        (4, 4, None, (1,)),
        (8, None, 2, (1, 2)),
        (None, None, None, (1,)),
        (64, 0, None, (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64)),
        (1024, 0, None, (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)),
    ],
)
def test_numbers_of_threads(usable, leave, most, expected) -> None:
    assert thread_counts(usable, leave, most) == expected


def test_one_core_is_left_where_there_are_more_than_two() -> None:
    assert [left_cores(n, None) for n in (None, 1, 2, 3, 4)] == [0, 0, 0, 1, 1]
    assert left_cores(4, 0) == 0


def test_a_cell_for_every_file_backend_and_number_of_threads(bundle: Bundle, monkeypatch) -> None:
    opened = []
    monkeypatch.setitem(BACKENDS, "onnx", {"one": None, "two": None})
    found = cells(
        bundle,
        bundle.manifest.files,
        (1, 2),
        opens=lambda path, **how: opened.append((path.name, how)),
    )
    assert len(found) == 2 * (2 * 1 + 2 * 2)
    assert len({(c.file, c.backend, c.threads) for c in found}) == len(found)
    assert found[0].error == pytest.approx(0.05)
    found[-1].open()
    how = {"backend": "two", "threads": 2, "device": "cpu"}
    assert opened == [("tiny.int8.onnx", how)]


def test_answers_are_held_against_the_golden_ones(bundle: Bundle) -> None:
    inputs, check = answers_as_exported(bundle)
    assert len(inputs) == 4
    _, stored = bundle.golden()
    right = stored["tiny.float32.tflite"][0]
    assert check("tiny.float32.tflite", 0, right) == ""
    assert check("tiny.float32.tflite", 0, right + np.float32(5e-3)).startswith("answers otherwise")
    assert check("tiny.int8.tflite", 0, right + np.float32(5e-3)) == ""
    assert "0.05 apart" in check("tiny.int8.tflite", 0, right + np.float32(0.05))
    assert check("tiny.int8.tflite", 0, right * np.float32(np.nan)) != ""
    assert "answers (2,)" in check("tiny.int8.tflite", 0, right[:2])
