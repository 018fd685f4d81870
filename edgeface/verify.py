"""Does this device answer as the machine that exported the bundle did?

Checksums say that the bytes are the same; only running the files says that the answers are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import BackendMissing
from edgeface.pointbundle import AnyBundle, AnyFile, PointBundle
from edgeface.runtime import Backend, open_backend

# Float kernels of different processors add in another order. Seen: 3e-7 between x86-64 and three
# Arm cores, 9e-7 between LiteRT's kernels and between ONNX Runtime's optimisation levels.
FLOAT = 1e-5
# XNNPACK's int8 kernels gave the same bits on x86-64, Cortex-A53, A72 and A76. 1e-6 leaves room for
# the last bit of the conversion to float32.
EXACT = 1e-6
# Other int8 kernels round differently on the way: half a step in a logit moves a probability by
# several of its own steps of 1/256. Seen: 7 for TFLite without XNNPACK, 4 in ONNX Runtime.
INT8 = 8 / 256

Status = Literal["same", "different", "not verified"]


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of one file.

    Attributes:
        file: Its name.
        format: ``tflite`` or ``onnx``.
        scheme: ``float32`` or ``int8``.
        status: ``not verified`` where its runtime is not installed.
        backend: What ran it; None if nothing did.
        crops: How many golden crops, or points, were replayed.
        largest: Largest difference of a probability, or value, to the stored one; None if it is no
            number.
        tolerance: What it was held against.
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


def tolerance(scheme: str, backend: str) -> float:
    """How far a probability may lie from the stored one.

    Args:
        scheme: Of the file.
        backend: What runs it here, as `Backend.name` says.
    """
    if scheme == "float32":
        return FLOAT
    return EXACT if backend.startswith("litert ") else INT8


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
    limit = tolerance(file.scheme, backend.name)
    if isinstance(bundle, PointBundle):
        span, steps = scale(stored)
        limit = limit * span + steps
    answers = np.stack([backend.infer(one) for one in inputs])
    apart = np.abs(answers - stored).max(axis=1)
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
    )


def _remedy(bundle: AnyBundle, backend: str) -> str:
    made_with = ", ".join(f"{k} {v}" for k, v in sorted(bundle.manifest.origin.versions.items()))
    text = f"compare the runtime here ({backend}) with the versions that made it ({made_with})"
    if backend.startswith("litert "):
        text += "; without XNNPACK (no /sys, for one) LiteRT answers differently and slowly"
    return text
