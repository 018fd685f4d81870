"""Does this device answer as the machine that exported the bundle did?

Checksums say that the bytes are the same; only running the files says that the answers are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgeface import golden
from edgeface.bundle import ModelFile
from edgeface.errors import BackendMissing
from edgeface.pointbundle import AnyBundle, AnyFile, PointBundle
from edgeface.runtime import Backend, open_backend
from edgeface.runtime.tflitefile import read_graph

# Of a regression in int8, whose last layers are in float, as a share of what its values span.
EXACT = 1e-6

Status = Literal["same", "different", "not verified"]


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of one file.

    Attributes:
        file: Its name.
        format: ``tflite`` or ``onnx``.
        scheme: ``float32`` and the like.
        status: ``not verified`` where its runtime is not installed.
        backend: What ran it; None if nothing did.
        crops: How many golden crops, or points, were replayed.
        largest: Largest difference to a stored answer, in `unit`; None if it is no number.
        tolerance: What it was held against.
        unit: ``probability``, or ``relative`` (see `edgeface.golden`), or ``value`` of a
            regression.
        crop: Number of the crop, or point, with that difference.
        remedy: What would let it be verified, or what to look at.
    """

    file: str
    format: str
    scheme: str
    status: Status
    backend: str | None
    crops: int
    largest: float | None
    tolerance: float | None
    crop: int | None
    remedy: str
    unit: Literal["probability", "relative", "value"] | None = None


def scale(stored: NDArray[np.float32]) -> tuple[float, float]:
    """What a tolerance for probabilities becomes for values: a factor, and what is added to it.

    Probabilities span 0 to 1, values span what they span; and far from zero the numbers of float32
    lie further apart than the tolerance may be.

    Args:
        stored: The golden values of a file.
    """
    values = stored.astype(np.float64)
    steps = 4 * float(np.finfo(np.float32).eps) * float(np.abs(values).max())
    return float(np.ptp(values)), steps


def verify(
    bundle: AnyBundle,
    files: Sequence[AnyFile] | None = None,
    *,
    open_file: Callable[[Path], Backend] = open_backend,
) -> tuple[Verified, ...]:
    """Replay the golden crops, or points, and hold every answer against the stored one.

    Args:
        bundle: Loaded, so that its checksums are right.
        files: Which of its files; None for all.
        open_file: Loads a model file; tests pass their own.

    Raises:
        BackendError: A file cannot be run though its runtime is there.
        BundleError: The golden values are not what `edgeface export` writes.
    """
    inputs, outputs = bundle.golden()
    chosen = bundle.manifest.files if files is None else files
    return tuple(_one(bundle, f, inputs, outputs[f.name], open_file) for f in chosen)


def _one(
    bundle: AnyBundle,
    file: AnyFile,
    inputs: NDArray[Any],
    stored: NDArray[np.float32],
    open_file: Callable[[Path], Backend],
) -> Verified:
    try:
        backend = open_file(bundle.path(file))
    except BackendMissing as missing:
        return Verified(
            file.name,
            file.format,
            file.scheme,
            "not verified",
            None,
            0,
            None,
            None,
            None,
            missing.remedy,
        )
    answers = np.stack([backend.infer(one) for one in inputs])
    unit: Literal["probability", "relative", "value"]
    if isinstance(bundle, PointBundle):
        limit, unit = _of_values(file.scheme, backend.name, stored), "value"
        apart = np.abs(answers - stored).max(axis=1)
    else:
        allowed = golden.of_runtime(_tolerances(bundle, file), backend.name)
        limit, unit = allowed.limit, allowed.unit
        apart = golden.apart(answers, stored, allowed.unit)
    worst = int(np.argmax(apart))  # with a NaN in it: the place of the NaN
    largest = float(apart[worst])
    same = largest <= limit
    return Verified(
        file.name,
        file.format,
        file.scheme,
        "same" if same else "different",
        backend.name,
        len(inputs),
        largest if np.isfinite(largest) else None,
        limit,
        worst,
        "" if same else _remedy(bundle, backend.name),
        unit,
    )


def _tolerances(bundle: AnyBundle, file: AnyFile) -> tuple[golden.Tolerance, ...]:
    """As the manifest has them; of a bundle from before they were written, what they would be."""
    told = file.tolerances if isinstance(file, ModelFile) else ()
    return told or tolerances_of(bundle.path(file), file.scheme)


def tolerances_of(path: Path, scheme: str) -> tuple[golden.Tolerance, ...]:
    """What is allowed between runtimes and processors, of a file that answers probabilities.

    Raises:
        BackendError: A TFLite file is broken.
    """
    if path.suffix != ".tflite":
        return golden.tolerances("onnx", scheme)
    step = read_graph(path.read_bytes(), str(path)).logit_step
    return golden.tolerances("tflite", scheme, step)


def _of_values(scheme: str, backend: str, stored: NDArray[np.float32]) -> float:
    span, steps = scale(stored)
    if scheme in ("float32", "float16"):
        return golden.FLOAT * span + steps
    exact = scheme != "dynamic" and backend.startswith("litert ")
    return (EXACT if exact else golden.INT8) * span + steps


def _remedy(bundle: AnyBundle, backend: str) -> str:
    made_with = ", ".join(f"{k} {v}" for k, v in sorted(bundle.manifest.origin.versions.items()))
    text = f"compare the runtime here ({backend}) with the versions that made it ({made_with})"
    if backend.startswith("litert "):
        text += "; without XNNPACK (no /sys, for one) LiteRT answers differently and slowly"
    return text
