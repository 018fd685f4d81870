import json
from dataclasses import replace

from edgeface import records
from edgeface.bench import tables, words
from edgeface.bench.against import hold_against
from edgeface.bench.kept import check
from edgeface.bench.limits import parse
from edgeface.bench.marked import code, markdown, plain
from edgeface.bench.summary import as_data
from edgeface.report import ColdStart, Energy, Memory, Skipped


def column(made: tables.Table, name: str) -> list[str]:
    head, rows = made
    return [row[head.index(name)] for row in rows]


def test_tails_have_a_column_only_where_a_sample_supports_them(timed):
    few = tables.cells(timed.report(timed.cell(n=6)))
    assert not [name for name in few[0] if name.startswith(("p90", "p95", "p99"))]
    both = tables.cells(timed.report(timed.cell(n=6), timed.cell(n=100)))
    assert column(both, "p99 ms")[0] == words.NOTHING
    assert column(both, "p99 ms")[1].startswith("1.0")
    assert column(both, "n") == ["48", "800"]


def test_a_stage_has_a_column_where_there_are_several(timed):
    assert "stage" not in tables.cells(timed.report(timed.cell()))[0]
    staged = timed.report(timed.cell(), timed.cell(stage="decode", load_ns=0))
    assert column(tables.cells(staged), "stage") == ["infer", "decode"]
    assert len(tables.opening(staged)[1]) == 1
    kept = timed.cell(input="7 photographs, 1 faces each", load_ns=9)
    made = tables.opening(timed.report(kept, timed.cell(), timed.cell(stage="invoke")))
    assert column(made, "load ms") == ["5.000"]


def test_device_and_precision_are_named_where_they_are_not_the_usual_ones(timed):
    made = tables.cells(timed.report(timed.cell(device="gpu", precision="bf16"), timed.cell()))
    assert column(made, "backend") == ["fake 1 gpu bf16", "fake 1"]


def test_what_was_not_measured_stands_last_with_its_remedy(timed):
    skipped = (Skipped("tiny.int8.onnx", "onnx", "int8", "no runtime", "pip install x"),)
    made = tables.cells(timed.report(timed.cell(), skipped=skipped))
    assert made[1][-1][0] == "tiny.int8.onnx"
    assert made[1][-1][-1] == "not measured: no runtime; pip install x"
    assert len({len(row) for row in [made[0], *made[1]]}) == 1


def full(timed):
    cell = timed.cell("int8", placed="XNNPACK 9 of 11 nodes")
    starts = tuple((10**8 * n, 10**8) for n in range(1, 8))
    return timed.report(
        cell,
        timed.cell("float32", 2e6),
        cold=(ColdStart(cell.file, "fake 1", 1, ("interpreter", "open"), starts),),
        memory=(Memory(cell.file, "fake 1", 1, 30_000_000, 2_000_000, 1_000_000, 40_000_000),),
        energy=(Energy("RAPL package-0", 2.0, 4.0, 0, 1000), Energy("PMIC", 3.0, 6.0)),
        notes=("one process died",),
    )


def test_costs_have_tables_of_their_own(timed):
    report = full(timed)
    assert column(tables.cold(report), "p50 ms") == ["500.0"]
    assert column(tables.cold(report), "interpreter ms") == ["400.0"]
    assert column(tables.cold(report), "range") == ["200.0 to 800.0"]
    assert column(tables.memory(report), "peak") == ["40.0 MB"]
    assert column(tables.energy(report), "mJ a call") == ["2", words.NOTHING]
    assert column(tables.energy(report), "during")[1] == "the whole run"


def test_markdown_is_a_table_with_board_verdict_and_command(timed):
    text = markdown(full(timed))
    lines = text.splitlines()
    assert lines[0].startswith("| file | size | backend | threads | n | p50 ms |")
    assert set(lines[1]) <= set("|-:")
    assert lines[1].count("|") == lines[0].count("|")
    assert lines[2].endswith(" VALID |")
    assert "Board: Raspberry Pi 4 Model B Rev 1.1" in text
    assert "Repeat: `edgeface bench bundles/tiny --quick`" in text
    assert "XNNPACK 9 of 11 nodes" in text
    assert "one process died" in text
    assert "- int8 is faster than float32 here" in text
    for title in ("Cold start", "Memory of a process", "Energy"):
        assert title in text


def test_names_are_text_in_markdown(timed):
    cell = timed.cell(file="a|b`*<i>.tflite")
    lines = markdown(timed.report(cell)).splitlines()
    assert lines[2].startswith(r"| a\|b\`\*\<i\>.tflite |")
    assert plain("a\nb|") == r"a b\|"
    assert code("a `b` c") == "``a `b` c``"
    assert code("`b`") == "`` `b` ``"


def test_json_has_statistics_samples_and_what_was_asked_for(timed):
    report = full(timed)
    against = hold_against(report, timed.report(timed.cell("int8", 5e5)), "old.bench.json")
    kept = check([parse("p50>1ns"), parse("ratio>9")], report, against.ratios)
    data = json.loads(records.to_json(as_data(report, against, kept)))
    cell = data["cells"][0]
    assert cell["n"] == len(cell["samples_ns"]) == 160
    assert cell["p95_ms"] is not None
    assert (cell["p99_ms"], cell["p99_interval_ms"]) == (None, None)
    assert cell["placed"] == "XNNPACK 9 of 11 nodes"
    assert cell["verdict"] == "VALID"
    (beside,) = data["beside_float32"]
    assert (beside["cell"], beside["float32"], beside["way"]) == (0, 1, "faster")
    assert data["against"]["cells"][0]["way"] == "slower"
    assert data["against"]["only_now"] == ["tiny.float32.tflite (fake 1, 1 thread)"]
    assert data["limits"]["kept"] is False
    assert [m["limit"] for m in data["limits"]["missed"]] == ["p50>1ns", "p50>1ns"]
    assert data["cold"][0]["totals_ms"] == [100.0 * n + 100 for n in range(1, 8)]


def test_json_of_a_plain_run_has_no_empty_promises(timed):
    data = as_data(replace(timed.report(timed.cell()), cells=(timed.cell(windows=0),)))
    assert "against" not in data
    assert "limits" not in data
    assert data["cells"][0]["p50_ms"] is None


def test_figures_are_worded_alike():
    assert [words.milliseconds(v) for v in (0.01567, 2.3456, 23.456, 123.4)] == [
        "0.0157", "2.346", "23.46", "123.4",
    ]  # fmt: skip
    assert [words.size(v) for v in (183_400, 2_100_000, 3e9)] == ["183.4 kB", "2.1 MB", "3.0 GB"]
