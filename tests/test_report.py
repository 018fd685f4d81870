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
        1, created, "0.1.0", "tiny", BOARD, STATE, STATE, method, False, cells, skipped
    )  # fmt: skip


def test_a_report_reads_back_what_it_wrote():
    wrote = report(cell(steady(1000), steady(1001)), cell(scheme=None))
    assert Report.from_json(wrote.to_json(), "x.bench.json") == wrote


def test_samples_are_kept_in_order_and_none_is_dropped():
    taken = cell([5, 1], [9_000_000_000, 2])
    back = Report.from_json(report(taken).to_json(), "x").cells[0]
    assert back.samples_ns == (5, 1, 9_000_000_000, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(schema=2), "schema 2 is not one"),
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
