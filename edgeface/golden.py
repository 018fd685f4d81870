"""Golden values: how far an answer may lie from the stored one, by runtime, and in which unit.

What was measured, on x86-64 and on three Arm cores, is in decision 13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import BundleError

Unit = Literal["probability", "relative"]
RUNTIMES = {"tflite": ("litert", "tflite-runtime"), "onnx": ("onnxruntime",)}

# Float kernels of different processors add in another order. Seen: 1.3e-6 between LiteRT's kernels
# and between ONNX Runtime's optimisation levels, 3e-7 between x86-64 and three Arm cores.
FLOAT = 1e-5
# Integers up to the logits are the same on every processor, on LiteRT with XNNPACK; behind them the
# softmax is in float, and its last bits are not. Of each probability by itself, because a network
# that is sure of everything would hide a wrong logit in 1 - 1e-7.
RELATIVE = 1e-5
# One logit wrong by one step of its int8 moves some probability by half that step at least,
# relatively; the tolerance stays far below, however fine the steps.
_STEPS = 8
# Other int8 kernels round differently on the way: half a step in a logit moves a probability by
# several of its own steps of 1/256. Seen: 7 for TFLite without XNNPACK, 4 in ONNX Runtime.
INT8 = 8 / 256
WIDEST = 0.1  # that a manifest may claim
# Below it float32 has no digits, and runtimes answer 0.
_TINY = 1e-37


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far the answers of a file may lie from its golden ones.

    Attributes:
        runtime: ``litert``, ``tflite-runtime``, ``onnxruntime``.
        unit: ``probability``: the difference of two; ``relative``: divided by the larger of them.
        limit: In that unit.
    """

    runtime: str
    unit: Unit
    limit: float

    def __post_init__(self) -> None:
        if not 0 <= self.limit <= WIDEST:
            msg = f"a tolerance of {self.limit:g}: 0 to {WIDEST} are believed"
            raise BundleError(msg)


def tolerances(format: str, scheme: str, logit_step: float = 0.0) -> tuple[Tolerance, ...]:
    """The tolerances of a file that answers probabilities, one a runtime.

    Args:
        format: ``tflite`` or ``onnx``.
        scheme: Of the file.
        logit_step: Of the integers that its softmax or sigmoid is computed from; 0 where not told.
    """
    return tuple(_one(runtime, scheme, logit_step) for runtime in RUNTIMES[format])


def _one(runtime: str, scheme: str, logit_step: float) -> Tolerance:
    if scheme in ("float32", "float16"):  # float16 is what is stored, not what is computed with
        return Tolerance(runtime, "probability", FLOAT)
    # dynamic finds the scale of every input in float: a last bit moves a step.
    if scheme == "dynamic" or runtime != "litert":
        return Tolerance(runtime, "probability", INT8)
    limit = min(RELATIVE, logit_step / _STEPS) if logit_step else RELATIVE
    return Tolerance(runtime, "relative", limit)


def of_runtime(found: Sequence[Tolerance], backend: str) -> Tolerance:
    """The one for a runtime; of one that none is told for, the widest.

    Args:
        found: At least one.
        backend: Name and version, as `edgeface.runtime.backend.Backend.name` says.
    """
    runtime = backend.split(" ")[0]
    widest = max(found, key=lambda tolerance: tolerance.limit)
    return next((tolerance for tolerance in found if tolerance.runtime == runtime), widest)


def apart(answers: NDArray[Any], stored: NDArray[Any], unit: Unit) -> NDArray[np.float64]:
    """How far answers lie from the stored ones: (n, m) each → (n,), NaN where one is no number."""
    one, other = answers.astype(np.float64), stored.astype(np.float64)
    difference = np.abs(one - other)
    if unit == "relative":
        larger = np.maximum(np.abs(one), np.abs(other))
        difference = np.where(larger < _TINY, 0.0, difference / np.maximum(larger, _TINY))
    worst: NDArray[np.float64] = difference.max(axis=1)
    return worst
