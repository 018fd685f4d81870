"""What ``edgeface bench --cold`` and ``--memory`` add to a report: processes of their own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
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
    picture = _picture(target, asked)
    fresh = [
        _fresh(task, asked, picture)
        for task in tasks
        if task.stage == "infer" and task.file not in out
    ]
    try:
        if asked.cold:
            cold, interrupted = cold_starts(
                fresh, asked.cold, seed=asked.seed, track=_tracked("starting")
            )
        if asked.memory and not interrupted:
            memory = tuple(memory_of(one) for one in output.track(fresh, "weighing"))
    except KeyboardInterrupt:
        interrupted = True
    return replace(report, cold=cold, memory=memory, interrupted=interrupted)


def _picture(target: targets.Target, asked: "Asked") -> str:
    """The photograph that a cold start looks at; without one it answers random input."""
    from edgeface.bench.photographs import read_photographs
    from edgeface.bundle import Bundle

    if not asked.pictures or not isinstance(target.bundle, Bundle):
        return ""
    return read_photographs(asked.pictures[:1], 1)[0].name


def _fresh(task: "Task", asked: "Asked", picture: str) -> "Fresh":
    """What a new process does: with a photograph all that ``edgeface predict`` does."""
    from typing import cast

    from edgeface.bench.once import Asked as Fresh
    from edgeface.runtime.backend import Precision, default_backend
    from edgeface.runtime.devices import computing

    backend = task.backend or default_backend(task.format)
    precision = cast("Precision | None", task.precision or None)
    return Fresh(
        task.path,
        backend,
        task.threads,
        computing(asked.device),
        precision,
        picture=picture,
        front="edgeface.cli.app" if picture else "",
    )
