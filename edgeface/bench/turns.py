"""The timed part: what one process does, whoever tells it."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from edgeface.bench.task import Facts, Opened, Opener, Task
from edgeface.report import Conditions, Method, Window

Clock = Callable[[], int]
Watch = Callable[[], Callable[[], Conditions]]


class Turns:
    """Cells that one process has open, and their turns.

    Args:
        process: Its number, for the windows.
        tasks: All cells of the run; each is opened when it is asked for.
        method: How long, how often.
        opener: Loads a task.
        clock: Nanoseconds; tests pass their own.
        watch: See `edgeface.bench.conditions.watch`; None looks at nothing.
    """

    def __init__(
        self,
        process: int,
        tasks: Sequence[Task],
        method: Method,
        opener: Opener,
        clock: Clock = time.perf_counter_ns,
        watch: Watch | None = None,
    ) -> None:
        self.process = process
        self.partial: Window | None = None
        self.timing = False
        self._tasks, self._method, self._opener = tasks, method, opener
        self._clock, self._watch = clock, watch
        self._opened: dict[int, Opened] = {}
        self._calls: dict[int, int] = {}
        self._loaded: set[tuple[str, str | None, str, str]] = set()

    def open(self, cell: int) -> Facts:
        """Load, first call, warm-up.

        The first file of a runtime is opened twice, so that the import is not timed as its load.

        Raises:
            EdgefaceError: It cannot be had here.
        """
        task, clock = self._tasks[cell], self._clock
        runtime = (task.format, task.backend, task.device, task.stage)
        if runtime not in self._loaded:
            self._opener(task)
            self._loaded.add(runtime)
        begin = clock()
        opened = self._opener(task)
        loaded = clock()
        self._opened[cell], self._calls[cell] = opened, 0
        first = clock()
        self._call(cell)
        first_ns = clock() - first
        until, calls = clock() + int(self._method.warmup_s * 1e9), 0
        while calls < self._method.warmup_calls or clock() < until:
            self._call(cell)
            calls += 1
        return Facts(
            backend=opened.backend,
            input=opened.input,
            device=opened.device,
            placed=self._placed(opened),
            precision=opened.precision,
            load_ns=loaded - begin,
            first_ns=first_ns,
        )

    def close(self, cell: int) -> None:
        """Let a cell go."""
        self._opened.pop(cell, None)

    def window(self, cell: int) -> Window:
        """One turn; meanwhile `timing` is True.

        If it is interrupted (KeyboardInterrupt), what was sampled until then is `partial`.
        """
        self.partial, started = None, 0
        samples: list[int] = []
        self.timing = True
        try:
            for _ in range(self._method.settle_calls):
                self._call(cell)
            end = self._watch() if self._watch is not None else None
            started = self._clock()
            self._sample(cell, samples, started)
        except KeyboardInterrupt:
            if samples:
                self.partial = Window(self.process, started, tuple(samples))
            raise
        finally:
            self.timing = False
        return Window(self.process, started, tuple(samples), None if end is None else end())

    def _placed(self, opened: Opened) -> str:
        """Asked of one process only: the answer of another would be the same."""
        return opened.placed() if self.process == 0 else ""

    def _call(self, cell: int) -> None:
        self._opened[cell].call(self._next(cell))

    def _next(self, cell: int) -> Any:
        opened, calls = self._opened[cell], self._calls[cell]
        self._calls[cell] = calls + 1
        given = opened.inputs[calls % len(opened.inputs)]
        return given if opened.before is None else opened.before(given)

    def _sample(self, cell: int, samples: list[int], started: int) -> None:
        method, clock, call = self._method, self._clock, self._opened[cell].call
        least = -(-method.least // method.windows)
        most = None if method.samples is None else max(least, -(-method.samples // method.windows))
        until = started + int(method.seconds / method.windows * 1e9)
        while most is None or len(samples) < most:
            given = self._next(cell)
            before = clock()
            call(given)
            after = clock()
            samples.append(after - before)
            if after >= until and len(samples) >= least:
                break
