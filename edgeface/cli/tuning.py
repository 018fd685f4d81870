"""What ``edgeface tune`` shows: how far it is, what it would try, and what came of it."""

from time import monotonic
from typing import TYPE_CHECKING, Any

from edgeface.cli import output

if TYPE_CHECKING:
    from edgeface.bench.contenders import Cell
    from edgeface.pointbundle import AnyBundle
    from edgeface.tuned import LeftOut, Tried, Tuned

_QUIET_S = 10.0  # a log that is silent for longer looks like one that hangs


class Bar:
    """A bar over the time; where that is no terminal, a line now and then."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._plain = not console.is_terminal
        columns = (TextColumn("{task.description}"), BarColumn())
        self._progress = Progress(*columns, console=console, disable=self._plain, transient=True)
        self._task = self._progress.add_task("looking", total=1.0)
        self._last = monotonic()

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, what: str, share: float, left: int) -> None:
        """Say it.

        Args:
            what: ``looking`` at every cell for a moment, or ``timing``.
            share: Of the time that is behind, 0 to 1; the search may end long before 1.
            left: Cells that are left to be looked at, or in the race.
        """
        said = f"{what}: {left} cell{'' if left == 1 else 's'} left"
        self._progress.update(self._task, completed=share, description=said)
        if self._plain and monotonic() - self._last >= _QUIET_S:
            output.say(said)
            self._last = monotonic()


def dry(
    bundle: "AnyBundle",
    cells: "list[Cell]",
    left_out: "tuple[LeftOut, ...]",
    seconds: float,
    *,
    json: bool,
) -> None:
    """Say what would be tried."""
    pairs = dict.fromkeys((cell.file, cell.backend) for cell in cells)
    threads = sorted({cell.threads for cell in cells})
    if json:
        output.as_json(
            {
                "bundle": str(bundle.folder),
                "seconds": seconds,
                "threads": threads,
                "cells": [
                    {"file": c.file, "backend": c.backend, "threads": c.threads} for c in cells
                ],
                "left_out": [{"what": o.what, "reason": o.reason} for o in left_out],
            }
        )
        return
    numbers = ", ".join(map(str, threads))
    output.result(
        f"{bundle.folder}: {len(cells)} cells in at most {seconds:g} s; threads: {numbers}"
    )
    output.table(("file", "backend"), list(pairs))
    for one in left_out:
        output.result(f"not tried: {one.what}: {one.reason}")
    output.say("nothing was measured; a backend that is not installed is named by the search")


def show(tuned: "Tuned") -> None:
    """The table of all cells, and the reasons."""
    output.result(f"board: {tuned.home.label}; {tuned.objective} is to be least")
    head = ("file", "backend", "threads", "n", "p50 ms", "95 % of p50", "p90 ms", "times", "")
    order = {"chosen": 0, "as fast": 1, "slower": 2, "far slower": 3, "not tried": 4, "failed": 5}
    ranked = sorted(tuned.cells, key=lambda t: (order[t.fate], t.p50_ms or 0.0))
    output.table(head, [_row(one) for one in ranked])
    for one in tuned.left_out:
        output.result(f"not tried: {one.what}: {one.reason}")
    first, *others = tuned.reasons
    output.result(f"chosen: {first}")
    for line in others:
        output.result(line)


def _row(one: "Tried") -> tuple[Any, ...]:
    from edgeface.bench.summary import milliseconds

    def ms(value: float | None) -> str:
        return output.NONE if value is None else milliseconds(value)

    interval = one.p50_interval_ms
    word = one.fate if one.fate != "failed" else f"failed: {one.reason}"
    return (
        one.file,
        one.backend,
        one.threads,
        one.calls,
        ms(one.p50_ms),
        output.NONE if interval is None else f"{ms(interval[0])} to {ms(interval[1])}",
        ms(one.p90_ms),
        output.NONE if one.ratio is None else f"{one.ratio:.2f}",
        word,
    )
