"""How figures, cells and machines are named: the same wherever they are shown."""

import shlex
from collections.abc import Sequence

from edgeface.bench.ratio import Ratio
from edgeface.report import Cell, ColdStart, Memory, Report

NOTHING = "–"  # where there is nothing to say
_BYTES = {"GB": 1e9, "MB": 1e6, "kB": 1e3}
_MEANT = {"golden": "golden inputs of the bundle", "random": "random input"}


def milliseconds(value: float) -> str:
    """Four digits that count, and no more than 0.1 microseconds."""
    return f"{value:.{4 if value < 1 else 3 if value < 10 else 2 if value < 100 else 1}f}"


def ms(value: float | None) -> str:
    """`milliseconds`, where there is a value."""
    return NOTHING if value is None else milliseconds(value)


def interval_ms(found: tuple[float, float] | None) -> str:
    """Both ends of an interval."""
    return NOTHING if found is None else f"{milliseconds(found[0])} to {milliseconds(found[1])}"


def size(count: float) -> str:
    """``183.4 kB``, ``2.1 MB``: decimal, as files are sold."""
    unit = "GB" if count >= 1e9 else "MB" if count >= 1e6 else "kB"
    return f"{count / _BYTES[unit]:.1f} {unit}"


def times(found: Ratio) -> str:
    """``1.30 (95 %: 1.28 to 1.33)``."""
    if found.low is None or found.high is None:
        return f"{found.value:.3f} (too few windows for an interval)"
    return f"{found.value:.3f} (95 %: {found.low:.3f} to {found.high:.3f})"


def threads(count: int) -> str:
    """``1 thread``, ``2 threads``."""
    return f"{count} thread{'s'[: count != 1]}"


def called(one: Cell | ColdStart | Memory) -> str:
    """What was measured, for sentences: file, backend, threads, and what is not as usual of it."""
    said = f"{one.file} ({', '.join((one.backend, *_unusual(one), threads(one.threads)))})"
    stage = one.stage if isinstance(one, Cell) else "infer"
    return said if stage == "infer" else f"{stage} of {said}"


def runtime(cell: Cell) -> str:
    """The backend, with its device and precision where these are not the usual ones."""
    return " ".join((cell.backend, *_unusual(cell)))


def opens_a_file(cell: Cell) -> bool:
    """Whether its load is that of a model file; stages are given what others opened."""
    return cell.stage in ("infer", "invoke") and " photographs" not in cell.input


def _unusual(one: Cell | ColdStart | Memory) -> tuple[str, ...]:
    if not isinstance(one, Cell):
        return ()
    device = one.device if one.device != "cpu" else ""
    return tuple(word for word in (device, one.precision) if word)


def verdict(report: Report, cell: Cell) -> str:
    """``UNSTEADY: the second half ran 12% slower than the first``."""
    found = report.verdict(cell)
    return f"{found.word}: {found.reason}" if found.reason else found.word


def method(report: Report) -> str:
    """How the samples were taken, in one line."""
    how = report.method
    fed = _MEANT[how.input] + (f", seed {how.seed}" if how.input == "random" else "")
    processes = f"{how.processes} process{'es' * (how.processes != 1)}"
    return f"{fed}; {how.windows} windows in {how.order} order, {processes}, {how.clock}"


def command(report: Report) -> str:
    """The line that repeats it; empty where the report does not tell."""
    return shlex.join(report.command)


def heading(cells: Sequence[Cell]) -> str:
    """What the cells are, counted: ``6 cells of 2 files``."""
    files = len({cell.sha256 for cell in cells})
    return f"{len(cells)} cell{'s' * (len(cells) != 1)} of {files} file{'s' * (files != 1)}"
