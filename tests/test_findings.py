import pytest

from edgeface.bench.findings import beside_float32, findings


def test_int8_that_loses_to_float32_is_said_first_with_its_interval(timed):
    said = findings(timed.report(timed.cell("int8", 3e6), timed.cell("float32", 1e6)))
    assert said[0].startswith("int8 is slower than float32 here: tiny.int8.tflite (fake 1, 1")
    assert "takes 3.0" in said[0] or "takes 2.9" in said[0]
    assert "(95 %: " in said[0]
    assert said[0].endswith("times as long as tiny.float32.tflite")
    assert said[1].startswith("fastest here: tiny.float32.tflite")


def test_what_int8_brings_is_said_per_backend(timed):
    cells = [
        timed.cell(scheme, level, backend=backend)
        for backend, gain in (("one 1", 0.5), ("two 2", 2.0))
        for scheme, level in (("float32", 1e6), ("int8", gain * 1e6))
    ]
    said = findings(timed.report(*cells))
    assert said[0].startswith("int8 is faster than float32 here: tiny.int8.tflite (one 1")
    assert said[1].startswith("int8 is slower than float32 here: tiny.int8.tflite (two 2")


@pytest.mark.parametrize(
    "changes", [{"threads": 2}, {"backend": "x"}, {"device": "gpu"}, {"precision": "bf16"}]
)
def test_only_cells_that_are_alike_in_all_else_are_held_against_each_other(timed, changes):
    cells = timed.cell("int8", 3e6, **changes), timed.cell("float32", 1e6)
    assert beside_float32(cells) == []


def test_a_difference_below_two_per_cent_is_none(timed):
    said = findings(timed.report(timed.cell("int8", 1_003_000), timed.cell("float32", 1e6)))
    assert said[0].startswith("int8 takes as long as float32 here, within 2%")


def test_what_cannot_be_told_is_not_ranked(timed):
    loud = [1e6, 1.5e6] * 4
    report = timed.report(timed.cell("int8", loud), timed.cell("float32", loud[::-1]))
    said = findings(report)
    assert "not to be told apart from float32" in said[0]
    assert "not to be told apart from" in said[1]


def test_one_cell_has_nothing_to_be_compared_with(timed):
    assert findings(timed.report(timed.cell())) == []
    assert findings(timed.report()) == []


def test_what_is_not_valid_is_said_once_with_its_remedy(timed):
    few = [timed.cell(s, 1e6, windows=2) for s in ("int8", "float16")]
    said = findings(timed.report(*few))
    assert said[-1].startswith("UNSTEADY: tiny.int8.tflite (fake 1, 1 thread) and 1 more: ")
    assert said[-1].count("; ") >= 1


def test_the_stages_are_held_against_the_whole(timed):
    names = ("decode", "detect", "crop", "infer", "decide", "end to end")
    cells = [timed.cell("int8", 5e6 if n == "end to end" else 1e6, stage=n) for n in names]
    (line,) = [line for line in findings(timed.report(*cells)) if "add up to" in line]
    assert line.startswith("tiny.int8.tflite (fake 1, 1 thread): the stages add up to")
    assert "in none of them" in line
