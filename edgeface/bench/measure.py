"""Timing inference: several cells in turns, so that whatever the board does meets all of them."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import BackendMissing
from edgeface.report import Cell, Method, Skipped, Window
from edgeface.runtime import Backend

Clock = Callable[[], int]
Step = tuple[int, int]

DEFAULT = Method(seconds=3.0, samples=4096, least=64, windows=12)
QUICK = Method(seconds=0.5, samples=512, least=30, windows=5, warmup_s=0.1)


@dataclass(frozen=True, slots=True)
class Task:
    """A cell to be measured.

    Attributes:
        file: Name, without its folder.
        sha256: Of the file.
        size_bytes: Of the file.
        format: ``tflite`` or ``onnx``.
        scheme: None where nothing tells.
        threads: For the computation.
        open: Loads the file on its backend.
    """

    file: str
    sha256: str
    size_bytes: int
    format: str
    scheme: str | None
    threads: int
    open: Callable[[], Backend]


@dataclass(slots=True)
class _Running:
    """A task while it is measured."""

    task: Task
    backend: Backend
    inputs: NDArray[Any]
    load_ns: int
    first_ns: int = 0
    calls: int = 0
    windows: list[Window] = field(default_factory=list)

    def infer(self) -> None:
        self.backend.infer(self.inputs[self.calls % len(self.inputs)])
        self.calls += 1


def openable(tasks: Sequence[Task]) -> tuple[list[Task], list[Skipped]]:
    """Which tasks can run here; the others with the reason and the remedy.

    Each file is opened once and let go, so that `measure` does not time the runtime's import.

    Raises:
        BackendError: A file is broken, which is no reason to leave it out silently.
    """
    able, skipped = [], {}
    for task in tasks:
        try:
            task.open()
        except BackendMissing as missing:
            skipped[task.file] = Skipped(
                task.file, task.format, task.scheme, str(missing), missing.remedy
            )
        else:
            able.append(task)
    return able, list(skipped.values())


def schedule(cells: int, windows: int, seed: int) -> list[Step]:
    """(window, cell) in the order of measurement: rounds of all cells, shuffled one by one."""
    rng = np.random.default_rng(seed)
    return [(w, int(c)) for w in range(windows) for c in rng.permutation(cells)]


def measure(
    tasks: Sequence[Task],
    inputs: Callable[[Backend], NDArray[Any]],
    method: Method,
    *,
    clock: Clock = time.perf_counter_ns,
    track: Callable[[Sequence[Step]], Iterable[Step]] = iter,
) -> tuple[tuple[Cell, ...], bool]:
    """Measure every task.

    Args:
        tasks: At least one.
        inputs: What a backend is fed, (n, height, width, channels) in its dtype, in turn.
        method: How long, how often, in which order.
        clock: Nanoseconds; tests pass their own.
        track: Goes through the steps; the command line wraps a progress bar around them.

    Returns:
        A cell for every task, and whether it was interrupted. Ctrl-C ends the measurement and keeps
        every sample taken so far; before the first sample it is raised as it came.
    """
    running = [_start(task, inputs, method, clock) for task in tasks]
    interrupted = False
    try:
        for _, number in track(schedule(len(running), method.windows, method.seed)):
            _window(running[number], method, clock)
    except KeyboardInterrupt:
        interrupted = True
        if not any(cell.windows for cell in running):
            raise
    return tuple(_cell(r) for r in running), interrupted


def _start(
    task: Task, inputs: Callable[[Backend], NDArray[Any]], method: Method, clock: Clock
) -> _Running:
    """Load, first inference, warm-up."""
    begin = clock()
    backend = task.open()
    load_ns = clock() - begin
    running = _Running(task, backend, inputs(backend), load_ns)
    begin = clock()
    running.infer()
    running.first_ns = clock() - begin
    until, calls = clock() + int(method.warmup_s * 1e9), 0
    while calls < method.warmup_calls or clock() < until:
        running.infer()
        calls += 1
    return running


def _window(running: _Running, method: Method, clock: Clock) -> None:
    """One turn; what was sampled stands even if the turn is interrupted."""
    for _ in range(method.settle_calls):
        running.infer()
    least = -(-method.least // method.windows)
    most = None if method.samples is None else max(least, -(-method.samples // method.windows))
    infer, inputs, n = running.backend.infer, running.inputs, len(running.inputs)
    samples: list[int] = []
    started = clock()
    until = started + int(method.seconds / method.windows * 1e9)
    try:
        while most is None or len(samples) < most:
            pixels = inputs[running.calls % n]
            before = clock()
            infer(pixels)
            after = clock()
            samples.append(after - before)
            running.calls += 1
            if after >= until and len(samples) >= least:
                break
    finally:
        if samples:
            running.windows.append(Window(0, started, tuple(samples)))


def _cell(running: _Running) -> Cell:
    task, tensor = running.task, running.backend.input
    return Cell(
        file=task.file,
        sha256=task.sha256,
        size_bytes=task.size_bytes,
        format=task.format,
        scheme=task.scheme,
        backend=running.backend.name,
        device="cpu",
        threads=task.threads,
        stage="infer",
        input=f"{tensor.dtype} {tensor.shape}",
        load_ns=running.load_ns,
        first_ns=running.first_ns,
        windows=tuple(running.windows),
    )
