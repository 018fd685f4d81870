"""What a report shows, in sentences: what is fastest, and what int8 brings or costs.

Ratios carry the interval of `edgeface.bench.ratio`. Where a smaller file loses against float32 it
is said like everything else.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from edgeface.bench import words
from edgeface.bench.cold import told
from edgeface.bench.ratio import Ratio, ratio
from edgeface.bench.stages import balance
from edgeface.report import Cell, Report

SAME = 0.02  # what is surely less than that is no difference that anybody would notice
Timed = tuple[Cell, float]


def findings(report: Report) -> list[str]:
    """Sentences, ready to be read: float32 against the others, the fastest, what to mistrust."""
    timed = _timed(report.cells)
    said = [line for pair in beside_float32(report.cells) if (line := _beside(*pair))]
    for _, group in groupby(sorted(timed, key=_stage), key=_stage):
        cells = sorted(group, key=lambda pair: pair[1])
        if len(cells) > 1 and cells[0][0].stage in ("infer", "end to end"):
            said.append(_fastest(cells))
    said += _balances(report.cells)
    said += [line for cold in report.cold for line in told(cold)]
    return said + _doubtful(report)


def _balances(cells: Sequence[Cell]) -> list[str]:
    """Whether the stages add up to the whole, file by file."""
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        key = (cell.file, cell.backend, cell.device, cell.precision, cell.threads)
        groups.setdefault(key, []).append(cell)
    pairs = ((group[0], balance(group)) for group in groups.values())
    return [
        f"{words.called(replace(cell, stage='infer'))}: {found}"
        for cell, found in pairs
        if found is not None
    ]


def beside_float32(cells: Sequence[Cell]) -> list[tuple[Cell, Cell, Ratio]]:
    """Every cell of another scheme with the float32 cell that is the same in all else.

    Returns:
        (cell, its float32 cell, ratio of their medians), of stages that a model file takes part in.
    """
    floats = {_alike(cell): cell for cell in cells if cell.scheme == "float32"}
    found = []
    for cell in cells:
        base = floats.get(_alike(cell))
        if cell.scheme in (None, "float32") or base is None or cell.stage not in _STAGES:
            continue
        known = ratio(cell, base, paired=True)
        if known is not None:
            found.append((cell, base, known))
    return found


_STAGES = ("infer", "invoke", "end to end")


def _alike(cell: Cell) -> tuple[object, ...]:
    return (cell.format, cell.backend, cell.device, cell.precision, cell.threads, cell.stage)


def _beside(cell: Cell, base: Cell, found: Ratio) -> str:
    way = {"faster": "faster", "slower": "slower"}.get(found.way)
    of = "" if cell.stage == "infer" else f" ({cell.stage})"
    taken = f"{words.called(cell)} takes {words.times(found)} times as long as {base.file}"
    if found.within(SAME) == "reproduced":
        return f"{cell.scheme} takes as long as float32 here, within {SAME:.0%}{of}: {taken}"
    if way is None:
        return f"{cell.scheme} is not to be told apart from float32 here{of}: {taken}"
    return f"{cell.scheme} is {way} than float32 here{of}: {taken}"


def _fastest(timed: Sequence[Timed]) -> str:
    (best, best_ms), (next_best, next_ms), (slowest, slowest_ms) = timed[0], timed[1], timed[-1]
    text = f"fastest here: {words.called(best)}, p50 {words.milliseconds(best_ms)} ms: "
    apart = ratio(next_best, best, paired=True)
    if apart is not None and apart.way == "slower":
        text += f"{words.called(next_best)} is next and takes {words.times(apart)} times as long"
    else:
        text += f"not to be told apart from {words.called(next_best)}, "
        text += f"{words.milliseconds(next_ms)} ms"
    if slowest is not next_best:
        text += f"; the slowest, {words.called(slowest)}, takes {slowest_ms / best_ms:.2f} times"
        text += " as long"
    return text


def _doubtful(report: Report) -> list[str]:
    """Reasons and remedies of all verdicts that are not VALID, each said once."""
    found: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in report.cells:
        verdict = report.verdict(cell)
        if verdict.word != "VALID":
            key = (verdict.word, verdict.reason, verdict.remedy)
            found.setdefault(key, []).append(cell)
    lines = []
    for (word, reason, remedy), cells in found.items():
        which = words.called(cells[0])
        which += f" and {len(cells) - 1} more" if len(cells) > 1 else ""
        lines.append(f"{word}: {which}: {reason}" + (f"; {remedy}" if remedy else ""))
    return lines


def _timed(cells: Sequence[Cell]) -> list[Timed]:
    pairs = ((cell, cell.quantile_ms(0.5)) for cell in cells)
    return [(cell, ms) for cell, ms in pairs if ms is not None]


def _stage(pair: Timed) -> str:
    return pair[0].stage
