import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from edgeface.bench.repeat import find_files, judge, table
from edgeface.report import Report
from edgeface.report.verdict import Verdict


def words(before, now, **more):
    return [one.word for one in judge(before, now, **more)]


@pytest.mark.parametrize(
    ("level", "word"), [(1e6, "reproduced"), (1.02e6, "reproduced"), (1.2e6, "differs")]
)
def test_within_five_per_cent_is_reproduced_and_far_outside_differs(timed, level, word):
    before, now = timed.report(timed.cell(n=40)), timed.report(timed.cell(level_ns=level, n=40))
    assert words(before, now) == [word]
    assert words(now, before) == [word]


def test_what_varies_too_much_cannot_be_told_and_says_so(timed):
    loud = [1e6, 1.3e6] * 4
    (one,) = judge(timed.report(timed.cell(level_ns=loud)), timed.report(timed.cell()))
    assert one.word == "cannot tell"
    assert "both sides of 5%" in one.reason


def test_a_file_is_told_by_its_bytes_and_a_runtime_by_its_name(timed):
    before = timed.report(timed.cell("int8"))
    renamed = timed.cell("int8", file="other.tflite", backend="fake 2")
    assert words(before, timed.report(renamed)) == ["reproduced"]
    changed = timed.cell("int8", sha256="f" * 64)
    (one,) = judge(before, timed.report(changed), {before.cells[0].sha256: "not found"})
    assert (one.word, one.reason, one.ratio) == ("cannot tell", "not found", None)


def test_few_samples_and_invalid_ones_cannot_be_told(timed, monkeypatch):
    before, few = timed.report(timed.cell()), timed.report(timed.cell(windows=2))
    assert [one.reason for one in judge(before, few)] == ["too few samples"]
    word = Verdict("INVALID", "throttled", "cool it")
    monkeypatch.setattr(Report, "verdict", lambda self, cell: word)
    (one,) = judge(before, before)
    assert (one.word, one.reason) == ("cannot tell", "it was INVALID then: throttled")


def test_the_table_has_both_medians_and_the_word(timed):
    head, rows = table(judge(timed.report(timed.cell()), timed.report(timed.cell(level_ns=2e6))))
    assert len(head) == len(rows[0])
    assert rows[0][-1] == "differs"
    assert rows[0][4].startswith(("0.99", "1.00"))
    assert rows[0][6].startswith(("1.99", "2.0"))


def test_files_are_found_by_their_sum_wherever_they_lie(timed, tmp_path: Path):
    (tmp_path / "bundle").mkdir()
    for name, data in (("renamed.tflite", b"one"), ("x.onnx", b"two"), ("notes.txt", b"one")):
        (tmp_path / "bundle" / name).write_bytes(data)
    wanted = [
        replace(timed.cell(), sha256=hashlib.sha256(data).hexdigest(), size_bytes=3)
        for data in (b"one", b"two", b"six")
    ]
    found = find_files(wanted, [tmp_path / "none", tmp_path / "bundle"])
    assert found == {
        wanted[0].sha256: tmp_path / "bundle" / "renamed.tflite",
        wanted[1].sha256: tmp_path / "bundle" / "x.onnx",
    }
    assert find_files(wanted, [tmp_path / "bundle" / "x.onnx"]).keys() == {wanted[1].sha256}
