"""Repeating a report: does a cell's median come out the same, on the very same bytes?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeface import sealed
from edgeface.bench import words
from edgeface.bench.ratio import Change, Ratio, ratio
from edgeface.report import Cell, Report

MARGIN = 0.05
_SUFFIXES = (".tflite", ".onnx")


@dataclass(frozen=True, slots=True)
class Repeated:
    """A cell of an old report, measured again.

    Attributes:
        cell: As it was.
        now_ms: Its median now; None where it was not measured.
        ratio: Now over then.
        word: Whether it reproduces within `MARGIN`.
        reason: Why it cannot be told; empty where it can.
    """

    cell: Cell
    now_ms: float | None
    ratio: Ratio | None
    word: Change
    reason: str = ""


def find_files(wanted: Sequence[Cell], places: Sequence[Path]) -> dict[str, Path]:
    """The files of cells, by their bytes, whatever they are called now.

    Args:
        wanted: Cells of a report.
        places: Files, and folders whose model files are looked at; the first that fits is taken.

    Returns:
        SHA-256 → file, of those that were found.
    """
    sizes = {cell.size_bytes for cell in wanted}
    sums = {cell.sha256 for cell in wanted}
    found: dict[str, Path] = {}
    for path in (file for place in places for file in _models(place)):
        if path.stat().st_size in sizes and (digest := sealed.sha256(path)) in sums:
            found.setdefault(digest, path)
    return found


def _models(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        return []
    return sorted(p for p in place.iterdir() if p.suffix in _SUFFIXES and p.is_file())


def judge(before: Report, now: Report, reasons: dict[str, str] | None = None) -> list[Repeated]:
    """Hold what was measured again against an old report, cell by cell.

    Args:
        before: The old report.
        now: The new one, of the same files.
        reasons: SHA-256 of a file that was not measured → why.

    Returns:
        One for every cell of the old report.
    """
    newer = {_key(cell): cell for cell in now.cells}
    return [_one(before, now, cell, newer.get(_key(cell)), reasons or {}) for cell in before.cells]


def _one(
    before: Report, now: Report, cell: Cell, again: Cell | None, reasons: dict[str, str]
) -> Repeated:
    if again is None:
        why = reasons.get(cell.sha256, "it was not measured again")
        return Repeated(cell, None, None, "cannot tell", why)
    found, now_ms = ratio(again, cell, paired=False), again.quantile_ms(0.5)
    for report, one, when in ((before, cell, "then"), (now, again, "now")):
        if report.verdict(one).word == "INVALID":
            why = f"it was INVALID {when}: {report.verdict(one).reason}"
            return Repeated(cell, now_ms, found, "cannot tell", why)
    if found is None or found.low is None:
        return Repeated(cell, now_ms, found, "cannot tell", "too few samples")
    word = found.within(MARGIN)
    why = f"the interval is on both sides of {MARGIN:.0%}" if word == "cannot tell" else ""
    return Repeated(cell, now_ms, found, word, why)


def _key(cell: Cell) -> tuple[object, ...]:
    family = cell.backend.split(" ")[0]
    return (cell.sha256, family, cell.device, cell.precision, cell.threads, cell.stage)


def table(done: Sequence[Repeated]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows."""
    head = ("file", "backend", "threads", "stage", "then ms", "now ms", "times", "95 %", "")
    return head, [_row(one) for one in done]


def _row(one: Repeated) -> tuple[str, ...]:
    cell, found = one.cell, one.ratio
    times = words.NOTHING if found is None else f"{found.value:.3f}"
    interval = words.NOTHING
    if found is not None and found.low is not None and found.high is not None:
        interval = f"{found.low:.3f} to {found.high:.3f}"
    word = f"{one.word}: {one.reason}" if one.reason else one.word
    then, now = words.ms(cell.quantile_ms(0.5)), words.ms(one.now_ms)
    how = (cell.file, words.runtime(cell), str(cell.threads), cell.stage)
    return (*how, then, now, times, interval, word)
