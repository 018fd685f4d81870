"""Measuring for ``edgeface bench``: from what was asked for to a report."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeface import __version__
from edgeface.cli import output, targets
from edgeface.errors import BackendMissing, UsageError

if TYPE_CHECKING:
    from edgeface.bench.once import Asked as Fresh
    from edgeface.bench.task import Feed, Task
    from edgeface.report import ColdStart, Memory, Method, Mode, Report

ALL = "all"
File = tuple[Path, str, int, str, str | None]  # path, SHA-256, size, format, scheme


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``edgeface bench`` is asked to measure.

    Attributes:
        threads: Numbers of threads.
        backends: Names; empty: each format's default; ``all``: what is installed.
        device: What is to compute: ``cpu``, ``gpu``, ``pi``.
        precision: Of the computation in float, where a backend may choose; None: its default.
        mode: How long.
        seconds: Of a cell, for the mode ``seconds``.
        seed: Of the order, and of random input.
        random: Feed random input to a bundle, too.
        stages: Time the stages of looking at a photograph, and the runtime alone.
        pictures: Photographs for the stages; none: drawn ones.
        cold: How many cold starts.
        memory: Whether to measure memory.
    """

    threads: tuple[int, ...] = (1,)
    backends: tuple[str, ...] = ()
    device: str = "cpu"
    precision: str | None = None
    mode: "Mode" = "default"
    seconds: float | None = None
    seed: int = 0
    random: bool = False
    stages: bool = False
    pictures: tuple[Path, ...] = ()
    cold: int = 0
    memory: bool = False


def measured(target: targets.Target, asked: Asked, command: Sequence[str]) -> "Report":
    """Measure all that was asked for.

    Raises:
        BackendMissing: Nothing can run here, or not the very file that was asked for.
        BackendError: A file is broken, or the device is not there.
    """
    from edgeface.bench.plan import plan

    feed = _feed(target, asked)
    tasks = tasks_of(files_of(target), asked, feed, target)
    if not tasks:
        named = ", ".join(asked.backends)
        msg = f"--backend {named} runs no file of {target.path} on {asked.device}"
        raise UsageError(msg, remedy="edgeface doctor says which runtimes are installed")
    method = plan(
        asked.mode,
        len(tasks),
        seconds=asked.seconds,
        seed=asked.seed,
        input="random" if feed.kind == "random" else "golden",
    )
    return carried_out(tasks, method, target, asked, command)


def carried_out(
    tasks: "Sequence[Task]",
    method: "Method",
    target: targets.Target,
    asked: Asked,
    command: Sequence[str],
) -> "Report":
    """Measure these tasks by this method."""
    from edgeface import board, report
    from edgeface.bench import process
    from edgeface.bench.measure import measure
    from edgeface.board.energy import meters

    machine, before = board.read_board(), board.read_state()
    meter, sampler, notes = meters(gpu=asked.device == "gpu")
    found = measure(
        tasks,
        method,
        launch=process.Process,
        track=tracked("measuring"),
        meter=meter,
        sampler=sampler,
    )
    for skip in found.skipped:
        output.say(f"not measured: {skip.file}: {skip.reason}; {skip.remedy}")
    if found.skipped and (target.by_name or not found.cells):
        first = found.skipped[0]
        msg = f"{first.file} cannot be measured: {first.reason}"
        raise BackendMissing(msg, remedy=first.remedy)
    made = report.Report(
        schema=report.SCHEMA,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        edgeface=__version__,
        subject=target.path.resolve().name,
        board=machine,
        before=before,
        after=board.read_state(),
        method=method,
        interrupted=found.interrupted,
        cells=found.cells,
        skipped=found.skipped,
        energy=found.energy,
        command=tuple(command),
        notes=(*found.notes, *notes),
    )
    return made if made.interrupted else _costs(made, tasks, asked)


def tracked(doing: str) -> Callable[[Sequence[Any]], Iterable[Any]]:
    """A progress bar around steps."""
    return lambda steps: output.track(steps, doing)


