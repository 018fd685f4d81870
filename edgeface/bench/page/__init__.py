"""The page of a latency report: one file without scripts and without anything from elsewhere."""

import html as escaping
from collections.abc import Sequence

from edgeface.bench import tables, words
from edgeface.bench.against import Against, said_of
from edgeface.bench.findings import findings
from edgeface.bench.page.drawing import clouds, over_time, shares
from edgeface.bench.page.style import LOOKS, STYLE
from edgeface.board import State, describe
from edgeface.markup import table, whole
from edgeface.report import Cell, Report


def html(report: Report, against: Against | None = None) -> str:
    """The whole page."""
    title = f"Latency: {report.subject}"
    timed = [cell for cell in report.cells if cell.samples_ns]
    parts = [
        f"<h1>{escaping.escape(title)}</h1>",
        f"<p class=lead>{escaping.escape(describe(report.board, report.before))}</p>",
        _how(report),
        _said(findings(report)),
        table(*tables.cells(report)),
        "<p class=faint>A percentile is given where there are samples enough for it: 64 for p90, "
        "130 for p95, 662 for p99. Intervals: 95 %.</p>",
        *(_stage(stage, timed) for stage in dict.fromkeys(cell.stage for cell in timed)),
        _against(report, against),
        _cells(report, timed),
        _section("Opening", tables.opening(report)),
        _section(
            "Cold start, from the start of a process to its first result", tables.cold(report)
        ),
        _section("Memory of a process of its own", tables.memory(report)),
        _section("Energy, of all that the counter sees", tables.energy(report)),
        _board(report),
    ]
    return whole(title, "\n".join(part for part in parts if part), STYLE)


def _how(report: Report) -> str:
    told = f"Measured {report.created} by edgeface {report.edgeface}: {words.method(report)}."
    told += " Stopped before its end; the samples are real." * report.interrupted
    lines = [f"<p class=faint>{escaping.escape(told)}</p>"]
    lines += [f"<p>{escaping.escape(note)}</p>" for note in report.notes]
    if report.command:
        lines.append(f"<pre>{escaping.escape(words.command(report))}</pre>")
    return "".join(lines)


def _said(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    made = "".join(f"<li>{escaping.escape(line[:1].upper() + line[1:])}.</li>" for line in lines)
    return f"<ul class=said>{made}</ul>"


def _stage(stage: str, timed: Sequence[Cell]) -> str:
    cells = [cell for cell in timed if cell.stage == stage]
    return (
        f"<h2>Distributions: {escaping.escape(stage)}</h2>"
        f"<figure class='drawn wide'>{clouds(cells)}</figure>"
        "<p class=faint>All samples, none left out; the height is the root of how many, so that "
        "single slow calls are seen. Strokes: p50 (thick), p90, p95, p99, where supported.</p>"
    )


def _cells(report: Report, timed: Sequence[Cell]) -> str:
    if not timed:
        return ""
    started = min(window.started_ns for cell in timed for window in cell.windows)
    made = "".join(_cell(report, cell, started) for cell in timed)
    note = (
        "Left: the share of calls that took no longer; the band is the interval of the median. "
        "Right: every call at its time, a colour a process, lighter every second window; where "
        "a stroke stands for several calls, it reaches from the shortest to the longest."
    )
    return f"<h2>Cell by cell</h2><p class=faint>{note}</p>{made}"


def _cell(report: Report, cell: Cell, started_ns: int) -> str:
    verdict = report.verdict(cell)
    reason = f": {verdict.reason}" if verdict.reason else ""
    remedy = f" ({verdict.remedy})" if verdict.remedy else ""
    facts = [f"{len(cell.samples_ns):,} samples in {len(cell.windows)} windows", cell.input]
    facts += [f"{len({w.process for w in cell.windows})} processes"]
    facts += [text for text in (cell.placed, cell.problem) if text]
    return (
        f"<section class='cell {LOOKS[verdict.word]}'>"
        f"<h3>{escaping.escape(words.called(cell))}</h3>"
        f"<p><span class=word>{verdict.word}</span>{escaping.escape(reason + remedy)}</p>"
        f"<p class=faint>{escaping.escape(' · '.join(facts))}</p><div class=drawings>"
        f"<figure class=drawn>{shares(cell)}</figure>"
        f"<figure class=drawn>{over_time(cell, started_ns)}</figure></div></section>"
    )


def _against(report: Report, against: Against | None) -> str:
    if against is None:
        return ""
    title = f"Against {against.name}, {against.before.created}"
    return f"<h2>{escaping.escape(title)}</h2>{_said(said_of(report, against))}"


def _section(title: str, made: tables.Table) -> str:
    return f"<h2>{escaping.escape(title)}</h2>{table(*made)}" if made[1] else ""


def _board(report: Report) -> str:
    board, before, after = report.board, report.before, report.after
    rows = [(name, *pair) for name, *pair in _states(before, after)]
    packages = ", ".join(f"{name} {version}" for name, version in sorted(board.packages.items()))
    facts = " · ".join(
        text for text in (board.os, board.kernel, f"Python {board.python}", packages) if text
    )
    return (
        f"<h2>The board, before and after</h2>{table(('', 'before', 'after'), rows)}"
        f"<p class=faint>{escaping.escape(facts)}</p>"
    )


def _states(before: State, after: State) -> list[tuple[str, str, str]]:
    def row(name: str, *pair: str) -> tuple[str, str, str]:
        return (name, pair[0] or words.NOTHING, pair[1] or words.NOTHING)

    def told(value: float | None, unit: str, digits: int = 0) -> str:
        return "" if value is None else f"{value:.{digits}f}{unit}"

    both = (before, after)
    return [
        row("governor", *(state.governor or "" for state in both)),
        row("clock", *(told(state.clock_mhz, " MHz") for state in both)),
        row("temperature", *(told(state.temperature_c, " °C", 1) for state in both)),
        row("load of the last minute", *(told(state.load_1m, "", 2) for state in both)),
        row("memory available", *(_bytes(state.memory_available_bytes) for state in both)),
        row("held back now by", *(", ".join(state.throttled_now) for state in both)),
        row("since boot by", *(", ".join(state.throttled_since_boot) for state in both)),
    ]


def _bytes(count: int | None) -> str:
    return "" if count is None else words.size(count)
