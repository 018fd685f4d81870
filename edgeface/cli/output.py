"""What commands say, and where: results to stdout, everything about the way there to stderr."""

import contextlib
import io
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from edgeface.errors import EdgefaceError

T = TypeVar("T")
_QUIET_S = 20.0  # a log that is silent for longer looks like one that hangs
NONE = "–"  # in a table, where there is nothing to say


def prepare_streams() -> None:
    """Let nothing that is said fail: names of any script, closed streams.

    A character that the terminal's encoding lacks is written as its escape. A stream that was
    closed leads nowhere; without this the next file to be opened would take its number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def to_stdout() -> Iterator[None]:
    """Write a part of the result within it; what is written later, after an error, leads nowhere.

    Raises:
        EdgefaceError: It goes to a disk that is full. A reader that went away (``| head``) is no
            error.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as wrong:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(wrong, BrokenPipeError):
            return
        msg = f"the result could not be written to standard output ({wrong.strerror})"
        raise EdgefaceError(msg, remedy="free some space, or send it to another place") from wrong


def result(text: str) -> None:
    """A line of the result: stdout."""
    with to_stdout():
        print(text)  # noqa: T201 - the one place that prints results


def as_json(data: Any) -> None:
    """The whole result for a machine: stdout, in ASCII, whatever the encoding of the terminal."""
    with to_stdout():
        sys.stdout.write(json.dumps(data, indent=2, allow_nan=False) + "\n")


def say(text: str) -> None:
    """A line about what is going on: stderr."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the one place that logs


def error(wrong: EdgefaceError) -> None:
    """An error of ours: one line, and the remedy below it."""
    say(f"error: {wrong}")
    if wrong.remedy:
        say(f"remedy: {wrong.remedy}")


def next_command(*words: str | Path) -> None:
    """The command that one would type now, ready to paste.

    A path that begins with a dash would be read as an option.
    """
    typed = [f"./{w}" if isinstance(w, Path) and str(w).startswith("-") else str(w) for w in words]
    say(f"next: {shlex.join(typed)}")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table on stdout, numbers to the right; a column is a number's if all of it is."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(h), *(len(r[i]) for r in cells), 0) for i, h in enumerate(head)]
    right = [all(_is_number(r[i]) for r in cells) for i in range(len(head))]
    for row in [list(head), *cells]:
        padded = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        result("  ".join(padded).rstrip())


def _is_number(cell: str) -> bool:
    return cell in ("", NONE) or cell.strip("+-−%≥≤<> ").replace(".", "").replace(",", "").isdigit()


def track(items: Sequence[T], doing: str) -> Iterator[T]:
    """Go through ``items`` with a progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        yield from bar.track(items, description=doing)


class EpochBar:
    """Epochs with time left on stderr; where that is no terminal, a line now and then.

    Args:
        epochs: At most so many.
        clock: Seconds.
    """

    def __init__(self, epochs: int, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self._plain = not console.is_terminal
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, disable=self._plain, transient=True)
        self._task = self._progress.add_task("training", total=epochs)
        self._clock, self._began, self._last, self._done = clock, clock(), clock(), 0
        self._every = max(10, epochs // 20)  # of so many epochs one has a line

    def __enter__(self) -> "EpochBar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def epoch(self, row: Mapping[str, float], of: int) -> None:
        """Say how an epoch went."""
        said = (
            f"epoch {row['epoch']:.0f} of at most {of}: loss {row['loss']:.3f}, "
            f"validation {row['val_loss']:.3f}, accuracy {row['val_accuracy']:.3f}"
            if "val_accuracy" in row
            else f"epoch {row['epoch']:.0f} of {of}: RMSE {row['rmse']:.4g}, "
            f"validation {row['val_rmse']:.4g}"
        )
        now = self._clock()
        if not self._done:  # not from before: the toolchain takes seconds to load
            self._began = now - row["seconds"]
        self._done += 1
        self._progress.update(self._task, completed=row["epoch"], description=said)
        due = row["epoch"] % self._every == 1 or now - self._last >= _QUIET_S
        if self._plain and due:
            left = (now - self._began) / self._done * max(0, of - row["epoch"])
            say(f"{said}; at most {_duration(left)} left")
            self._last = now

    def step(self, done: int, of: int) -> None:
        """Say how far the epoch is that goes on."""
        at = self._progress.tasks[0].completed
        self._progress.update(self._task, completed=int(at) + min(done / of, 0.999))


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
