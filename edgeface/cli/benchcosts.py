"""What ``edgeface bench --cold`` and ``--memory`` add to a report: processes of their own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from edgeface.cli import output, targets

if TYPE_CHECKING:
    from edgeface.bench.once import Asked as Fresh
    from edgeface.bench.task import Task
    from edgeface.cli.benching import Asked
    from edgeface.report import ColdStart, Memory, Report


def _tracked(doing: str) -> Callable[[Sequence[Any]], Iterable[Any]]:
    """A progress bar around steps."""
    return lambda steps: output.track(steps, doing)


def with_costs(
    report: "Report", tasks: "Sequence[Task]", asked: "Asked", target: targets.Target
) -> "Report":
    """Cold starts and memory, where they were asked for."""
    cold: tuple[ColdStart, ...] = ()
    memory: tuple[Memory, ...] = ()
    interrupted = False
    if not (asked.cold or asked.memory):
        return report
    from edgeface.bench.cold import cold_starts
    from edgeface.bench.memory import memory_of

    out = {skip.file for skip in report.skipped}
    fresh = [_fresh(t, asked) for t in tasks if t.stage == "infer" and t.file not in out]
    try:
        if asked.cold:
            with TemporaryDirectory() as folder:
                cold, interrupted = cold_starts(
                    _looking(fresh, asked, target, Path(folder)),
                    asked.cold,
                    seed=asked.seed,
                    track=_tracked("starting"),
                )
        if asked.memory and not interrupted:
            memory = tuple(memory_of(one) for one in output.track(fresh, "weighing"))
    except KeyboardInterrupt:
        interrupted = True
    return replace(report, cold=cold, memory=memory, interrupted=interrupted)


def _looking(
    fresh: "list[Fresh]", asked: "Asked", target: targets.Target, folder: Path
) -> "list[Fresh]":
    """Starts as ``edgeface predict`` has them; what names nobody answers random input.

    Raises:
        InputError: None of the photographs that were given shows a face.
    """
    from edgeface.bench.cold import looking
    from edgeface.bench.photographs import drawn_photographs, read_photographs
    from edgeface.bundle import Bundle
    from edgeface.errors import InputError

    if not isinstance(target.bundle, Bundle):
        return fresh
    given = asked.pictures
    shown = read_photographs(given) if given else drawn_photographs(asked.seed)
    try:
        return [looking(one, shown, folder, front="edgeface.cli.app") for one in fresh]
    except InputError as wrong:
        if given:
            raise
        output.say(f"cold starts are fed random input: {wrong}")
        return fresh


def _fresh(task: "Task", asked: "Asked") -> "Fresh":
    """What a new process does."""
    from typing import cast

    from edgeface.bench.once import Asked as Fresh
    from edgeface.runtime.backend import Precision, default_backend
    from edgeface.runtime.devices import computing

    backend = task.backend or default_backend(task.format)
    precision = cast("Precision | None", task.precision or None)
    return Fresh(task.path, backend, task.threads, computing(asked.device), precision)
