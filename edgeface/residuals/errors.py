"""The error of a regression on its points.

Everywhere: ``values`` (n,) what was answered, ``y`` (n,) what is right, both in the unit of y.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32] | NDArray[np.float64]


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


def answers(infer: Callable[[NDArray[Any]], NDArray[np.float32]], x: Values) -> NDArray[np.float32]:
    """Every answer of a file: x (n, inputs) → (n,) float32.

    Args:
        infer: One input to one output, as `edgeface.runtime.Backend.infer`.
        x: Raw numbers; given to the file as float32.
    """
    rows = x.astype(np.float32)
    return np.asarray([infer(row)[0] for row in rows], np.float32).reshape(len(rows))