def _costs(report: "Report", tasks: "Sequence[Task]", asked: Asked) -> "Report":
    """Cold starts and memory, where they were asked for."""
    cold: tuple[ColdStart, ...] = ()
    memory: tuple[Memory, ...] = ()
    interrupted = False
    if not (asked.cold or asked.memory):
        return report
    from edgeface.bench.cold import cold_starts
    from edgeface.bench.memory import memory_of

    out = {skip.file for skip in report.skipped}
    fresh = [
        _fresh(task, asked) for task in tasks if task.stage == "infer" and task.file not in out
    ]
    try:
        if asked.cold:
            cold, interrupted = cold_starts(
                fresh, asked.cold, seed=asked.seed, track=tracked("starting")
            )
        if asked.memory and not interrupted:
            memory = tuple(memory_of(one) for one in output.track(fresh, "weighing"))
    except KeyboardInterrupt:
        interrupted = True
    return replace(report, cold=cold, memory=memory, interrupted=interrupted)


def _fresh(task: "Task", asked: Asked) -> "Fresh":
    from typing import cast

    from edgeface.bench.once import Asked as Fresh
    from edgeface.runtime.backend import Precision, default_backend
    from edgeface.runtime.devices import computing

    backend = task.backend or default_backend(task.format)
    precision = cast("Precision | None", task.precision or None)
    return Fresh(task.path, backend, task.threads, computing(asked.device), precision)


def _feed(target: targets.Target, asked: Asked) -> "Feed":
    from edgeface.bench.task import Feed

    if target.bundle is None or asked.random:
        return Feed("random", "", asked.seed)
    return Feed("golden", str(target.bundle.folder), asked.seed)


def files_of(target: targets.Target) -> list[File]:
    """The model files of a target."""
    from edgeface.modelfile import read_facts

    if target.bundle is None:
        facts = read_facts(target.path)
        return [(target.path, facts.sha256, facts.size_bytes, facts.format, facts.scheme)]
    return [
        (target.bundle.path(f), f.sha256, f.size_bytes, f.format, f.scheme) for f in target.files
    ]


def tasks_of(
    files: Sequence[File], asked: Asked, feed: "Feed", target: targets.Target
) -> "list[Task]":
    """Every file on every backend with every number of threads, and its stages.

    Raises:
        UsageError: A backend, the device or the precision is unknown, or stages were asked of what
            has none.
    """
    from edgeface.bench.task import Task
    from edgeface.runtime.devices import check_device, computing

    check_device(asked.device)
    _check_backends(asked.backends)
    stages, photographs = _stages(asked, target)
    return [
        Task(
            path=str(path),
            sha256=digest,
            size_bytes=size,
            format=kind,
            scheme=scheme,
            threads=threads,
            feed=feed if photographs is None or stage == "invoke" else photographs,
            backend=backend,
            device=computing(asked.device),
            stage=stage,
            precision=asked.precision or "",
            options={"photographs": "\n".join(map(str, asked.pictures))} if asked.pictures else {},
        )
        for path, digest, size, kind, scheme in files
        for backend in _backends(kind, asked)
        for threads in asked.threads
        for stage in stages
    ]


def _check_backends(named: Sequence[str]) -> None:
    from edgeface.runtime.backend import BACKENDS

    known = {name for names in BACKENDS.values() for name in names}
    for name in named:
        if name not in known and name != ALL:
            msg = f"--backend {name}: one of {', '.join(sorted(known))}, {ALL}"
            raise UsageError(msg)


def _backends(format: str, asked: Asked) -> tuple[str | None, ...]:
    """Names of those that take a format; None is its default, of which a lack is told."""
    from edgeface.runtime.backend import BACKENDS, installed
    from edgeface.runtime.devices import computing

    if not asked.backends:
        return (None,)
    if ALL in asked.backends:
        return installed(format, computing(asked.device))
    return tuple(name for name in asked.backends if name in BACKENDS.get(format, {}))


def _stages(asked: Asked, target: targets.Target) -> "tuple[tuple[str, ...], Feed | None]":
    """What is timed, and what is fed to it where that is photographs."""
    from edgeface.bench.opening import OPENERS
    from edgeface.bench.task import Feed
    from edgeface.bundle import Bundle

    if not asked.stages:
        if asked.pictures:
            msg = "--pictures are looked at by --stages alone"
            raise UsageError(msg, remedy="add --stages")
        return ("infer",), None
    if not isinstance(target.bundle, Bundle):
        if asked.pictures:
            msg = f"{target.path} has no stages that look at photographs: it is no bundle of faces"
            raise UsageError(msg, remedy="leave --pictures out, or name a bundle")
        return ("infer", "invoke"), None
    return tuple(OPENERS), Feed("photographs", str(target.bundle.folder), asked.seed)
