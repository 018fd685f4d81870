"""A process that measures networks of Keras; see `edgeface.bench.worker`."""

from dataclasses import replace
from pathlib import Path
from typing import cast

from edgeface.bench import worker
from edgeface.bench.inputs import random_inputs
from edgeface.bench.task import Opened, Task
from edgeface.runtime import Device
from edgeface.train.reference import open_run


def main() -> None:
    """As `edgeface.bench.worker.main`."""
    worker.main(open_reference)


def open_reference(task: Task) -> Opened:
    """Load the run that a task names: ``infer`` and ``invoke`` as of a model file.

    Raises:
        EdgefaceError: It cannot be had here; the subclass says why.
    """
    device = cast("Device", task.device)
    way = task.backend or "keras-predict"
    backend = open_run(Path(task.path), way, threads=task.threads, device=device)
    opened = Opened(
        backend=backend.name,
        input=f"{backend.input.dtype} {backend.input.shape}",
        inputs=random_inputs(backend, task.feed.seed),
        call=backend.infer,
        device=backend.device,
        placed=lambda: str(backend.placement()),
    )
    if task.stage == "invoke":
        return replace(opened, before=backend.bind, call=lambda compute: compute())
    return opened
