"""A report as Markdown, ready for a README: table, board, verdicts and the line that repeats it."""

from collections.abc import Sequence

from edgeface.bench import tables, words
from edgeface.bench.against import Against, said_of
from edgeface.bench.findings import findings
from edgeface.board import describe
from edgeface.report import Report


def markdown(report: Report, against: Against | None = None) -> str:
    """The whole of it, to be pasted below a heading."""
    parts = [_table(tables.cells(report)), _facts(report)]
    said = findings(report)
    parts += [_list(said)] if said else []
    for title, made in (
        ("Cold start, from the start of the process to the first result", tables.cold(report)),
        ("Memory of a process of its own", tables.memory(report)),
        ("Energy, of all that the counter sees", tables.energy(report)),
    ):
        parts += [f"{title}:", _table(made)] if made[1] else []
    if against is not None:
        parts += [f"Against {plain(against.name)}, {plain(against.before.created)}:"]
        parts += [_list(said_of(report, against))]
    return "\n\n".join(parts) + "\n"


def _facts(report: Report) -> str:
    facts = [
        f"Board: {describe(report.board, report.before)}.",
        f"Measured {report.created} by edgeface {report.edgeface}: {words.method(report)}.",
    ]
    facts += ["Stopped before its end; the samples are real."] * report.interrupted
    placed = dict.fromkeys(f"{c.file} on {c.backend}: {c.placed}" for c in report.cells if c.placed)
    facts += [f"Computed by: {'; '.join(placed)}."] if placed else []
    facts += list(report.notes)
    lines = [plain(fact) for fact in facts]
    if report.command:
        lines.append(f"Repeat: {code(words.command(report))}")
    return "  \n".join(lines)


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)


def _table(made: tables.Table) -> str:
    head, rows = made
    right = [all(_number(row[at]) for row in rows) for at in range(len(head))]
    rule = "|".join("--:" if number else "---" for number in right)
    lines = [f"| {' | '.join(map(plain, head))} |", f"|{rule}|"]
    lines += [f"| {' | '.join(map(plain, row))} |" for row in rows]
    return "\n".join(lines)


def _number(cell: str) -> bool:
    return cell == words.NOTHING or cell.replace(".", "").replace(",", "").isdigit()


def plain(text: str) -> str:
    """Text that Markdown takes for nothing else: names may hold anything."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def code(text: str) -> str:
    """A span of code; a longer fence where the text has backticks of its own."""
    line = " ".join(text.split())
    fence = "`"
    while fence in line:
        fence += "`"
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"
