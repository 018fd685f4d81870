"""A process that measures: told what to do by lines of JSON on stdin, it answers so on stdout.

The first line is ``{"process": 0, "tasks": [...], "method": {...}}``, every other one
``{"open": CELL}``, ``{"close": CELL}`` or ``{"window": CELL}``. No time of the answers is
measured: the samples are taken here, by this process's own clock. The process ends when stdin does.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from edgeface import records
from edgeface.bench.conditions import watch
from edgeface.bench.opening import open_task
from edgeface.bench.task import Opener, Task
from edgeface.bench.turns import Turns
from edgeface.errors import BackendError, EdgefaceError
from edgeface.report import Method

Answer = Callable[[dict[str, Any]], None]
_KILL_ME_FIRST = "500"  # of -1000 to 1000: rather a process that measures than the user's session


def main(opener: Opener = open_task) -> None:
    """Until stdin ends. What runtimes print goes to stderr, so that stdout holds answers only.

    Args:
        opener: Opens a task.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        Path("/proc/self/oom_score_adj").write_text(_KILL_ME_FIRST, "ascii")
    except OSError:
        pass  # not Linux, or closed to us: then the kernel chooses

    def answer(data: dict[str, Any]) -> None:
        try:
            answers.write(json.dumps(data).encode() + b"\n")
            answers.flush()
        except BrokenPipeError:
            os._exit(0)  # nobody listens any more

    serve(_lines(sys.stdin.buffer), answer, opener)


def _lines(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    while line := stream.readline():
        yield json.loads(line)


def serve(orders: Iterator[dict[str, Any]], answer: Answer, opener: Opener) -> None:
    """Do what is ordered. SIGINT ends a window early, and nothing else."""
    begin = next(orders, None)
    if begin is None:
        return
    tasks = [records.build(Task, t, "task", BackendError) for t in begin["tasks"]]
    method = records.build(Method, begin["method"], "method", BackendError)
    turns = Turns(begin["process"], tasks, method, opener, watch=watch)

    def interrupted(*_: object) -> None:
        if turns.timing:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupted)
    for order in orders:
        ((what, cell),) = order.items()
        try:
            answer(_done(turns, what, cell))
        except EdgefaceError as wrong:
            kind = type(wrong).__name__
            answer({"error": kind, "message": str(wrong), "remedy": wrong.remedy})


def _done(turns: Turns, what: str, cell: int) -> dict[str, Any]:
    if what == "open":
        return records.plain(turns.open(cell))
    if what == "close":
        turns.close(cell)
        return {}
    try:
        return {"window": records.plain(turns.window(cell))}
    except KeyboardInterrupt:
        return {"window": None if turns.partial is None else records.plain(turns.partial)}


if __name__ == "__main__":
    main()
