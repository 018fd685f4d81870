"""The latency report, ``*.bench.json``: every sample, and what can be concluded from them.

The file holds facts: the board, the method, the raw nanoseconds. Quantiles, intervals and verdicts
are computed when it is read, so that a better rule applies to old measurements too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edgeface import records
from edgeface.board import Board, State
from edgeface.errors import ReportError
from edgeface.quantiles import LEAST, median_interval, quantile, quantile_interval

SCHEMA = 1
SUFFIX = ".bench.json"

# The rule of `Cell.verdict`, in one place.
DRIFT = 0.05
OFF = 0.10
OFF_SHARE = 0.25
LEAST_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Method:
    """How the samples were taken; given to `edgeface.bench.measure` and kept with its result.

    Attributes:
        seconds: A cell is timed for at most this long, all windows together,
        samples: or until it has this many samples (None: time alone decides),
        least: but always for this many, however long they take.
        windows: Into how many turns a cell's samples are divided.
        warmup_s: Every cell runs unrecorded at least this long before the first window,
        warmup_calls: and at least this often.
        settle_calls: Unrecorded calls at the start of each window: another cell had the caches.
        order: ``shuffled``: in every round each cell has one window, in an order drawn anew.
        clock: ``perf_counter_ns``.
        seed: Of the order, and of random input.
        input: ``golden``: the crops of the bundle, in turn; ``random``: drawn for the file's dtype.
    """

    seconds: float
    samples: int | None
    least: int
    windows: int
    warmup_s: float = 0.3
    warmup_calls: int = 10
    settle_calls: int = 3
    order: Literal["shuffled"] = "shuffled"
    clock: str = "perf_counter_ns"
    seed: int = 0
    input: Literal["golden", "random"] = "golden"


@dataclass(frozen=True, slots=True)
class Window:
    """One turn of one cell.

    Attributes:
        process: Which process of the run took it, counted from 0.
        started_ns: On the method's clock, so that the order of all windows can be seen.
        samples_ns: Every call, in order, none left out.
    """

    process: int
    started_ns: int
    samples_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a cell's figures may be quoted, and if not, why."""

    word: Literal["VALID", "UNSTEADY"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One file on one backend with one number of threads.

    Attributes:
        file: Name, without its folder.
        sha256: Of the file.
        size_bytes: Of the file.
        format: ``tflite`` or ``onnx``.
        scheme: ``int8`` and the like; None where nothing tells.
        backend: Runtime and version.
        device: What computed.
        threads: For the computation.
        stage: What was timed: ``infer``, from pixels in memory to probabilities in memory.
        input: dtype and shape of the input, ``uint8 (1, 64, 64, 1)``.
        load_ns: Opening the file, in a process in which the runtime was loaded already.
        first_ns: The first inference after it.
        windows: The samples.
    """

    file: str
    sha256: str
    size_bytes: int
    format: str
    scheme: str | None
    backend: str
    device: str
    threads: int
    stage: str
    input: str
    load_ns: int
    first_ns: int
    windows: tuple[Window, ...]

    @property
    def label(self) -> str:
        """Name, runtime and threads, for people."""
        return f"{self.file} ({self.backend}, {self.threads} thread{'s'[: self.threads != 1]})"

    @property
    def samples_ns(self) -> tuple[int, ...]:
        """All samples in the order in which they were taken."""
        return tuple(s for w in self.windows for s in w.samples_ns)

    def quantile_ms(self, share: float) -> float | None:
        """An order statistic; None below the number of samples that supports it (`LEAST`)."""
        value = quantile(self.samples_ns, share)
        return None if value is None else value / 1e6

    def interval_ms(self, share: float) -> tuple[float, float] | None:
        """95 % interval of that quantile, from order statistics; None where it is not supported."""
        found = quantile_interval(self.samples_ns, share)
        return None if found is None else (found[0] / 1e6, found[1] / 1e6)

    def verdict(self) -> Verdict:
        """VALID, or UNSTEADY with the reason.

        UNSTEADY means one of:

        - there are fewer than `LEAST_WINDOWS` windows, or fewer than six samples in one;
        - the median of the second half of the windows is more than `DRIFT` away from that of the
          first half, and the 95 % intervals of the two do not meet;
        - more than `OFF_SHARE` of the windows lie, with the whole 95 % interval of their median,
          more than `OFF` away from the median of all samples.
        """
        windows = [w.samples_ns for w in self.windows]
        if len(windows) < LEAST_WINDOWS or min(map(len, windows)) < LEAST[0.5]:
            held = f"{len(windows)} windows, {len(self.samples_ns)} samples"
            return Verdict("UNSTEADY", f"too little to tell ({held})")
        return _drift(windows) or _disturbed(windows) or Verdict("VALID")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not measured, why, and what would make it run."""

    file: str
    format: str
    scheme: str | None
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Report:
    """``*.bench.json``, schema 1.

    Attributes:
        schema: 1.
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

    def to_json(self) -> str:
        """The text of the file."""
        return records.to_json(records.plain(self))

    @classmethod
    def from_json(cls, text: str, where: str) -> "Report":
        """Read what `to_json` wrote.

        Args:
            text: Of the file.
            where: Its name, for the errors.

        Raises:
            ReportError: It is not JSON, of another schema, or anything in it is not as described.
        """
        data = records.from_json(text, where, ReportError)
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


def _drift(windows: Sequence[tuple[int, ...]]) -> Verdict | None:
    half = len(windows) // 2
    first = [s for w in windows[:half] for s in w]
    second = [s for w in windows[-half:] for s in w]
    change = float(np.median(second) / max(np.median(first), 1)) - 1
    (low_1, high_1), (low_2, high_2) = median_interval(first), median_interval(second)
    if abs(change) <= DRIFT or (low_2 <= high_1 and low_1 <= high_2):
        return None
    way = "slower" if change > 0 else "faster"
    return Verdict("UNSTEADY", f"the second half ran {abs(change):.0%} {way} than the first")


def _disturbed(windows: Sequence[tuple[int, ...]]) -> Verdict | None:
    middle = float(np.median([s for w in windows for s in w]))
    intervals = [median_interval(w) for w in windows]
    off = sum(h < middle * (1 - OFF) or low > middle * (1 + OFF) for low, h in intervals)
    if off <= OFF_SHARE * len(windows):
        return None
    return Verdict("UNSTEADY", f"{off} of {len(windows)} windows are over {OFF:.0%} off the median")
