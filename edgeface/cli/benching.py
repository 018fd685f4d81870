"""Measuring for ``edgeface bench``: from what was asked for to a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface import __version__
from edgeface.cli import output, targets
from edgeface.cli.benchcosts import with_costs
from edgeface.cli.benchtasks import feed_of, files_of, tasks_of
from edgeface.errors import BackendMissing, UsageError

if TYPE_CHECKING:
    from edgeface.bench.measure import Launch
    from edgeface.bench.task import Task
    from edgeface.report import Method, Mode, Report


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

    feed = feed_of(target, asked)
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
    launch: "Launch | None" = None,
) -> "Report":
    """Measure these tasks by this method.

    Args:
        tasks: At least one.
        method: How long, how often.
        target: What they belong to.
        asked: What was asked for.
        command: The words that repeat it.
        launch: Starts a process that measures; None is the one for model files.
    """
    from edgeface import board, report
    from edgeface.bench import process
    from edgeface.bench.measure import measure
    from edgeface.board.energy import meters

    machine, before = board.read_board(), board.read_state()
    meter, sampler, notes = meters(gpu=asked.device == "gpu")
    found = measure(
        tasks,
        method,
        launch=launch or process.Process,
        track=lambda steps: output.track(steps, "measuring"),
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
    return made if made.interrupted else with_costs(made, tasks, asked, target)
