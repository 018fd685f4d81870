"""Points to fit a curve to: a few numbers in, one number out; how they are split and scaled.

Reading them from files is in `edgeface.datasets.pointfile`.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.split import check_share
from edgeface.errors import InputError

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST = 10
MOST = 1_000_000
_BLOCK = 10  # how many neighbours a share is drawn from


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a data set, in the order of their file.

    Attributes:
        x: (n, inputs) float64, finite.
        y: (n,) float64, finite, in a unit of its own.
        inputs: Names of the columns of ``x``.
        output: Name of ``y``.
    """

    x: Numbers
    y: Numbers
    inputs: tuple[str, ...]
    output: str

    def __len__(self) -> int:
        return len(self.y)

    def only(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Points":
        """Some of them."""
        return Points(self.x[which], self.y[which], self.inputs, self.output)

    def digests(self) -> list[str]:
        """SHA-256 of each point, in hexadecimal: of its numbers as little-endian float64, x first.

        By it a point that was trained on is known again in another file.
        """
        rows = np.column_stack([self.x, self.y]).astype("<f8") + 0.0  # there is no -0.0
        return [hashlib.sha256(row.tobytes()).hexdigest() for row in rows]


@dataclass(frozen=True, slots=True)
class Standard:
    """Where numbers lie: what turns them into mean 0 and deviation 1.

    Attributes:
        x_mean: Of each input.
        x_deviation: Of each input: standard deviation, over 0.
        y_mean: Of the output.
        y_deviation: Of the output, over 0.
    """

    x_mean: tuple[float, ...]
    x_deviation: tuple[float, ...]
    y_mean: float
    y_deviation: float


def standard_of(points: Points) -> Standard:
    """Mean and standard deviation of every column.

    Raises:
        InputError: A column is constant, so that nothing can be learned from it, or of it.
    """
    columns = [*points.x.T, points.y]
    for number, column in enumerate(columns):
        if np.ptp(column.astype(np.float32)) == 0:
            name = (*points.inputs, points.output)[number]
            msg = f"{name} is {column[0]:g} at every point that is trained on"
            several = number < len(points.inputs) and len(points.inputs) > 1
            other = "leave the column out, or bring" if several else "bring"
            raise InputError(msg, remedy=f"{other} points that differ in it")
    mean, deviation = zip(*((float(c.mean()), float(c.std())) for c in columns), strict=True)
    return Standard(mean[:-1], deviation[:-1], mean[-1], deviation[-1])


def draw_held_back(points: Points, share: float, seed: int) -> Mask:
    """Hold a share of the points back, evenly along the curve.

    The points are ordered along x (of several inputs: along y), and of every ten neighbours the
    share is drawn: no stretch of the curve is left without points on either side. Equal points
    stay together, so that none is trained on and held back too.

    Args:
        points: At least two that differ.
        share: 0 to 1; at least one point is held back, and one is not.
        seed: Of the draw. It does not depend on the order of the points.

    Returns:
        (n,) which are held back.

    Raises:
        UsageError: The share is not between 0 and 1.
        InputError: All points are the same.
    """
    check_share(share)
    rows = np.column_stack([points.x, points.y])
    different, group = np.unique(rows, axis=0, return_inverse=True)
    n = len(different)
    if n < 2:
        msg = f"all {len(points)} points are the same"
        raise InputError(msg)
    along = different[:, 0] if points.x.shape[1] == 1 else different[:, -1]
    order = np.argsort(along, kind="stable")
    rng = np.random.default_rng(seed)
    held = np.zeros(n, bool)
    for at in range(0, n, _BLOCK):
        block = order[at : at + _BLOCK]
        count = round(share * (at + len(block))) - round(share * at)
        held[rng.permutation(block)[:count]] = True
    if not held.any() or held.all():
        held[order[int(rng.integers(n))]] = not held.any()
    return np.asarray(held[group.reshape(-1)], bool)
