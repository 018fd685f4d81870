"""Where a training stands: kept on disk while it runs, so that a kill costs minutes at most.

::

    runs/mine.unfinished/
      request.toml       what was asked (see `edgeface.train.job.Request`)
      split.json         the sides that were drawn
      progress.npz       the end of an epoch: weights, what the optimiser remembers, the rows so far

``progress.npz`` is written beside its place and renamed: it is always the end of some epoch, whole.
Arrays of numbers only; nothing in it is unpickled.
"""

import json
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface import records, sealed
from edgeface.errors import BundleError, EdgefaceError

SCHEMA = 1
FILE = "progress.npz"
REQUEST = "request.toml"
EVERY_S = 10.0  # a checkpoint of the largest documented network takes a third of a second


@dataclass(frozen=True, slots=True)
class Progress:
    """The end of an epoch: all that is needed to go on from there.

    Attributes:
        phase: Number of the fit among those of the training, from 1; 0 before the first.
        rows: One an epoch, as in `edgeface.train.fit.History`.
        best: Number of the epoch with the lowest validation loss; 0 where there is none yet.
        best_weights: Of that epoch.
        rate: Learning rate of the next epoch.
        weights: Of the network now.
        optimizer: What the optimiser remembers.
    """

    phase: int
    rows: tuple[dict[str, float], ...]
    best: int
    best_weights: list[NDArray[Any]]
    rate: float
    weights: list[NDArray[Any]]
    optimizer: list[NDArray[Any]]

    @classmethod
    def nothing(cls, model: Any) -> "Progress":
        """Before the first epoch."""
        weights = model.get_weights()
        return cls(0, (), 0, weights, 0.0, weights, [])

    def save(self, folder: Path) -> None:
        """Write it; what stood there before is replaced at once or not at all."""
        facts = {
            "schema": SCHEMA,
            "phase": self.phase,
            "rows": list(self.rows),
            "best": self.best,
            "rate": self.rate,
        }
        arrays = {
            f"{name}_{i:04d}": array
            for name in ("best_weights", "weights", "optimizer")
            for i, array in enumerate(getattr(self, name))
        }
        beside = folder / f".{FILE}.new"
        try:
            with beside.open("wb") as file:
                np.savez(file, facts=np.asarray(json.dumps(facts)), **arrays)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(folder / FILE)
        except OSError as error:
            raise _cannot_keep(folder, error) from error

    @classmethod
    def load(cls, folder: Path) -> "Progress | None":
        """Read it; None where no epoch has ended yet.

        Raises:
            BundleError: The file is not one that `save` wrote.
        """
        path = folder / FILE
        if not path.is_file():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                facts = records.from_json(str(stored["facts"]), str(path), BundleError)
                records.check_schema(facts, SCHEMA, str(path), BundleError)
                lists = {
                    name: [stored[key] for key in sorted(stored.files) if key.startswith(name)]
                    for name in ("best_weights", "weights_", "optimizer")
                }
            return cls(
                int(facts["phase"]),
                tuple({str(k): float(v) for k, v in row.items()} for row in facts["rows"]),
                int(facts["best"]),
                lists["best_weights"],
                float(facts["rate"]),
                lists["weights_"],
                lists["optimizer"],
            )
        except (OSError, ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile) as error:
            msg = f"{path}: not the progress of a training ({type(error).__name__})"
            raise BundleError(msg, remedy=f"remove {folder} and train anew") from error


def unfinished(run: Path) -> Path:
    """Where the training of a run keeps its progress."""
    return run.with_name(f"{run.name}.unfinished")


class Keeper:
    """Writes the progress of a training every few seconds.

    Args:
        folder: Where to; made when the first progress is kept.
        files: Name → content of what stands beside it.
        announce: Is called once, when there is something to go on from.
        every_s: Least time between two.
        clock: Seconds.
    """

    def __init__(
        self,
        folder: Path,
        files: dict[str, str],
        announce: Callable[[], None],
        *,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._files, self._announce = folder, files, announce
        self._every_s, self._clock = every_s, clock
        self._last = clock()

    def keep(self, progress: Progress) -> None:
        """Write it, where the last one is old enough."""
        if self._clock() - self._last < self._every_s:
            return
        if not (self._folder / REQUEST).is_file():
            self._begin()
            self._announce()
        progress.save(self._folder)
        self._last = self._clock()

    def _begin(self) -> None:
        sealed.check_writable(self._folder)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # The request last, and at once: a folder that has it is complete.
            for name in sorted(self._files, key=lambda name: name == REQUEST):
                beside = self._folder / f".{name}.new"
                beside.write_text(self._files[name], "utf-8")
                beside.replace(self._folder / name)
        except OSError as error:
            raise _cannot_keep(self._folder, error) from error


def _cannot_keep(folder: Path, error: OSError) -> EdgefaceError:
    msg = f"{folder}: the progress of the training cannot be written ({error.strerror})"
    return EdgefaceError(msg, remedy="free some space; --resume goes on")
