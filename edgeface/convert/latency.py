"""How fast the files of an export are here: what a gate on latency is held against."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgeface.bench.measure import DEFAULT, Task, measure
from edgeface.pointbundle import AnyFile
from edgeface.runtime import open_backend


def p50_ms(files: Sequence[AnyFile], folder: Path, inputs: NDArray[Any]) -> dict[str, float]:
    """Median latency of every file on this machine, as `edgeface bench` measures it, one thread.

    Args:
        files: Of one bundle.
        folder: Where they lie.
        inputs: (n, *shape of one input) in the files' dtype, fed in turn.
    """
    tasks = []
    for file in files:
        load = partial(open_backend, folder / file.name)
        facts = (file.name, file.sha256, file.size_bytes, file.format, file.scheme)
        tasks.append(Task(*facts, threads=1, open=load))
    cells, interrupted = measure(tasks, lambda backend: inputs, DEFAULT)
    if interrupted:
        raise KeyboardInterrupt
    return {cell.file: cell.quantile_ms(0.5) or math.nan for cell in cells}
