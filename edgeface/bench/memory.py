"""Memory of a process of its own, step by step: interpreter, libraries, runtime, model."""

from dataclasses import replace
from pathlib import Path

from edgeface.bench.fresh import Start, start
from edgeface.bench.once import AGAIN, Asked
from edgeface.report import Memory, Resident

_RUNTIME, _FIRST = "runtime", "first inference"


def memory_of(asked: Asked, *, start: Start = start) -> Memory:
    """Let a process open one file and answer 101 times, and ask it for its memory at every step.

    It is read when a step is done: what a step needed for a while and gave back is in the peak
    alone.

    Args:
        asked: The file and what runs it; a photograph and a command are left out.
        start: Runs the process; tests pass their own.

    Raises:
        BackendError: It could not do it.
    """
    marked = start(replace(asked, picture="", front="", again=AGAIN), "memory")
    steps = tuple(Resident(step, **read) for step, read in marked.marks.items())
    names = [step.step for step in steps]
    runtime, first = names.index(_RUNTIME), names.index(_FIRST)
    base, loaded = steps[runtime - 1].rss_bytes, steps[runtime].rss_bytes
    return Memory(
        file=Path(asked.path).name,
        backend=marked.backend,
        threads=asked.threads,
        base_bytes=base,
        runtime_bytes=loaded - base,
        model_bytes=steps[first].rss_bytes - loaded,
        peak_bytes=steps[-1].peak_bytes,
        steps=steps,
    )
