"""A report held against an older one, cell by cell, and what else is not as it was then."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from edgeface.bench import words
from edgeface.bench.ratio import Ratio, ratio
from edgeface.board import Board
from edgeface.errors import ReportError
from edgeface.report import Cell, Report

# What makes it another machine; the rest of a board is how it is set up.
_MACHINE = ("model", "cpu", "architecture", "python_bits", "cores", "memory_bytes")
_METHOD = ("mode", "input", "seed", "windows", "processes")
_SPREAD = 0.02  # two readings of the same main memory


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was.

    Attributes:
        what: ``cpu``, ``governor``, ``package numpy``.
        before: In the older report; empty where it is not told there.
        now: In the newer one.
        machine: Whether it means that this is another machine.
    """

    what: str
    before: str
    now: str
    machine: bool = False

    def __str__(self) -> str:
        return f"{self.what} was {self.before or 'not told'}, is {self.now or 'not told'}"


@dataclass(frozen=True, slots=True)
class Against:
    """Two reports.

    Attributes:
        name: Of the older report's file.
        before: The older report.
        ratios: Index of a cell of the newer report → its median over that of the same cell then.
        other_bytes: Those of them whose file has other bytes than then.
        differences: What else is not as it was.
        only_now: Cells that the older report does not have,
        only_before: and cells that the newer one does not have.
    """

    name: str
    before: Report
    ratios: dict[int, Ratio]
    other_bytes: tuple[int, ...]
    differences: tuple[Difference, ...]
    only_now: tuple[str, ...]
    only_before: tuple[str, ...]

    @property
    def same_board(self) -> bool:
        """Whether both were measured on machines that cannot be told apart."""
        return not any(one.machine for one in self.differences)


def hold_against(now: Report, before: Report, name: str) -> Against:
    """Hold a report against an older one.

    Cells belong together where file, device, precision, threads, stage and the backend, whatever
    its version, have the same names.

    Raises:
        ReportError: They have no cell in common.
    """
    older = {_key(cell): cell for cell in before.cells}
    ratios, other, only_now = {}, [], []
    for index, cell in enumerate(now.cells):
        base = older.pop(_key(cell), None)
        found = None if base is None else ratio(cell, base, paired=False)
        if base is None or found is None:
            only_now.append(words.called(cell))
            continue
        ratios[index] = found
        if cell.sha256 != base.sha256:
            other.append(index)
    if not ratios:
        there = ", ".join(words.called(cell) for cell in before.cells[:3]) or "no cell"
        msg = f"{name} has no cell in common with what was measured; it has {there}"
        remedy = "name a report of the same files, backends and numbers of threads"
        raise ReportError(msg, remedy=remedy)
    only_before = tuple(words.called(cell) for cell in older.values())
    different = differences(now, before)
    return Against(name, before, ratios, tuple(other), different, tuple(only_now), only_before)


def _key(cell: Cell) -> tuple[object, ...]:
    family = cell.backend.split(" ")[0]
    return (cell.file, family, cell.device, cell.precision, cell.threads, cell.stage)


def differences(now: Report, before: Report) -> tuple[Difference, ...]:
    """What of machine, its state, versions and method is not as it was."""
    found = _board(now.board, before.board)
    found += _compared("governor", before.before.governor, now.before.governor)
    found += _compared("edgeface", before.edgeface, now.edgeface)
    for name in _METHOD:
        then, is_now = getattr(before.method, name), getattr(now.method, name)
        found += _compared(f"method's {name}", then, is_now)
    return tuple(found)


def _board(now: Board, before: Board) -> list[Difference]:
    found = []
    for field in fields(Board):
        name = field.name
        one, other = getattr(before, name), getattr(now, name)
        if name == "packages" or (name.endswith("_bytes") and _close(one, other)):
            continue
        found += _compared(name.replace("_", " "), one, other, machine=name in _MACHINE)
    for package in sorted(before.packages.keys() | now.packages.keys()):
        one, other = before.packages.get(package), now.packages.get(package)
        found += _compared(f"package {package}", one, other)
    return found


def _close(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= _SPREAD * one


def _compared(what: str, before: object, now: object, *, machine: bool = False) -> list[Difference]:
    if before == now:
        return []
    then, is_now = ("" if value is None else str(value) for value in (before, now))
    return [Difference(what, then, is_now, machine)]


def said_of(report: Report, against: Against) -> list[str]:
    """Sentences: what changed, which way, and what else is not as it was."""
    lines = []
    for index, found in against.ratios.items():
        other = ", of a file with other bytes" if index in against.other_bytes else ""
        taken = f"{words.times(found)} times as long as then{other}"
        lines.append(f"{found.way}: {words.called(report.cells[index])} takes {taken}")
    if not against.same_board:
        lines.append("another machine: the ratios compare machines, not changes of the software")
    lines += [str(one) for one in against.differences]
    lines += _only("not in the older report", against.only_now)
    return lines + _only("not measured now", against.only_before)


def _only(what: str, cells: Sequence[str]) -> list[str]:
    return [f"{what}: {', '.join(cells)}"] if cells else []
