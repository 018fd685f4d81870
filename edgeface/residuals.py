"""How far from the points? The errors of a regression, in numpy alone, so that it runs on the Pi.

Everywhere: ``values`` (n,) what was answered, ``y`` (n,) what is right, both in the unit of y.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32] | NDArray[np.float64]

# Points times draws of the bootstrap, so that a million points do not take minutes.
_DRAWS, _LEAST_DRAWS, _WORK = 2000, 200, 20_000_000


def l2(values: Values, y: Values) -> float:
    """The L2 error: the square root of the sum of the squared errors, in the unit of y.

    It is a sum: twice the points have an error √2 times as large, so that two of them can be
    compared on the same points only. `rmse` does not grow with their number. Infinite where an
    answer is not a finite number.
    """
    errors = values.astype(np.float64) - y
    return float(np.sqrt(np.sum(errors**2))) if np.isfinite(errors).all() else math.inf


def rmse(values: Values, y: Values) -> float:
    """The root of the mean squared error, in the unit of y: `l2` divided by √n."""
    return l2(values, y) / math.sqrt(len(y))


def worst(values: Values, y: Values) -> float:
    """The largest error of a single point, in the unit of y; infinite as in `l2`."""
    errors = np.abs(values.astype(np.float64) - y)
    return float(errors.max()) if np.isfinite(errors).all() else math.inf


@dataclass(frozen=True, slots=True)
class Comparison:
    """One file against the reference on the same points; errors in the unit of y.

    Attributes:
        n: Points.
        l2: Of the file (see `l2`).
        rmse: Of the file.
        worst: Its largest error at a single point.
        l2_change: L2 error of the file minus the reference's; positive is worse.
        l2_change_low: Lower end of its 95 % interval.
        l2_change_high: Upper end.
        parity: Largest difference of a value to the reference's.
    """

    n: int
    l2: float
    rmse: float
    worst: float
    l2_change: float
    l2_change_low: float
    l2_change_high: float
    parity: float


def compare(values: Values, reference: Values, y: Values, seed: int = 0) -> Comparison:
    """Hold a file's answers against a reference's, point by point.

    The interval is that of the paired bootstrap (Efron & Tibshirani 1993, percentiles): points are
    drawn anew with replacement, the same for both, so that what is hard for both cancels out. It is
    infinite where an answer is not a finite number.
    """
    low, high = _interval(values, reference, y, seed)
    return Comparison(
        n=len(y),
        l2=l2(values, y),
        rmse=rmse(values, y),
        worst=worst(values, y),
        l2_change=l2(values, y) - l2(reference, y) if low > -math.inf else math.inf,
        l2_change_low=low,
        l2_change_high=high,
        parity=worst(values, reference),
    )


def _interval(values: Values, reference: Values, y: Values, seed: int) -> tuple[float, float]:
    n = len(y)
    squares = np.stack([(v.astype(np.float64) - y) ** 2 for v in (values, reference)])
    if not np.isfinite(squares).all():
        return -math.inf, math.inf
    rng = np.random.default_rng(seed)
    draws = max(_LEAST_DRAWS, min(_DRAWS, _WORK // n))
    changes = np.empty(draws)
    for i in range(draws):
        file, other = np.sqrt(squares[:, rng.integers(0, n, n)].sum(axis=1))
        changes[i] = file - other
    low, high = np.quantile(changes, (0.025, 0.975))
    return float(low), float(high)


def answers(infer: Callable[[NDArray[Any]], NDArray[np.float32]], x: Values) -> NDArray[np.float32]:
    """Every answer of a file: x (n, inputs) → (n,) float32.

    Args:
        infer: One input to one output, as `edgeface.runtime.Backend.infer`.
        x: Raw numbers; given to the file as float32.
    """
    rows = x.astype(np.float32)
    return np.asarray([infer(row)[0] for row in rows], np.float32).reshape(len(rows))
