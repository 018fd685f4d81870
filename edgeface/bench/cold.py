"""Cold starts: from the start of a process to its first result, step by step.

Each is a process of its own that does what `edgeface predict` does on one photograph (see
`edgeface.bench.once`) and reads the clock behind every step. Nothing else watches it: a profiler
would slow imports down several times, and not evenly.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from edgeface.bench.fresh import Marked, Start, start
from edgeface.bench.once import Asked
from edgeface.bench.photographs import Photograph
from edgeface.bundle import Bundle
from edgeface.errors import EdgefaceError, InputError
from edgeface.images import decode_picture
from edgeface.report import ColdStart
from edgeface.vision.pipeline import detector_of

STARTS = 5
_DROP = Path("proc/sys/vm/drop_caches")


def cold_starts(
    asked: Sequence[Asked],
    count: int = STARTS,
    *,
    drop: Callable[[], None] | None = None,
    seed: int = 0,
    start: Start = start,
    track: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> tuple[tuple[ColdStart, ...], bool]:
    """Start a process for every file, ``count`` times, in rounds of shuffled order.

    One start of each before that is not counted: it brings the files into memory, and the bytecode
    to the disk where Python may write it.

    Args:
        asked: What is started.
        count: How often each.
        drop: Empties the page cache before every start, see `drop_page_cache`; None leaves it warm.
        seed: Of the order.
        start: Runs a process; tests pass their own.
        track: Goes through the starts; the command line wraps a progress bar around them.

    Returns:
        One record for every file, in the order of ``asked``, and whether it was interrupted: Ctrl-C
        keeps the starts until then. Files of which there are none have no record.

    Raises:
        BackendError: A process could not do it.
        EdgefaceError: The page cache cannot be emptied.
    """
    rng = np.random.default_rng(seed)
    order = [int(i) for _ in range(count) for i in rng.permutation(len(asked))]
    marked: list[list[Marked]] = [[] for _ in asked]
    interrupted = False
    try:
        for one in asked:
            start(one, "time")
        for number in track(order):
            if drop is not None:
                drop()
            marked[number].append(start(asked[number], "time"))
    except KeyboardInterrupt:
        if not any(marked):
            raise
        interrupted = True
    pairs = zip(asked, marked, strict=True)
    return tuple(_cold(one, m, dropped=drop is not None) for one, m in pairs if m), interrupted


def _cold(asked: Asked, marked: Sequence[Marked], *, dropped: bool) -> ColdStart:
    return ColdStart(
        file=Path(asked.path).name,
        backend=marked[0].backend,
        threads=asked.threads,
        steps=tuple(marked[0].marks),
        starts_ns=tuple(_differences(m) for m in marked),
        page_cache="dropped" if dropped else "warm",
        uncompiled=max(m.uncompiled for m in marked),
    )


def _differences(marked: Marked) -> tuple[int, ...]:
    moments = [marked.started_ns, *marked.marks.values()]
    return tuple(after - before for before, after in pairwise(moments))


def drop_page_cache(root: Path = Path("/")) -> None:
    """Let the kernel forget what it holds of files, of the whole machine; only root may.

    See Documentation/admin-guide/sysctl/vm.rst of Linux, ``drop_caches``.

    Args:
        root: Where ``proc`` is.

    Raises:
        EdgefaceError: It is not allowed here, or this is not Linux.
    """
    os.sync()  # what is not written yet cannot be dropped
    try:
        with (root / _DROP).open("r+", encoding="ascii") as file:
            file.write("1\n")
    except OSError as error:
        msg = f"the page cache cannot be dropped ({error.strerror})"
        raise EdgefaceError(msg, remedy="run it as root, or measure with a warm cache") from error


def looking(
    asked: Asked,
    photographs: Sequence[Photograph],
    folder: Path,
    *,
    front: str = "",
    detector: str | None = None,
    detector_model: Path | None = None,
) -> Asked:
    """The same start with a photograph to look at, as far as a name.

    Args:
        asked: Of a file that lies in a bundle.
        photographs: The first of them that shows a face is taken.
        folder: Where it is written for the new processes.
        front: A module to import first: the command that is being measured.
        detector: A name; None takes the bundle's own.
        detector_model: Of the detector.

    Raises:
        InputError: None shows a face.
        DetectorError: The detector cannot be opened.
        BundleError: The bundle is damaged.
    """
    opened = detector_of(Bundle.load(Path(asked.path).parent), detector, detector_model)
    for photograph in photographs:
        if len(opened.detect(decode_picture(photograph.data, photograph.name))):
            place = folder / "photograph"
            place.write_bytes(photograph.data)
            return replace(
                asked,
                picture=str(place),
                front=front,
                detector=detector or "",
                detector_model="" if detector_model is None else str(detector_model),
            )
    msg = f"{opened.name} found no face on any of {len(photographs)} photographs"
    raise InputError(msg, remedy="give photographs that show faces, or --detector none")


def told(cold: ColdStart) -> list[str]:
    """Where the time of cold starts went, and what makes them slower than they need be."""
    shares = ", ".join(f"{step} {share:.0%}" for step, share in longest_steps(cold))
    said = [f"{cold.file} on {cold.backend}: most of a cold start is {shares}"]
    if cold.uncompiled:
        said.append(
            f"Python compiled {cold.uncompiled} modules at every start of {cold.file}, for no "
            "bytecode of them is kept: unset PYTHONDONTWRITEBYTECODE, or python -m compileall"
        )
    return said


def longest_steps(cold: ColdStart, count: int = 3) -> list[tuple[str, float]]:
    """The steps that take longest, with their share of all the time of all starts."""
    sums = np.asarray(cold.starts_ns, np.float64).sum(axis=0)
    return [(cold.steps[i], float(sums[i] / sums.sum())) for i in np.argsort(-sums)[:count]]
