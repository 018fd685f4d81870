"""``device.json``: which file of a bundle, on which runtime, with how many threads, is best here.

`edgeface tune` writes it beside the manifest of a bundle. It is true of one board, so it is not
among the checksums of the bundle, and it is left aside wherever board, runtimes or file are others
than those that it was measured with.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeface import records, sealed
from edgeface.board import Board
from edgeface.bundlefolder import Listed
from edgeface.errors import BundleError

SCHEMA = 1
FILE = "device.json"
Objective = Literal["p50", "p90"]
Fate = Literal["chosen", "as fast", "slower", "far slower", "failed", "not tried"]
Ending = Literal["one left", "close", "time"]


@dataclass(frozen=True, slots=True)
class Home:
    """The board that a choice was made on: what has to be the same for it to hold.

    Attributes:
        model: As the device tree names it; None of a PC.
        cpu: Name of the processor.
        architecture: Of the kernel.
        python_bits: 32 or 64.
        cores_usable: Cores that the process could run on.
    """

    model: str | None
    cpu: str | None
    architecture: str
    python_bits: int
    cores_usable: int | None

    @classmethod
    def of(cls, board: Board) -> "Home":
        """What counts of a board."""
        return cls(
            board.model, board.cpu, board.architecture, board.python_bits, board.cores_usable
        )

    @property
    def label(self) -> str:
        """The shortest name that says what it is."""
        return self.model or self.cpu or self.architecture


@dataclass(frozen=True, slots=True)
class Tried:
    """One file on one runtime with one number of threads, and what came of it.

    Attributes:
        file: Its name.
        scheme: Of the file.
        backend: A name in `edgeface.runtime.BACKENDS`.
        threads: Of the computation.
        fate: ``as fast``: within 2 % of the fastest, or not surely slower when the time was up;
            ``slower``: surely more than 2 % slower; ``far slower``: no call within three times the
            fastest's median.
        calls: How many were timed.
        rounds: Windows that it was timed in.
        p50_ms: Their median; None of fewer than six calls.
        p50_interval_ms: Its 95 % limits.
        p90_ms: None of fewer than 64 calls.
        ratio: How many times as long it takes as the chosen one, both timed in the same rounds;
            None where they share none.
        reason: In words.
    """

    file: str
    scheme: str
    backend: str
    threads: int
    fate: Fate
    calls: int
    rounds: int
    p50_ms: float | None
    p50_interval_ms: tuple[float, float] | None
    p90_ms: float | None
    ratio: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or a runtime that was not tried.

    Attributes:
        what: The file, or the runtime.
        reason: Why.
        remedy: What would let it be tried; empty where nothing would.
    """

    what: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Tuned:
    """``device.json``, schema 1.

    Attributes:
        schema: 1.
        created: UTC, ISO 8601.
        edgeface: Version that wrote it.
        bundle: Name of the bundle.
        home: The board.
        packages: Runtime → version, of all that were installed.
        file: The chosen file.
        sha256: Of it.
        backend: That runs it: a name in `edgeface.runtime.BACKENDS`.
        runtime: The same with its version.
        device: What computes: ``cpu`` or ``gpu``.
        threads: Of the computation.
        objective: What was sought to be least.
        p50_ms: Median latency of the choice,
        p50_interval_ms: and its 95 % limits.
        p90_ms: None where too few calls were timed.
        reasons: Why this one, in sentences.
        ended: ``one left``: every other cell is surely slower; ``close``: those left are surely
            within 5 % of each other; ``time``: the time was up before.
        seconds: What the search took.
        rounds: How many there were.
        most_threads: That were tried.
        left_cores: Cores that were left to the camera and the detector.
        seed: Of the order.
        cells: All that was tried.
        left_out: What was not.
    """

    schema: int
    created: str
    edgeface: str
    bundle: str
    home: Home
    packages: dict[str, str]
    file: str
    sha256: str
    backend: str
    runtime: str
    device: Literal["cpu", "gpu"]
    threads: int
    objective: Objective
    p50_ms: float
    p50_interval_ms: tuple[float, float]
    p90_ms: float | None
    reasons: tuple[str, ...]
    ended: Ending
    seconds: float
    rounds: int
    most_threads: int
    left_cores: int
    seed: int
    cells: tuple[Tried, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def words(self) -> str:
        """``friends.int8.tflite on litert, 2 threads``."""
        return f"{self.file} on {self.backend}, {count(self.threads)}"

    def obstacle(self, board: Board, files: tuple[Listed, ...]) -> str:
        """Why it does not hold here; empty where it does.

        Args:
            board: This one.
            files: Of the bundle that lies here.
        """
        here = Home.of(board)
        if here != self.home:
            return f"it was made on another board ({_difference(self.home, here)})"
        now = runtimes(board)
        if now != self.packages:
            return f"the runtimes are others now ({_changed(self.packages, now)})"
        known = {file.name: file.sha256 for file in files}
        if self.file not in known:
            return f"the bundle holds no {self.file}"
        if known[self.file] != self.sha256:
            return f"{self.file} is another file now"
        return ""

    def to_json(self) -> str:
        """The content of the file."""
        return records.to_json(records.plain(self))

    @classmethod
    def load(cls, path: Path) -> "Tuned":
        """Read a file that `edgeface tune` wrote.

        Raises:
            BundleError: It is none, or of another schema.
        """
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            msg = f"{path}: cannot be read ({error.strerror})"
            raise BundleError(msg, remedy="name a file that edgeface tune wrote") from error
        except UnicodeDecodeError as error:
            msg = f"{path}: not text in UTF-8"
            raise BundleError(msg, remedy="name a file that edgeface tune wrote") from error
        data = records.from_json(text, str(path), BundleError)
        records.check_schema(data, SCHEMA, str(path), BundleError)
        found = records.build(cls, data, str(path), BundleError)
        if not 1 <= found.threads <= 256:
            msg = f"{path}: {found.threads} threads: 1 to 256 are possible"
            raise BundleError(msg, remedy="make it again with edgeface tune")
        return found

    def write(self, path: Path) -> None:
        """Write it beside its place and rename it."""
        sealed.write_file(path, self.to_json())


def runtimes(board: Board) -> dict[str, str]:
    """Package → version of what computes; OpenCV has no part in which file is the fastest."""
    return {name: v for name, v in board.packages.items() if not name.startswith("opencv")}


def count(threads: int) -> str:
    """``1 thread``, ``2 threads``."""
    return f"{threads} thread{'' if threads == 1 else 's'}"


def renew(folder: Path) -> str:
    """The command that makes it again."""
    return f"edgeface tune {shlex.quote(str(folder))}"


def _difference(there: Home, here: Home) -> str:
    for name in ("model", "cpu", "architecture", "python_bits", "cores_usable"):
        old, new = getattr(there, name), getattr(here, name)
        if old != new:
            return f"{name.replace('_', ' ')} {old or 'not told'} there, {new or 'not told'} here"
    raise AssertionError


def _changed(old: dict[str, str], new: dict[str, str]) -> str:
    names = sorted(n for n in old.keys() | new.keys() if old.get(n) != new.get(n))
    return ", ".join(
        f"{n} {old.get(n, 'missing')} then, {new.get(n, 'missing')} now" for n in names
    )
