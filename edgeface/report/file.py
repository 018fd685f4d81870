"""``*.bench.json``: reading and writing it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeface import records
from edgeface.board import Board, State
from edgeface.errors import ReportError
from edgeface.report.cell import Cell, Skipped
from edgeface.report.cost import ColdStart, Energy, Memory
from edgeface.report.invalid import invalid
from edgeface.report.method import Method
from edgeface.report.verdict import Verdict

SCHEMA = 2
SUFFIX = ".bench.json"

# A list of whole numbers, one a line; no text within JSON holds a line break.
_NUMBERS = re.compile(r"\[\n\s+(?:\d+,\n\s+)*\d+\n\s+\]")

# What schema 2 has beyond schema 1 where a file of schema 1 says nothing.
_SINCE_2: dict[str, list[Any]] = {
    "cold": [],
    "memory": [],
    "energy": [],
    "command": [],
    "notes": [],
}


@dataclass(frozen=True, slots=True)
class Report:
    """``*.bench.json``, schema 2.

    Attributes:
        schema: 2; a file of schema 1 becomes one when it is read.
        created: UTC, ISO 8601.
        edgeface: Version that measured.
        subject: The bundle's or the file's name.
        board: The machine.
        before: Its state before the first window,
        after: and after the last.
        method: How the samples were taken.
        interrupted: Whether it was stopped before all windows were done; the samples are real.
        cells: What was measured.
        skipped: What was not.
        cold: Cold starts, where they were asked for.
        memory: Of processes of their own, where it was asked for.
        energy: Where the board can tell.
        command: The words that repeat the measurement, ``edgeface`` first.
        notes: What went otherwise than planned, or could not be read, in sentences.
    """

    schema: int
    created: str
    edgeface: str
    subject: str
    board: Board
    before: State
    after: State
    method: Method
    interrupted: bool
    cells: tuple[Cell, ...]
    skipped: tuple[Skipped, ...]
    cold: tuple[ColdStart, ...] = ()
    memory: tuple[Memory, ...] = ()
    energy: tuple[Energy, ...] = ()
    command: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def verdict(self, cell: Cell) -> Verdict:
        """Whether the figures of one of its cells may be quoted, all things considered."""
        spoilt = invalid(
            cell.windows,
            self.before,
            self.after,
            interrupted=self.interrupted,
            problem=cell.problem,
        )
        return spoilt or cell.verdict()

    def to_json(self) -> str:
        """The text of the file: as edgeface writes JSON, with the numbers of a list on one line."""
        text = records.to_json(records.plain(self))
        return _NUMBERS.sub(lambda found: " ".join(found[0].split()), text)

    @classmethod
    def from_json(cls, text: str, where: str) -> "Report":
        """Read what `to_json` wrote, or a file of schema 1.

        Args:
            text: Of the file.
            where: Its name, for the errors.

        Raises:
            ReportError: It is not JSON, of another schema, or anything in it is not as described.
        """
        data = _upgrade(records.from_json(text, where, ReportError), where)
        records.check_schema(data, SCHEMA, where, ReportError)
        report = records.build(cls, data, where, ReportError)
        for cell in report.cells:
            if any(not w.samples_ns or min(w.samples_ns) < 0 for w in cell.windows):
                msg = f"{where}: {cell.file}: a window without samples, or with a negative one"
                raise ReportError(msg)
        return report

    @classmethod
    def load(cls, path: Path) -> "Report":
        """`from_json` on a file."""
        try:
            return cls.from_json(path.read_text("utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{path}: cannot be read as text ({error})"
            raise ReportError(msg) from error


def _upgrade(data: Any, where: str) -> Any:
    """Data of schema 1 as schema 2 has it; anything else as it is.

    Schema 1 had one process and did not say what was asked for; the two modes that it knew can be
    told by their number of samples.
    """
    if not isinstance(data, Mapping) or data.get("schema") is True or data.get("schema") != 1:
        return data
    method = data.get("method")
    if not isinstance(method, Mapping):
        return {**data, "schema": SCHEMA}
    newer = (set(data) & set(_SINCE_2)) | (set(method) & {"mode", "processes"})
    if newer:
        msg = f'{where}: unknown key "{min(newer)}" in a report of schema 1'
        raise ReportError(msg)
    samples = method.get("samples")
    mode = "quick" if samples == 512 else "default" if samples == 4096 else "seconds"
    said = {**method, "mode": mode, "processes": 1}
    return {**data, "schema": SCHEMA, "method": said, **_SINCE_2}
