"""``edgeface bench RUN``: a run's own network on Keras, which its files are held against."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.cli import targets
from edgeface.cli.benching import Asked, carried_out
from edgeface.cli.benchtasks import ALL
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.bench.task import Task
    from edgeface.report import Report

_WORKER = "edgeface.train.referenceworker"


def is_run(named: Path) -> bool:
    """Whether a folder is a run of edgeface train, and no bundle."""
    from edgeface.bundlefolder import MANIFEST

    return (named / "config.toml").is_file() and not (named / MANIFEST).exists()


def target_of(named: Path, format: str | None, scheme: str | None) -> targets.Target:
    """The run as what is measured.

    Raises:
        UsageError: Files of a bundle were chosen among.
    """
    if format or scheme:
        msg = f"{named} is a run: --format and --scheme choose among the files of a bundle"
        raise UsageError(msg, remedy=f"edgeface export {named} makes one")
    return targets.Target(named, None, (), by_name=True)


def measured(target: targets.Target, asked: Asked, command: Sequence[str]) -> "Report":
    """Measure a run by every way that was asked for.

    Raises:
        UsageError: A way is unknown, or something was asked of a run that only files have.
        BundleError: The run is damaged.
        BackendError: The device is not there.
    """
    from edgeface.bench.plan import plan
    from edgeface.bench.process import Process

    _check(target.path, asked)
    tasks = _tasks(target.path, asked)
    method = plan(asked.mode, len(tasks), seconds=asked.seconds, seed=asked.seed, input="random")
    launch = partial(Process, worker=_WORKER)
    return carried_out(tasks, method, target, asked, command, launch)


def _tasks(folder: Path, asked: Asked) -> "list[Task]":
    from edgeface import sealed
    from edgeface.bench.task import Feed, Task
    from edgeface.train.referenceways import WAYS
    from edgeface.train.run import WEIGHTS

    ways = asked.backends if asked.backends and ALL not in asked.backends else WAYS
    weights = folder / WEIGHTS
    if not weights.is_file():
        msg = f"{folder} is no whole run: it has no {WEIGHTS}"
        raise UsageError(msg, remedy="edgeface train --resume finishes what was interrupted")
    return [
        Task(
            path=str(folder),
            sha256=sealed.sha256(weights),
            size_bytes=weights.stat().st_size,
            format="keras",
            scheme="float32",
            threads=asked.threads[0],
            feed=Feed("random", "", asked.seed),
            backend=way,
            device=asked.device,
            stage=stage,
        )
        for way in ways
        for stage in (("infer", "invoke") if asked.stages else ("infer",))
    ]


def _check(folder: Path, asked: Asked) -> None:
    from edgeface.runtime import check_device
    from edgeface.train.referenceways import WAYS

    check_device(asked.device)
    for way in asked.backends:
        if way not in (*WAYS, ALL):
            msg = f"--backend {way}: a run is measured on {' or '.join(WAYS)}"
            raise UsageError(msg, remedy=f"edgeface export {folder} makes files for other backends")
    if len(asked.threads) > 1:
        msg = "TensorFlow takes its threads once a process: a run is measured with one number"
        raise UsageError(msg, remedy="give --threads once")
    for option, given in (
        ("--precision", asked.precision),
        ("--pictures", asked.pictures),
        ("--cold", asked.cold),
        ("--memory", asked.memory),
    ):
        if given:
            msg = f"{option} is of model files: a run is Keras' own network"
            raise UsageError(
                msg, remedy=f"leave it out, or bench what edgeface export {folder} makes"
            )
