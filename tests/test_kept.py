from dataclasses import replace

import pytest

from edgeface.bench.kept import check
from edgeface.bench.limits import parse
from edgeface.bench.ratio import Ratio
from edgeface.report import ColdStart, Memory, Report
from edgeface.report.verdict import Verdict


def judged(report: Report, *limits: str, ratios: dict[int, Ratio] | None = None):
    return check([parse(text) for text in limits], report, ratios)


def test_a_limit_is_for_every_cell_and_names_those_that_miss_it(timed):
    report = timed.report(timed.cell("int8", 1e6), timed.cell("float32", 3e6))
    kept = judged(report, "p50>2ms")
    assert [m.where for m in kept.missed] == ["tiny.float32.tflite (fake 1, 1 thread)"]
    assert kept.missed[0].said.startswith("p50 3.0")
    assert kept.missed[0].said.endswith(" ms")
    assert not kept.unjudged
    assert not judged(report, "int8: p50>2ms", "p90>4ms").missed


def test_a_quantile_that_the_sample_does_not_support_is_no_pass(timed):
    report = timed.report(timed.cell("int8", 1e6, n=10), timed.cell("float32", 3e6, n=100))
    kept = judged(report, "p99>1s")
    assert not kept.missed
    assert [u.reason for u in kept.unjudged] == [
        "tiny.int8.tflite (fake 1, 1 thread): p99 takes 662 samples, there are 80"
    ]
    assert "--official" in kept.unjudged[0].remedy


def test_load_and_first_are_of_cells_that_opened_a_file(timed):
    staged = timed.cell("int8", stage="decode", load_ns=10**9)
    report = timed.report(timed.cell("int8"), staged)
    kept = judged(report, "load>4ms", "first>1ms")
    assert [m.said for m in kept.missed] == ["load 5.000 ms", "first 2.000 ms"]
    assert not kept.unjudged


def test_memory_and_cold_starts_have_limits_where_they_were_measured(timed):
    starts = tuple((10**8 * n, 10**8) for n in range(1, 8))
    report = timed.report(
        timed.cell(),
        cold=(ColdStart("tiny.int8.tflite", "fake 1", 1, ("interpreter", "open"), starts),),
        memory=(Memory("tiny.int8.tflite", "fake 1", 1, 30_000_000, 1, 1, 140_000_000),),
    )
    kept = judged(report, "peak>130MB", "cold>450ms", "int8: cold>1s")
    assert [m.said for m in kept.missed] == ["peak 140.0 MB", "cold 500.0 ms"]
    few = replace(report, cold=(replace(report.cold[0], starts_ns=starts[:2]),))
    assert "takes 6 cold starts, there are 2" in judged(few, "cold>1s").unjudged[0].reason


@pytest.mark.parametrize(
    ("limit", "remedy"), [("peak>1MB", "--memory"), ("cold>1s", "--cold"), ("ratio>2", "--against")]
)
def test_what_was_not_measured_is_no_pass(timed, limit, remedy):
    kept = judged(timed.report(timed.cell()), limit)
    assert "was not measured" in kept.unjudged[0].reason
    assert remedy in kept.unjudged[0].remedy


def test_a_pattern_for_nothing_is_no_pass_and_names_what_there_is(timed):
    kept = judged(timed.report(timed.cell("int8")), "int4: p50>1s")
    assert "'int4'" in kept.unjudged[0].reason
    assert "tiny.int8.tflite" in kept.unjudged[0].remedy


def test_ratios_are_of_the_cells_that_both_reports_have(timed):
    report = timed.report(timed.cell("int8"), timed.cell("float32"))
    kept = judged(report, "ratio>1.05", ratios={1: Ratio(1.2, 1.1, 1.3)})
    assert [(m.where.split()[0], m.said) for m in kept.missed] == [
        ("tiny.float32.tflite", "ratio 1.200")
    ]


def test_what_is_invalid_keeps_no_limit(timed, monkeypatch):
    word = Verdict("INVALID", "it was throttled", "cool it")
    monkeypatch.setattr(Report, "verdict", lambda self, cell: word)
    (missed,) = judged(timed.report(timed.cell()), "p50>1s").missed
    assert missed.said == "INVALID: it was throttled"
