"""What ``edgeface bench`` measures: files, backends, threads and stages, as tasks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.cli import targets
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.bench.task import Feed, Task
    from edgeface.cli.benching import Asked

ALL = "all"
File = tuple[Path, str, int, str, str | None]  # path, SHA-256, size, format, scheme


def feed_of(target: targets.Target, asked: "Asked") -> "Feed":
    """What its files are fed."""
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
    files: Sequence[File], asked: "Asked", feed: "Feed", target: targets.Target
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


def _backends(format: str, asked: "Asked") -> tuple[str | None, ...]:
    """Names of those that take a format; None is its default, of which a lack is told."""
    from edgeface.runtime.backend import BACKENDS, installed
    from edgeface.runtime.devices import computing

    if not asked.backends:
        return (None,)
    if ALL in asked.backends:
        return installed(format, computing(asked.device))
    return tuple(name for name in asked.backends if name in BACKENDS.get(format, {}))


def _stages(asked: "Asked", target: targets.Target) -> "tuple[tuple[str, ...], Feed | None]":
    """What is timed, and what is fed to it where that is photographs."""
    from edgeface.bench.opening import OPENERS
    from edgeface.bench.task import Feed
    from edgeface.bundle import Bundle

    if not asked.stages:
        if asked.pictures and not asked.cold:
            msg = "--pictures are looked at by --stages and --cold alone"
            raise UsageError(msg, remedy="add --stages, or --cold N")
        return ("infer",), None
    if not isinstance(target.bundle, Bundle):
        if asked.pictures:
            msg = f"{target.path} has no stages that look at photographs: it is no bundle of faces"
            raise UsageError(msg, remedy="leave --pictures out, or name a bundle")
        return ("infer", "invoke"), None
    return tuple(OPENERS), Feed("photographs", str(target.bundle.folder), asked.seed)
