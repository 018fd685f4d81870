"""One line out of what runtimes say."""

from pathlib import Path

import pytest

from edgeface.runtime.reasons import first_line, refusal

PLACES = "Exception from src/inference/src/cpp/core.cpp:84:\nCheck 'false' failed at src/x.cpp:1:\n"
FRONTEND = PLACES + "FrontEnd API failed with OpConversionFailure:\n"


@pytest.mark.parametrize(
    ("said", "operation"),
    [
        ("Encountered unresolved custom op: FancySoftmax.\nSee instructions", "FancySoftmax"),
        ("Fatal error: made.up:Fancy(-1) is not a registered function/op", "made.up:Fancy"),
        ("Error No Op registered for Softmix with domain_version of 17", "Softmix"),
        ("Could not find an implementation for Foo(13) node with name 'a'", "Foo"),
        (FRONTEND + "No translator found for FancySoftmax node.\n\n", "FancySoftmax"),
        (FRONTEND + "-- No conversion rule found for operations: Softmix-17\n\n", "Softmix"),
        (FRONTEND + "-- No conversion rule found for operations: a.b.X, Y-1\n", "a.b.X"),
    ],
)
def test_an_operation_that_a_runtime_does_not_have_is_named(said: str, operation: str) -> None:
    error = refusal(Path("x.onnx"), "some", RuntimeError(said))
    assert str(error) == f"x.onnx: needs the operation {operation}, which some does not have"
    assert "custom operations" in error.remedy


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (PLACES + "Layout rank can't be larger\n\n\n", "Layout rank can't be larger"),
        ("one\ntwo", "one"),
        ("", "ValueError"),
        ("\n \n", "ValueError"),
        (PLACES, PLACES.splitlines()[0]),
        ("x" * 900, "x" * 200),
    ],
)
def test_the_first_line_that_says_something_is_taken(said: str, line: str) -> None:
    assert first_line(ValueError(said)) == line


def test_who_asked_for_openvino_is_told_of_another_backend() -> None:
    assert "without --backend openvino" in refusal(Path("x.onnx"), "openvino", OSError("no")).remedy
    assert "--backend" not in refusal(Path("x.onnx"), "onnxruntime", OSError("no")).remedy


def test_a_broken_file_that_speaks_of_custom_operations_is_refused_all_the_same(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(b"no model")
    error = refusal(path, "litert", ValueError("a custom op failed"))
    assert "does not take this file (a custom op failed)" in str(error)
