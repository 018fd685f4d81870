"""The parent's side of a process that measures."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import edgeface
from edgeface import errors, records
from edgeface.bench.opening import open_task
from edgeface.bench.task import Facts, Opener, Task
from edgeface.bench.turns import Clock, Turns
from edgeface.report import Conditions, Method, Window

_STOPS_S = 5.0
# -P: a file of that name in the current folder is not imported for a module.
_PROGRAM = (
    "import sys, importlib; sys.path.append(sys.argv[1]); "
    "importlib.import_module(sys.argv[2]).main()"
)
WORKER = "edgeface.bench.worker"


class Died(Exception):  # noqa: N818 - reads as the condition it names
    """A process that measures ended by itself; the text says how."""


class Hand(Protocol):
    """Whoever takes turns: a process of its own, or this one."""

    @property
    def process(self) -> int:
        """Its number."""

    def open(self, cell: int) -> Facts:
        """See `edgeface.bench.turns.Turns`; also raises `Died`."""

    def close(self, cell: int) -> None:
        """Let a cell go; also raises `Died`."""

    def window(self, cell: int) -> Window:
        """See `edgeface.bench.turns.Turns`; also raises `Died`."""

    def stop(self) -> Window | None:
        """After Ctrl-C: what the window under way had gathered. The hand is of no use after it."""

    def end(self) -> None:
        """Let everything go."""


class Here:
    """Turns in this very process, for tests and for callers whose data is in memory."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.process = turns.process
        self.open, self.close, self.window = turns.open, turns.close, turns.window

    @classmethod
    def launcher(cls, opener: Opener = open_task, clock: Clock | None = None) -> "Any":
        """What `edgeface.bench.measure.measure` takes as ``launch``."""

        def launch(process: int, tasks: Sequence[Task], method: Method) -> Here:
            clocks = () if clock is None else (clock,)
            return cls(Turns(process, tasks, method, opener, *clocks))

        return launch

    def stop(self) -> Window | None:
        """What the window under way had gathered."""
        return self._turns.partial

    def end(self) -> None:
        """Nothing to end."""


class Process:
    """A process of its own, `edgeface.bench.worker` or another module whose ``main`` serves so."""

    def __init__(
        self, process: int, tasks: Sequence[Task], method: Method, worker: str = WORKER
    ) -> None:
        self.process = process
        self._in_window, self._unread = False, b""
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        root = str(Path(edgeface.__file__).resolve().parent.parent)
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, root, worker],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            process_group=0,  # Ctrl-C is the parent's: it asks for what was measured
        )
        plain = [records.plain(task) for task in tasks]
        self._tell({"process": process, "tasks": plain, "method": records.plain(method)})

    @property
    def pid(self) -> int:
        """Its number on this machine."""
        return self._child.pid

    def open(self, cell: int) -> Facts:
        """See `edgeface.bench.turns.Turns`."""
        return Facts(**self._ask({"open": cell}))

    def close(self, cell: int) -> None:
        """Let a cell go."""
        self._ask({"close": cell})

    def window(self, cell: int) -> Window:
        """See `edgeface.bench.turns.Turns`."""
        self._in_window = True
        window = _window(self._ask({"window": cell})["window"])
        self._in_window = False
        if window is None:
            msg = "it was interrupted"
            raise Died(msg)
        return window

    def stop(self) -> Window | None:
        """Interrupt the window under way and wait for what it had gathered."""
        if not self._in_window or self._child.poll() is not None:
            return None
        try:
            self._child.send_signal(signal.SIGINT)
            return _window(self._answer(_STOPS_S).get("window"))
        except Died:
            return None

    def end(self) -> None:
        """End the process, whatever it is doing: nothing of it is needed any more."""
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout, self._said):
            try:
                stream.close()  # type: ignore[union-attr]
            except BrokenPipeError:
                pass  # an order that it no longer read

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        self._tell(order)
        answer = self._answer(None)
        if "error" in answer:
            kind = getattr(errors, answer["error"], errors.BackendError)
            raise kind(answer["message"], remedy=answer["remedy"])
        return answer

    def _tell(self, order: dict[str, Any]) -> None:
        stream = self._child.stdin
        assert stream is not None
        try:
            stream.write(json.dumps(order).encode() + b"\n")
            stream.flush()
        except BrokenPipeError:
            raise Died(self._how()) from None

    def _answer(self, seconds: float | None) -> dict[str, Any]:
        """The next line; read by hand, so that an interruption loses nothing of it."""
        stream = self._child.stdout
        assert stream is not None
        while b"\n" not in self._unread:
            if seconds is not None and not select.select([stream], [], [], seconds)[0]:
                msg = "it did not stop"
                raise Died(msg)
            part = os.read(stream.fileno(), 1 << 20)
            if not part:
                raise Died(self._how())
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _how(self) -> str:
        code = self._child.wait()
        if code == -signal.SIGKILL:
            return "its process was killed (SIGKILL), most likely because memory ran out"
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        how = (
            f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        )
        return f"its process was {how}" + (f" ({last[:200]})" if last else "")


def _window(data: dict[str, Any] | None) -> Window | None:
    if data is None:
        return None
    state = None if data["state"] is None else Conditions(**data["state"])
    return Window(data["process"], data["started_ns"], tuple(data["samples_ns"]), state)
