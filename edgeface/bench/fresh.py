"""Starting `edgeface.bench.once` in a process of its own, and reading what it marked."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import edgeface
from edgeface import records
from edgeface.bench.once import Asked
from edgeface.errors import BackendError

_LONGEST_S = 300.0
# The clock is read before anything of ours is imported. -P: a file in the current folder is not
# imported for a module.
_PROGRAM = (
    "import time; began = time.monotonic_ns(); import sys; sys.path.append(sys.argv[1]); "
    "from edgeface.bench.once import main; main(began)"
)


@dataclass(frozen=True, slots=True)
class Marked:
    """What such a process told.

    Attributes:
        started_ns: When it was started, on the clock of `time.monotonic_ns`: Linux counts it from
            the boot of the machine, so that it is one clock for parent and child.
        backend: Runtime and version.
        marks: Step → what was read when it was done, in order: nanoseconds on the same clock, or
            what `edgeface.bench.once.resident` gives.
        uncompiled: Modules that were compiled for want of bytecode.
    """

    started_ns: int
    backend: str
    marks: dict[str, Any]
    uncompiled: int


Start = Callable[[Asked, Literal["time", "memory"]], Marked]


def start(asked: Asked, watch: Literal["time", "memory"]) -> Marked:
    """Run one and wait for its end.

    Args:
        asked: What it is to do.
        watch: What it is to read at every step.

    Raises:
        BackendError: It could not do it; or it died, or took longer than five minutes.
    """
    root = str(Path(edgeface.__file__).resolve().parent.parent)
    words = [root, watch, json.dumps(records.plain(asked))]
    command = [sys.executable, "-P", "-c", _PROGRAM, *words]
    started_ns = time.monotonic_ns()
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LONGEST_S, check=False)
    except subprocess.TimeoutExpired as error:
        msg = f"{asked.path}: no answer of a new process within {_LONGEST_S:.0f} s"
        raise BackendError(msg) from error
    said = _last_line(done.stdout)
    if said is None:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        msg = f"{asked.path}: a new process ended with {how}: {told[-1][:200] if told else ''}"
        raise BackendError(
            msg.rstrip(": "), remedy="edgeface verify says whether the file is whole"
        )
    if "error" in said:
        raise BackendError(said["error"], remedy=said["remedy"])
    return Marked(started_ns, said["backend"], dict(said["marks"]), said["uncompiled"])


def _last_line(output: bytes) -> Mapping[str, Any] | None:
    try:
        said = json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        return None
    return said if isinstance(said, Mapping) else None
