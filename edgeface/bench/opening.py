"""Opening a task: one function a stage, in whatever process it is to be timed."""

from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from edgeface.bench.inputs import random_inputs
from edgeface.bench.photographs import drawn_photographs, read_photographs
from edgeface.bench.stages import STAGES, WHOLE, Stages, stages_of
from edgeface.bench.task import Feed, Opened, Opener, Task
from edgeface.bundle import Bundle
from edgeface.pointbundle import open_bundle
from edgeface.runtime import Backend, open_backend
from edgeface.vision.pipeline import Pipeline, open_pipeline


def open_task(task: Task) -> Opened:
    """Load what a task names and make it ready.

    Raises:
        EdgefaceError: It cannot be had here; the subclass says why.
    """
    return OPENERS[task.stage](task)


def fed(backend: Backend, feed: Feed) -> Any:
    """What a backend is fed: (n, *shape of one input) in its dtype."""
    if feed.kind == "random":
        return random_inputs(backend, feed.seed)
    return _golden(feed.bundle)


@lru_cache(maxsize=1)
def _golden(bundle: str) -> Any:
    """Kept: every cell of a bundle is fed the same, and opening one holds it against its sums."""
    return open_bundle(Path(bundle)).golden()[0]


def _backend(task: Task) -> Backend:
    return open_backend(
        Path(task.path),
        backend=task.backend,
        threads=task.threads,
        device=cast("Any", task.device),
        precision=cast("Any", task.precision or None),
    )


def _infer(task: Task) -> Opened:
    backend = _backend(task)
    return _opened(backend, fed(backend, task.feed), backend.infer)


def _invoke(task: Task) -> Opened:
    """The runtime alone: what is timed is all but the way of the pixels in and the answer out."""
    backend = _backend(task)
    opened = _opened(backend, fed(backend, task.feed), lambda compute: compute())
    return replace(opened, before=backend.bind)


def _opened(backend: Backend, inputs: Any, call: Any) -> Opened:
    tensor = backend.input
    return Opened(
        backend=backend.name,
        input=f"{tensor.dtype} {tensor.shape}",
        inputs=inputs,
        call=call,
        device=backend.device,
        placed=lambda: str(backend.placement()),
        precision=backend.precision,
    )


def _stage(task: Task) -> Opened:
    """A stage of looking at photographs; see `edgeface.bench.stages`.

    ``options``: ``photographs``, paths one a line, without which some are drawn from the seed of
    the feed; ``detector`` and ``detector_model``, without which the bundle's own is taken.
    """
    eyes, stages = _eyes(
        task.feed.bundle,
        Path(task.path).name,
        task.backend,
        task.threads,
        task.device,
        task.options.get("detector"),
        task.options.get("detector_model"),
        task.options.get("photographs", ""),
        task.feed.seed,
    )
    backend = eyes.classifier.backend
    return Opened(
        backend=backend.name,
        input=stages.input,
        inputs=stages.looks,
        call=stages.calls[task.stage],
        device=backend.device,
        precision=backend.precision,
    )


@cache
def _eyes(
    folder: str,
    name: str,
    backend: str | None,
    threads: int,
    device: str,
    detector: str | None,
    detector_model: str | None,
    photographs: str,
    seed: int,
) -> tuple[Pipeline, Stages]:
    """Kept: the stages of a file are given what the stages before them made."""
    bundle = Bundle.load(Path(folder))
    file = next(f for f in bundle.manifest.files if f.name == name)
    eyes = open_pipeline(
        bundle,
        file,
        detector=detector,
        detector_model=None if detector_model is None else Path(detector_model),
        threads=threads,
        backend=backend,
        device=cast("Any", device),
    )
    given = [Path(line) for line in photographs.splitlines()]
    shown = read_photographs(given) if given else drawn_photographs(seed)
    return eyes, stages_of(eyes, shown)


def _infer_or_stage(task: Task) -> Opened:
    """``infer`` of what the file is fed, or of the faces of photographs where those are named."""
    return _stage(task) if task.feed.kind == "photographs" else _infer(task)


# Stage → what opens it. A new stage is one function and one line.
OPENERS: dict[str, Opener] = {
    **dict.fromkeys((*STAGES, WHOLE), _stage),
    "infer": _infer_or_stage,
    "invoke": _invoke,
}
