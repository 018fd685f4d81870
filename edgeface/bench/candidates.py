"""What `edgeface.bench.tune` may try: files within their gates, backends, numbers of threads."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeface import golden
from edgeface.bench.contenders import Cell, Check
from edgeface.bundle import ModelFile
from edgeface.errors import RecipeError
from edgeface.gates import Gates
from edgeface.pointbundle import AnyBundle, AnyFile, PointBundle
from edgeface.runtime import BACKENDS, Backend, open_backend
from edgeface.tuned import LeftOut

# Every number up to here, and then doublings: on a server all of them would take hours.
_EVERY_UP_TO = 8
# Kernels in float differ by 1e-5 at most; computing in bfloat16 unasked, by 1e-2.
_FLOAT = 1e-3
_LATENCY = "max_p50_ms"  # of the machine that exported; here it is measured anew


class Opens(Protocol):
    """`edgeface.runtime.open_backend`, or a test's."""

    def __call__(
        self, path: Path, *, backend: str | None, threads: int, device: Literal["cpu", "gpu"]
    ) -> Backend:
        """Load a file."""


def within_gates(
    bundle: AnyBundle, gates: Gates | None = None
) -> tuple[tuple[AnyFile, ...], tuple[LeftOut, ...]]:
    """The files that may be chosen, and the others with the reason.

    Args:
        bundle: A loaded bundle.
        gates: Limits to hold its files against; None takes what its manifest says of the recipe
            that made it. A limit on latency is not looked at.

    Raises:
        RecipeError: The limits cannot be held against what is known of the files.
    """
    missed = _recorded(bundle) if gates is None else _held_against(bundle, gates)
    left_out = []
    for file in bundle.manifest.files:
        if isinstance(file, ModelFile) and file.integer_ends:
            reason = "its ends are int8, for devices without float"
            left_out.append(LeftOut(file.name, reason, ""))
        elif file.name in missed:
            left_out.append(LeftOut(file.name, f"misses a gate: {missed[file.name]}", ""))
    out = {one.what for one in left_out}
    return tuple(f for f in bundle.manifest.files if f.name not in out), tuple(left_out)


def _recorded(bundle: AnyBundle) -> dict[str, str]:
    """File → the limit that it was found to miss when it was exported."""
    held = bundle.manifest.gates
    asked_of = {gate.file for gate in held}
    found: dict[str, str] = {}
    for file in bundle.manifest.files:
        # What a search asked of all files of a format may be met by one of them by luck.
        names = (file.name, f"{file.format} (search)") if file.name in asked_of else ()
        for gate in held:
            if gate.file in names and not gate.met and gate.gate != _LATENCY:
                figure = "nothing" if gate.measured is None else f"{gate.measured:.4g}"
                found.setdefault(file.name, f"{gate.gate} {gate.asked:g}, measured {figure}")
    return found


def _held_against(bundle: AnyBundle, gates: Gates) -> dict[str, str]:
    files = bundle.manifest.files
    names = gates.about_names
    if names and isinstance(bundle, PointBundle):
        msg = f"{names[0]} is a limit on names, and a regression answers numbers"
        raise RecipeError(msg, remedy="leave it out of the recipe")
    accuracy = None
    if gates.max_drop_points is not None:
        # Who answers every picture as the trained network does has its accuracy.
        told = [f.measured for f in files if isinstance(f, ModelFile)]
        same = [measured.accuracy for measured in told if measured.agreement == 1]
        if not same:
            msg = "max_drop_points: no file tells how accurate the trained network is"
            raise RecipeError(msg, remedy="write min_accuracy in its place")
        accuracy = same[0]
    unknown = {file.name: 0.0 for file in files}
    return {
        r.file: f"{r.gate} {r.asked:g}, measured {r.measured:.4g}"
        for r in gates.check(files, accuracy, unknown)
        if not r.met
    }


def thread_counts(usable: int | None, leave: int | None, most: int | None) -> tuple[int, ...]:
    """The numbers of threads to try, at least 1.

    Args:
        usable: Cores that this process may run on; None where nothing tells.
        leave: Of these, for capture and detection; None: one, where there are more than two.
        most: Never more than so many; None: no limit.
    """
    cores = usable or 1
    cores = max(cores - left_cores(usable, leave), 1)
    cores = min(cores, most or cores, 256)
    found = set(range(1, min(cores, _EVERY_UP_TO) + 1)) | {cores}
    number = _EVERY_UP_TO
    while number < cores:
        found |= {number, min(number * 3 // 2, cores)}
        number *= 2
    return tuple(sorted(found))


def left_cores(usable: int | None, leave: int | None) -> int:
    """How many cores are left to the camera and the detector."""
    return (1 if (usable or 1) > 2 else 0) if leave is None else leave


def cells(
    bundle: AnyBundle,
    files: Sequence[AnyFile],
    threads: Sequence[int],
    *,
    device: Literal["cpu", "gpu"] = "cpu",
    opens: Opens = open_backend,
) -> list[Cell]:
    """Every file on every backend that may run its format, with every number of threads."""
    return [
        Cell(
            file=file.name,
            scheme=file.scheme,
            size_bytes=file.size_bytes,
            error=error_of(file),
            backend=backend,
            threads=number,
            open=partial(opens, bundle.path(file), backend=backend, threads=number, device=device),
        )
        for number in threads
        for file in files
        for backend in BACKENDS[file.format]
    ]


def error_of(file: AnyFile) -> float:
    """What a file was measured to get wrong: a share of pictures, or the RMSE of a regression."""
    if isinstance(file, ModelFile):
        return 1 - file.measured.accuracy
    return file.measured.rmse


def answers_as_exported(bundle: AnyBundle) -> tuple[NDArray[Any], Check]:
    """The golden inputs, and what holds an answer up against the stored one.

    The gates were measured where the bundle was made: what was measured holds where the answers are
    the same but for the rounding of other kernels. `edgeface verify` is stricter.

    Raises:
        BundleError: The golden values are not what `edgeface export` writes.
    """
    inputs, stored = bundle.golden()
    files = {file.name: file for file in bundle.manifest.files}

    def check(name: str, number: int, answer: NDArray[Any]) -> str:
        expected = stored[name][number]
        if answer.shape != expected.shape:
            return f"answers {answer.shape}, where {expected.shape} is stored"
        apart = float(np.abs(answer.astype(np.float64) - expected).max())
        limit = _limit(files[name], stored[name])
        if apart <= limit:  # false for NaN
            return ""
        return (
            f"answers otherwise than where it was exported: {apart:.2g} apart, {limit:.2g} allowed"
        )

    return inputs, check


def _limit(file: AnyFile, stored: NDArray[np.float32]) -> float:
    """In the unit of the answers: probabilities span 0 to 1, values what they span."""
    limit = _FLOAT if file.scheme in ("float32", "float16") else golden.INT8
    return limit if isinstance(file, ModelFile) else limit * max(float(np.ptp(stored)), 1e-6)
