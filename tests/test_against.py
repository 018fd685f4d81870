from dataclasses import replace

import pytest

from edgeface.bench.against import differences, hold_against, said_of
from edgeface.errors import ReportError


def test_ratios_go_both_ways_and_what_cannot_be_told_says_so(timed):
    loud = [1e6, 1.5e6] * 4
    before = timed.report(
        timed.cell("int8", 1e6), timed.cell("float32", 1e6), timed.cell("float16", loud)
    )
    now = timed.report(
        timed.cell("int8", 2e6), timed.cell("float32", 5e5), timed.cell("float16", loud[::-1])
    )
    against = hold_against(now, before, "old.bench.json")
    assert [r.way for r in against.ratios.values()] == ["slower", "faster", "no change to be told"]
    assert against.ratios[0].value == pytest.approx(2, rel=0.02)
    assert against.same_board
    assert against.differences == ()
    said = said_of(now, against)
    assert said[0].startswith("slower: tiny.int8.tflite (fake 1, 1 thread) takes ")
    assert len(said) == 3


def test_another_version_of_the_backend_is_the_same_cell_and_other_bytes_are_said(timed):
    before = timed.report(timed.cell("int8"))
    now = timed.report(timed.cell("int8", backend="fake 2", sha256="f" * 64))
    against = hold_against(now, before, "old")
    assert against.other_bytes == (0,)
    assert "of a file with other bytes" in said_of(now, against)[0]


def test_what_only_one_of_them_has_is_listed(timed):
    before = timed.report(timed.cell("int8"), timed.cell("float32"))
    now = timed.report(timed.cell("int8"), timed.cell("int8", threads=2))
    said = said_of(now, hold_against(now, before, "old"))
    assert said[-2:] == [
        "not in the older report: tiny.int8.tflite (fake 1, 2 threads)",
        "not measured now: tiny.float32.tflite (fake 1, 1 thread)",
    ]


def test_nothing_in_common_is_an_error_that_names_what_there_is(timed):
    with pytest.raises(ReportError, match=r"old has no cell in common.*tiny\.int8"):
        hold_against(timed.report(timed.cell("float32")), timed.report(timed.cell("int8")), "old")
    with pytest.raises(ReportError, match="no cell"):
        hold_against(timed.report(timed.cell()), timed.report(), "old")


def test_another_machine_is_told_from_another_setting(timed):
    now = timed.report(timed.cell())
    board = replace(now.board, packages={"numpy": "2.5.0", "new": "1"}, kernel="6.7")
    setting = replace(
        now,
        board=board,
        before=replace(now.before, governor="performance"),
        method=replace(now.method, processes=1),
    )
    told = [str(d) for d in differences(setting, now)]
    assert told == [
        "kernel was 6.6, is 6.7",
        "package new was not told, is 1",
        "package numpy was 2.4.0, is 2.5.0",
        "governor was ondemand, is performance",
        "method's processes was 2, is 1",
    ]
    assert hold_against(setting, now, "old").same_board
    moved = replace(now, board=replace(now.board, model="Raspberry Pi 5", cpu="Cortex-A76"))
    against = hold_against(moved, now, "old")
    assert not against.same_board
    assert any(line.startswith("another machine") for line in said_of(moved, against))


def test_a_little_more_or_less_main_memory_is_the_same_machine(timed):
    now = timed.report(timed.cell())
    for bytes_, same in ((4_010_000_000, True), (8_000_000_000, False), (None, False)):
        other = replace(now, board=replace(now.board, memory_bytes=bytes_))
        assert (differences(other, now) == ()) is same
