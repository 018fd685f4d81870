"""Timing several cells in turns, so that whatever the board does meets all of them."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from edgeface.bench.process import Died, Hand, Process
from edgeface.bench.task import Facts, Task
from edgeface.errors import BackendError, BackendMissing, EdgefaceError, UsageError
from edgeface.report import Cell, Energy, Method, Skipped, Window

_SAMPLED_S = 2.0
Launch = Callable[[int, Sequence[Task], Method], Hand]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done next: a cell is opened in a place, or has a window there.

    Attributes:
        what: ``open`` or ``window``.
        place: Which of the processes that run at the same time.
        cell: Index of the task.
    """

    what: str
    place: int
    cell: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it.

    Attributes:
        cells: One for every task that could be opened, in their order.
        skipped: The others.
        interrupted: Whether it was stopped before all windows were done.
        energy: Per cell, where a meter could tell.
        notes: What went otherwise than planned, in sentences.
    """

    cells: tuple[Cell, ...]
    skipped: tuple[Skipped, ...]
    interrupted: bool
    energy: tuple[Energy, ...] = ()
    notes: tuple[str, ...] = ()


class Meter(Protocol):
    """Counts energy; see `edgeface.board.energy`."""

    def start(self) -> None:
        """Before a window."""

    def stop(self) -> Mapping[str, tuple[float, float]]:
        """After it: source → joules since `start`, and within how many seconds."""


@dataclass(slots=True)
class _Running:
    """A task while it is measured."""

    task: Task
    facts: Facts | None = None
    windows: list[Window] = field(default_factory=list)
    skipped: Skipped | None = None
    problem: str = ""
    joules: dict[str, list[float]] = field(default_factory=dict)

    @property
    def goes_on(self) -> bool:
        return self.skipped is None and not self.problem


def schedule(cells: int, method: Method) -> list[Step]:
    """Everything to be done, in order.

    Every process opens every cell; then come rounds in each of which every cell has one window in
    every process, in an order drawn anew.
    """
    rng = np.random.default_rng(method.seed)
    pairs = [(place, cell) for place in range(method.processes) for cell in range(cells)]
    rounds = -(-method.windows // method.processes)
    steps = [Step("open", *pair) for pair in pairs]
    for _ in range(rounds):
        steps += [Step("window", *pairs[int(i)]) for i in rng.permutation(len(pairs))]
    return steps


def measure(
    tasks: Sequence[Task],
    method: Method,
    *,
    launch: Launch = Process,
    track: Callable[[Sequence[Step]], Iterable[Step]] = iter,
    meter: Meter | None = None,
    sampler: Meter | None = None,
) -> Measured:
    """Measure every task.

    A process that dies is replaced by one without the cell that it died of.

    Args:
        tasks: At least one.
        method: How long, how often, in how many processes.
        launch: Starts a process; tests and callers with data in memory give `Here.launcher`.
        track: Goes through the steps; the command line wraps a progress bar around them.
        meter: Asked around every window; None measures no energy.
        sampler: Asked beside calls after the last window, that are not kept, for it disturbs them.

    Returns:
        What was measured. Ctrl-C ends the measurement and keeps every sample taken so far; before
        the first sample it is raised as it came.

    Raises:
        BackendError: A file is broken, which is no reason to leave it out silently.
    """
    run = _Run(tasks, method, launch, meter)
    interrupted = False
    try:
        for step in track(schedule(len(tasks), method)):
            run.take(step)
    except KeyboardInterrupt:
        interrupted = True
        run.stop()
        if not any(r.windows for r in run.running):
            raise
    else:
        if sampler is not None:
            run.sample(sampler)
    finally:
        run.end()
    return run.measured(interrupted)


class _Run:
    def __init__(
        self, tasks: Sequence[Task], method: Method, launch: Launch, meter: Meter | None
    ) -> None:
        self.running = [_Running(task) for task in tasks]
        self._tasks, self._method, self._launch, self._meter = tasks, method, launch, meter
        self._hands: dict[int, Hand] = {}  # place → who works there
        self._open: dict[int, list[int]] = {}  # place → cells
        self._launched = 0
        self._now: tuple[Hand, _Running] | None = None
        self._notes: list[str] = []

    def take(self, step: Step) -> None:
        """Do one step, unless its cell is out."""
        running = self.running[step.cell]
        if not running.goes_on:
            return
        try:
            if step.what == "open":
                self._open_cell(step.place, step.cell)
            else:
                self._take_window(step.place, running, step.cell)
        except Died as how:
            self._died(step.place, step.cell, str(how))

    def sample(self, sampler: Meter) -> None:
        """Let every cell run for a while more, and ask for the power meanwhile."""
        for cell, running in enumerate(self.running):
            if not running.goes_on or running.facts is None:
                continue
            hand, calls, began = self._hand(0), 0, time.monotonic()
            try:
                sampler.start()
                while calls == 0 or time.monotonic() - began < _SAMPLED_S:
                    calls += len(hand.window(cell).samples_ns) + self._method.settle_calls
            except (Died, KeyboardInterrupt) as how:  # the latencies are complete without it
                why = str(how) or "interrupted"
                self._notes.append(f"energy: from {running.task.file} on not measured: {why}")
                return
            finally:
                told = sampler.stop()
            _add(running, told, calls)

    def stop(self) -> None:
        """Keep what the window under way had gathered."""
        if self._now is not None:
            hand, running = self._now
            if (window := hand.stop()) is not None:
                running.windows.append(window)

    def end(self) -> None:
        """Let all processes go."""
        for hand in self._hands.values():
            hand.end()

    def measured(self, interrupted: bool) -> Measured:
        """What came of it."""
        held = [r for r in self.running if r.skipped is None and r.facts is not None]
        energy = tuple(
            Energy(source, joules, seconds, cell, int(calls))
            for cell, r in enumerate(held)
            for source, (joules, seconds, calls) in r.joules.items()
        )
        return Measured(
            cells=tuple(_cell(r, r.facts) for r in held if r.facts is not None),
            skipped=_once(self.running),
            interrupted=interrupted,
            energy=energy,
            notes=tuple(self._notes),
        )

    def _hand(self, place: int) -> Hand:
        if place not in self._hands:
            self._hands[place] = self._launch(self._launched, self._tasks, self._method)
            self._open[place] = []
            self._launched += 1
        return self._hands[place]

    def _open_cell(self, place: int, cell: int) -> None:
        running = self.running[cell]
        try:
            facts = self._hand(place).open(cell)
        except EdgefaceError as wrong:
            if running.windows:  # of another process, or of one that died
                running.problem = str(wrong)
                self._notes.append(f"{running.task.file}: {wrong}; its samples are kept")
            else:
                running.skipped = _skipped(running.task, wrong)
            return
        self._open[place].append(cell)
        if running.facts is None:
            running.facts = facts

    def _take_window(self, place: int, running: _Running, cell: int) -> None:
        hand = self._hand(place)
        if self._meter is not None:
            self._meter.start()
        self._now = hand, running
        window = hand.window(cell)
        running.windows.append(window)
        self._now = None
        if self._meter is not None:
            calls = len(window.samples_ns) + self._method.settle_calls
            _add(running, self._meter.stop(), calls)

    def _died(self, place: int, cell: int, how: str) -> None:
        """Leave the cell out and open the others again in a new process."""
        self._now = None
        running = self.running[cell]
        name = running.task.file
        if running.windows:
            running.problem = how
            self._notes.append(f"{name}: {how}; its samples until then are kept")
        else:
            remedy = "measure it alone, on a board with more memory, or with another backend"
            running.skipped = _skip(running.task, how, remedy)
        opened = self._open.pop(place, [])
        if place in self._hands:
            self._hands.pop(place).end()
        for other in opened:
            if other != cell:
                self.take(Step("open", place, other))


def _add(running: _Running, told: Mapping[str, tuple[float, float]], calls: int) -> None:
    for source, (joules, seconds) in told.items():
        held = running.joules.setdefault(source, [0.0, 0.0, 0.0])
        held[:] = held[0] + joules, held[1] + seconds, held[2] + calls


def _skipped(task: Task, wrong: EdgefaceError) -> Skipped:
    """Why a cell is left out, where that may be.

    A file that its format's own runtime does not take is broken. One that only another runtime
    does not take is left out, with the reason.
    """
    left_out = isinstance(wrong, BackendMissing) or (
        isinstance(wrong, BackendError) and task.backend is not None
    )
    if isinstance(wrong, UsageError) or not left_out:
        raise wrong
    return _skip(task, str(wrong), wrong.remedy)


def _skip(task: Task, reason: str, remedy: str) -> Skipped:
    return Skipped(task.file, task.format, task.scheme, reason, remedy)


def _once(running: Sequence[_Running]) -> tuple[Skipped, ...]:
    """A file that is left out for the same reason with every number of threads stands once."""
    return tuple(dict.fromkeys(r.skipped for r in running if r.skipped is not None))


def _cell(running: _Running, facts: Facts) -> Cell:
    task = running.task
    return Cell(
        file=task.file,
        sha256=task.sha256,
        size_bytes=task.size_bytes,
        format=task.format,
        scheme=task.scheme,
        backend=facts.backend,
        device=facts.device,
        threads=task.threads,
        stage=task.stage,
        input=facts.input,
        load_ns=facts.load_ns,
        first_ns=facts.first_ns,
        windows=tuple(running.windows),
        placed=facts.placed,
        precision=facts.precision,
        problem=running.problem,
    )
