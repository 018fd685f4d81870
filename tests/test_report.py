import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgeface.board import Board, State
from edgeface.errors import ReportError
from edgeface.report import Cell, Method, Report, Skipped, Window

STATE = State("ondemand", 1800.0, 51.5, 0.25, 3_000_000_000, 0x50000)
BOARD = Board(
    "Raspberry Pi 4 Model B Rev 1.1", "Cortex-A72", "aarch64", 64, 4, 4, 1800.0, 4 * 10**9,
    "Debian GNU/Linux 12 (bookworm)", "6.6", "3.11.2", {"numpy": "2.4.0"},
)  # fmt: skip


def cell(*windows: list[int], **changes: object) -> Cell:
    taken = tuple(Window(0, 1000 * i, tuple(w)) for i, w in enumerate(windows))
    made = Cell(
        "tiny.int8.tflite", "0" * 64, 1000, "tflite", "int8", "fake 1", "cpu", 1, "infer",
        "uint8 (1, 32, 32, 1)", 5_000_000, 2_000_000, taken,
    )  # fmt: skip
    return replace(made, **changes)


def steady(level: int, n: int = 20) -> list[int]:
    return [level + i for i in range(n)]


def report(*cells: Cell) -> Report:
    method = Method(seconds=3.0, samples=None, least=64, windows=4)
    skipped = (Skipped("tiny.int8.onnx", "onnx", "int8", "not installed", "pip install x"),)
    created = "2026-01-02T03:04:05+00:00"
    return Report(
        2, created, "0.1.0", "tiny", BOARD, STATE, STATE, method, False, cells, skipped
    )  # fmt: skip


def test_a_report_reads_back_what_it_wrote():
    wrote = report(cell(steady(1000), steady(1001)), cell(scheme=None))
    assert Report.from_json(wrote.to_json(), "x.bench.json") == wrote


def test_samples_are_kept_in_order_and_none_is_dropped():
    taken = cell([5, 1], [9_000_000_000, 2])
    back = Report.from_json(report(taken).to_json(), "x").cells[0]
    assert back.samples_ns == (5, 1, 9_000_000_000, 2)


def test_the_samples_of_a_window_stand_on_one_line_and_text_is_left_alone():
    told = cell([10, 20, 30], problem="it said [\n 1,\n 2\n ]")
    text = report(told).to_json()
    assert '"samples_ns": [ 10, 20, 30 ]' in text
    assert Report.from_json(text, "x").cells == (told,)


def test_a_file_of_schema_1_still_loads(fixtures: Path):
    old = Report.load(fixtures / "report-schema1.bench.json")
    assert (old.schema, old.method.processes, old.method.mode) == (2, 1, "seconds")
    assert (old.cold, old.memory, old.energy, old.command, old.notes) == ((),) * 5
    assert [len(c.samples_ns) for c in old.cells] == [80, 80]
    assert old.cells[0].windows[0].state is None
    assert (old.cells[0].placed, old.cells[0].precision) == ("", "")
    assert old.before.memory_pressure_pct is None
    assert Report.from_json(old.to_json(), "again") == old


@pytest.mark.parametrize(
    ("samples", "mode"), [(512, "quick"), (4096, "default"), (None, "seconds")]
)
def test_what_schema_1_was_asked_for_is_told_by_its_samples(fixtures: Path, samples, mode):
    data = json.loads((fixtures / "report-schema1.bench.json").read_text())
    data["method"]["samples"] = samples
    assert Report.from_json(json.dumps(data), "x").method.mode == mode


