"""The areas under two ROC curves on the same pictures, and the interval of their difference."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.student import t95

Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class AreaDifference:
    """Area under the ROC of a file against that of the reference; 0 to 1, differences -1 to 1.

    Attributes:
        positives: Pictures of one kind.
        negatives: Of the other.
        area: Of the file.
        reference: Of the reference.
        difference: File minus reference.
        low: Lower end of its 95 % interval.
        high: Upper end.
        changed: How many pictures of the kind with fewer such have another rank among those of the
            other kind than with the reference. With a handful the interval is wide.
    """

    positives: int
    negatives: int
    area: float
    reference: float
    difference: float
    low: float
    high: float
    changed: int


def area_difference(
    scores: Scores, reference: Scores, positive: NDArray[np.bool_]
) -> AreaDifference:
    """Hold two files' scores against each other.

    The variance is that of DeLong, DeLong & Clarke-Pearson 1988 (Biometrics 44:837), by ranks as in
    Sun & Xu 2014 (IEEE Signal Process. Lett. 21:1389). It is estimated from the few pictures whose
    rank changed, so that the interval takes Student's t for so many, and one picture more of either
    kind that rises by one rank, and one that falls: where nothing changed it is not empty. How
    often it covers the truth is in docs/decisions/0012.

    Args:
        scores: (n,) of the file, higher for what is more likely positive; finite.
        reference: (n,) of the reference; finite.
        positive: (n,), at least one of either kind. With a single one of a kind nothing is known of
            how much it varies: the interval is -1 to 1.
    """
    n, m = int(positive.sum()), int((~positive).sum())
    file, other = _ranks(scores, positive), _ranks(reference, positive)
    rises, falls = file[0] - other[0], file[1] - other[1]
    area, area_reference = float(file[0].mean()), float(other[0].mean())
    changed = min(int(np.count_nonzero(rises)), int(np.count_nonzero(falls)))
    half = 2.0
    if min(n, m) > 1:
        variance = _variance(rises, 1 / m) + _variance(falls, 1 / n)
        half = t95(max(1, changed - 1)) * math.sqrt(variance)
    difference = area - area_reference
    return AreaDifference(
        positives=n,
        negatives=m,
        area=area,
        reference=area_reference,
        difference=difference,
        low=max(-1.0, difference - half),
        high=min(1.0, difference + half),
        changed=changed,
    )


def _ranks(
    scores: Scores, positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For every positive the share of negatives below it, for every negative of positives above."""
    above, below = scores[positive], scores[~positive]
    return _share_below(above, below), 1 - _share_below(below, above)


def _share_below(scores: Scores, others: Scores) -> NDArray[np.float64]:
    """The share of others that are smaller; equal ones count half."""
    ordered = np.sort(others)
    smaller, no_larger = (np.searchsorted(ordered, scores, side) for side in ("left", "right"))
    return np.asarray((smaller + no_larger) / (2 * len(others)), np.float64)


def _variance(changes: NDArray[np.float64], step: float) -> float:
    """Of the mean of changes, with a step up and a step down more."""
    n = len(changes)
    return (float(changes.var(ddof=1)) + 2 * step**2 / n) / n
