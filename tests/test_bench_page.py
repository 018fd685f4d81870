import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

import pytest

from edgeface.bench.against import hold_against
from edgeface.bench.page import html
from edgeface.bench.page.axis import Axis
from edgeface.bench.page.drawing import clouds, over_time, shares
from edgeface.report import Conditions


def drawn(svg: str) -> ET.Element:
    """The drawing as XML; attributes without quotation marks are HTML's."""
    return ET.fromstring(re.sub(r"=([\w-]+)(?=[\s/>])", r'="\1"', svg))


def points(svg: str) -> list[tuple[float, float]]:
    found = re.search(r'class=step points="([^"]+)"', svg)
    assert found is not None
    return [tuple(map(float, pair.split(","))) for pair in found[1].split()]


def test_the_page_is_whole_and_takes_nothing_from_elsewhere(timed):
    report = timed.report(timed.cell("int8"), timed.cell("float32", 2e6), notes=("a <note>",))
    old = timed.report(timed.cell("int8", 5e5))
    page = html(report, hold_against(report, old, "old.bench.json"))
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    for forbidden in ("<script", "http://", "https://", "url(", "src="):
        assert forbidden not in page
    assert page.count("<svg") == 1 + 2 * 2
    assert page.count("VALID") >= 4
    assert "Int8 is faster than float32 here" in page
    assert "Against old.bench.json" in page
    assert "Slower: tiny.int8.tflite" in page
    assert "edgeface bench bundles/tiny --quick" in page
    assert "a &lt;note&gt;" in page
    assert "ondemand" in page


def test_whatever_a_file_is_called_is_text(timed):
    name = '"><script>alert(1)</script>&.tflite'
    cell = timed.cell(file=name, backend="<b>x", problem="<i>", placed="<u>")
    report = timed.report(cell, subject="<s>", command=("edgeface", "<em>"))
    page = html(report)
    for tag in ("<script", "<b>x", "<i>", "<u>", "<s>", "<em>"):
        assert tag not in page
    assert "&lt;script&gt;" in page


def test_a_report_without_samples_has_a_page(timed):
    page = html(timed.report(timed.cell(windows=0)))
    assert "UNSTEADY" in page
    assert "<svg" not in page


def test_every_drawing_is_well_formed(timed):
    cells = [timed.cell("a<b&"), timed.cell("float32", 2e6, n=400)]
    drawn(clouds(cells))
    for cell in cells:
        drawn(shares(cell))
        drawn(over_time(cell, cell.windows[0].started_ns))


def test_the_distribution_rises_from_nothing_to_all_and_marks_what_is_supported(timed):
    svg = shares(timed.cell(n=10))  # 80 samples: p50 and p90
    stairs = points(svg)
    assert stairs[0] == (0, 200)
    assert stairs[-1] == (460, 0)
    assert all(b[0] >= a[0] and b[1] <= a[1] for a, b in pairwise(stairs))
    assert [mark for mark in ("p50", "p90", "p95", "p99") if f">{mark}</text>" in svg] == [
        "p50", "p90",
    ]  # fmt: skip
    assert ">p99</text>" in shares(timed.cell(n=100))


def test_a_single_slow_call_is_in_every_drawing(timed):
    usual, slow = timed.cell(n=300), 80_000_000
    first, *others = usual.windows
    taken = replace(usual, windows=(replace(first, samples_ns=(*first.samples_ns, slow)), *others))
    assert ">50</text>" not in shares(usual)
    assert ">50</text>" in shares(taken)
    assert ">50</text>" in clouds([taken])
    top = [float(y) for y in re.findall(r' y2="([\d.]+)"', over_time(taken, 10**9))]
    assert min(y for y in top if y) < 5  # its stroke reaches the upper end


def test_windows_are_coloured_by_process_and_say_how_the_machine_was(timed):
    cell = timed.cell()
    first, *others = cell.windows
    state = Conditions(clock_mhz=1500.0)
    svg = over_time(replace(cell, windows=(replace(first, state=state), *others)), 10**9)
    assert svg.count('"turn p0') == svg.count('"turn p1') == 4
    assert "window 1, process 0, 1500 MHz" in svg
    at = [float(x) for x in re.findall(r'circle cx="([\d.]+)"', svg)]
    assert at == sorted(at)
    assert max(at) <= 460


@pytest.mark.parametrize(
    ("values", "least"),
    [([0.1, 90.0], 3), ([1.0, 1.05], 3), ([1.0, 1.0], 1), ([0.0, 0.0], 1), ([5.0, 6.0], 3)],
)
def test_an_axis_has_round_ticks_within_it_however_short_it_is(values, least):
    axis = Axis.around(values, 460)
    ticks = axis.ticks()
    assert least <= len(ticks) <= 9
    assert ticks == sorted(set(ticks))
    assert all(0 <= axis.at(tick) <= 460 for tick in ticks)
    assert axis.at(axis.low_ms) == pytest.approx(0)
    assert axis.at(axis.high_ms) == pytest.approx(460)
