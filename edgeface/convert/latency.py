"""How fast the files of an export are here: what a gate on latency is held against."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgeface.bench.measure import measure
from edgeface.bench.process import Here
from edgeface.bench.task import Opened, Task
from edgeface.pointbundle import AnyFile
from edgeface.report import Method
from edgeface.runtime import open_backend

# In this process: the inputs are in its memory, and the answer is held against a limit, not quoted.
_METHOD = Method(seconds=3.0, samples=4096, least=64, windows=12)


def p50_ms(files: Sequence[AnyFile], folder: Path, inputs: NDArray[Any]) -> dict[str, float]:
    """Median latency of every file on this machine, as `edgeface bench` measures it, one thread.

    Args:
        files: Of one bundle.
        folder: Where they lie.
        inputs: (n, *shape of one input) in the files' dtype, fed in turn.
    """

    def opener(task: Task) -> Opened:
        backend = open_backend(Path(task.path), threads=1)
        return Opened(backend.name, str(backend.input), inputs, backend.infer)

    tasks = [Task(str(folder / f.name), f.sha256, f.size_bytes, f.format, f.scheme) for f in files]
    found = measure(tasks, _METHOD, launch=Here.launcher(opener))
    if found.interrupted:
        raise KeyboardInterrupt
    return {cell.file: cell.quantile_ms(0.5) or math.nan for cell in found.cells}
