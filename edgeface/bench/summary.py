"""What a latency report says in words and in the JSON of ``edgeface bench``."""

from typing import Any

from edgeface import records
from edgeface.report import Cell, Report


def as_data(report: Report) -> dict[str, Any]:
    """The report with the statistics beside the samples, in milliseconds; ready for JSON."""
    plain = records.plain(report)
    return {
        **{key: value for key, value in plain.items() if key not in ("schema", "cells")},
        "cells": [_cell(cell) for cell in report.cells],
        "findings": findings(report),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    verdict, interval = cell.verdict(), cell.interval_ms(0.5)
    return {
        "file": cell.file,
        "format": cell.format,
        "scheme": cell.scheme,
        "backend": cell.backend,
        "device": cell.device,
        "threads": cell.threads,
        "size_bytes": cell.size_bytes,
        "input": cell.input,
        "n": len(cell.samples_ns),
        "p50_ms": cell.quantile_ms(0.5),
        "p50_interval_ms": None if interval is None else list(interval),
        "p90_ms": cell.quantile_ms(0.9),
        "p95_ms": cell.quantile_ms(0.95),
        "p99_ms": cell.quantile_ms(0.99),
        "load_ms": cell.load_ns / 1e6,
        "first_ms": cell.first_ns / 1e6,
        "verdict": verdict.word,
        "reason": verdict.reason,
        "samples_ns": list(cell.samples_ns),
    }


def findings(report: Report) -> list[str]:
    """Sentences: which smaller files are slower than float32; which cell is the fastest."""
    timed = sorted(_timed(report.cells), key=lambda pair: pair[1])
    said = [line for cell, ms in timed if (line := _slower(cell, ms, timed))]
    if len(timed) > 1:
        said.append(_fastest(timed))
    return said


def _timed(cells: tuple[Cell, ...]) -> list[tuple[Cell, float]]:
    pairs = ((cell, cell.quantile_ms(0.5)) for cell in cells)
    return [(cell, ms) for cell, ms in pairs if ms is not None]


def _slower(cell: Cell, ms: float, timed: list[tuple[Cell, float]]) -> str | None:
    if cell.scheme == "float32":
        return None
    for other, other_ms in timed:
        alike = (other.format, other.backend, other.threads) == (
            cell.format,
            cell.backend,
            cell.threads,
        )
        if alike and other.scheme == "float32" and ms > other_ms and _apart(other, cell):
            taken = f"{cell.label} takes {milliseconds(ms)} ms, {ms / other_ms:.2f} times as long"
            return f"{cell.scheme} is slower than float32 here: {taken} as {other.file}"
    return None


def _fastest(timed: list[tuple[Cell, float]]) -> str:
    (best, best_ms), (next_best, next_ms), (slowest, slowest_ms) = timed[0], timed[1], timed[-1]
    text = f"fastest here: {best.label}, p50 {milliseconds(best_ms)} ms: "
    if _apart(best, next_best):
        text += f"{next_ms / best_ms:.2f} times as fast as the next, {next_best.label}"
    else:
        text += f"not to be told apart from {next_best.label}, {milliseconds(next_ms)} ms"
    if slowest is not next_best:
        text += f"; {slowest_ms / best_ms:.2f} times as fast as the slowest, {slowest.label}"
    return text


def milliseconds(value: float) -> str:
    """Four digits that count, and no more than 0.1 microseconds."""
    return f"{value:.{4 if value < 1 else 3 if value < 10 else 2 if value < 100 else 1}f}"


def _apart(faster: Cell, slower: Cell) -> bool:
    """Whether the 95 % intervals of the medians do not meet."""
    one, two = faster.interval_ms(0.5), slower.interval_ms(0.5)
    return one is not None and two is not None and one[1] < two[0]