def test_a_file_of_schema_2_has_all_that_schema_2_can_say(fixtures: Path):
    held = Report.load(fixtures / "report-schema2.bench.json")
    first = held.cells[0]
    assert {w.process for w in first.windows} == {0, 1}
    assert first.windows[0].state is not None
    assert first.windows[0].state.clock_mhz == 1800
    assert held.cold[0].totals_ns == (410_000_000, 402_000_000)
    assert held.energy[0].watts == pytest.approx(3.5)
    assert held.memory[0].model_bytes == 2_000_000
    assert held.method.mode == "official"
    assert held.to_json() == (fixtures / "report-schema2.bench.json").read_text()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(schema=3), "schema 3 is not one"),
        (lambda d: d.update(schema=True), "schema True is not one"),
        (lambda d: d.update(schema=1), 'unknown key "(cold|energy)" in a report of schema 1'),
        (lambda d: d.pop("schema"), "schema None"),
        (lambda d: d.update(median_ms=3), 'unknown key "median_ms"'),
        (lambda d: d.pop("method"), 'key "method" is missing'),
        (lambda d: d["board"].update(cores="4"), "board: cores"),
        (lambda d: d["cells"][0]["windows"][0].update(samples_ns=[1, -1]), "negative"),
        (lambda d: d["cells"][0]["windows"][0].update(samples_ns=[]), "without samples"),
        (lambda d: d["cells"][0]["windows"][0].update(samples_ns=[1.5]), "samples_ns"),
        (lambda d: d["method"].update(order="sorted"), "shuffled"),
    ],
)
def test_anything_else_is_an_error_that_names_the_place(change, said):
    data = json.loads(report(cell(steady(1000))).to_json())
    change(data)
    with pytest.raises(ReportError, match=said) as caught:
        Report.from_json(json.dumps(data), "x.bench.json")
    assert "x.bench.json" in str(caught.value)


def test_a_file_that_is_missing_or_no_text_is_an_error(tmp_path: Path):
    with pytest.raises(ReportError, match="cannot be read"):
        Report.load(tmp_path / "none.bench.json")
    (tmp_path / "x.bench.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ReportError, match="cannot be read"):
        Report.load(tmp_path / "x.bench.json")


def test_quantiles_are_in_milliseconds_and_only_where_the_sample_supports_them():
    taken = cell([n * 1_000_000 for n in range(1, 101)])
    assert taken.quantile_ms(0.5) == 50
    assert taken.quantile_ms(0.9) == 90
    assert taken.quantile_ms(0.95) is None
    assert taken.interval_ms(0.5) == (40, 61)
    assert cell([1, 2, 3]).interval_ms(0.5) is None


def test_a_steady_cell_is_valid():
    verdict = cell(*[steady(1000)] * 8).verdict()
    assert (verdict.word, verdict.reason) == ("VALID", "")


@pytest.mark.parametrize(("factor", "way"), [(1.2, "20% slower"), (0.8, "20% faster")])
def test_drift_is_unsteady_and_says_which_way(factor, way):
    levels = [100_000] * 4 + [int(100_000 * factor)] * 4
    verdict = cell(*[steady(level) for level in levels]).verdict()
    assert verdict.word == "UNSTEADY"
    assert way in verdict.reason


def test_drift_below_the_rule_is_valid():
    levels = [100_000] * 4 + [104_000] * 4
    assert cell(*[steady(level) for level in levels]).verdict().word == "VALID"


def test_drift_that_the_intervals_do_not_show_is_valid():
    noisy = [[100, 300] * 6, [100, 300] * 6, [110, 300, 320] * 4, [110, 300, 320] * 4]
    assert cell(*noisy).verdict().word == "VALID"


@pytest.mark.parametrize(("off", "word"), [(2, "UNSTEADY"), (1, "VALID")])
def test_windows_that_jump_are_unsteady_though_halves_agree(off, word):
    levels = ([1000] * (5 - off) + [1500] * off) * 2
    verdict = cell(*[steady(level) for level in levels]).verdict()
    assert verdict.word == word
    assert verdict.reason == ("4 of 10 windows are over 10% off the median" if off == 2 else "")


def test_one_disturbed_window_of_eight_is_borne():
    levels = [1000] * 3 + [5000] + [1000] * 4
    assert cell(*[steady(level) for level in levels]).verdict().word == "VALID"


@pytest.mark.parametrize("windows", [[], [steady(1000)] * 3, [[1000] * 5] * 8])
def test_too_few_samples_or_windows_are_no_valid_figure(windows):
    verdict = cell(*windows).verdict()
    assert verdict.word == "UNSTEADY"
    assert "too little to tell" in verdict.reason


def test_a_long_tail_alone_is_valid():
    window = [1000] * 18 + [90_000, 80_000]
    assert cell(*[window] * 8).verdict().word == "VALID"
