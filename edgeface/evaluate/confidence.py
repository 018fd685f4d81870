"""How sure is it, and rightly so? Calibration error, Brier score, and how the confidence moved.

Confidence is the largest probability. It stands for how often the answer is right: of a hundred
answers at 0.9 ninety should be. That matters here because it is held against a threshold for
`unknown`. (Calibration in this sense has nothing to do with the calibration of int8 ranges.)
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface.evaluate.answered import Probs, Truth, best

_BINS, _LEAST_IN_A_BIN = 15, 10
_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Confidence:
    """How far the confidence is to be trusted.

    Attributes:
        n: Pictures.
        bins: Groups that the pictures were put into, from the least sure to the surest, as many
            pictures in each: 15, or fewer where that leaves less than ten a group.
        mean: Mean confidence, 0 to 1.
        accuracy: Share of right answers, 0 to 1; below `mean`: too sure of itself.
        ece: Expected calibration error, 0 to 1: the mean distance of confidence and accuracy in a
            group (Naeini, Cooper & Hauskrecht 2015, AAAI; groups of equal size as in Nguyen &
            O'Connor 2015, EMNLP). Infinite where an answer is not a number, like `brier`.
        ece_by_chance: What a network with true confidences would show on so many pictures, on the
            mean: an `ece` is a fault only as far as it is above that.
        brier: Mean over pictures of the sum over classes of the squared distance of probability and
            truth, 0 to 2 (Brier 1950, Monthly Weather Review 78:1).
    """

    n: int
    bins: int
    mean: float
    accuracy: float
    ece: float
    ece_by_chance: float
    brier: float


def how_sure(probs: Probs, truth: Truth, seed: int = 0) -> Confidence:
    """Measure it.

    Args:
        probs: (n, classes), n at least 1.
        truth: (n,).
        seed: Of the draws behind `Confidence.ece_by_chance`.
    """
    n = len(truth)
    bins = max(1, min(_BINS, n // _LEAST_IN_A_BIN))
    right = best(probs) == truth
    if not np.isfinite(probs).all():
        return Confidence(n, bins, math.nan, float(right.mean()), math.inf, math.inf, math.inf)
    sure = probs.max(axis=1).astype(np.float64)
    order = np.argsort(sure, kind="stable")
    sure, right = np.minimum(sure[order], 1.0), right[order]
    rng = np.random.default_rng(seed)
    by_chance = [_error(sure, rng.random(n) < sure, bins) for _ in range(_DRAWS)]
    return Confidence(
        n=n,
        bins=bins,
        mean=float(sure.mean()),
        accuracy=float(right.mean()),
        ece=_error(sure, right, bins),
        ece_by_chance=float(np.mean(by_chance)),
        brier=brier(probs, truth),
    )


def _error(sure: NDArray[np.float64], right: NDArray[np.bool_], bins: int) -> float:
    """The calibration error of pictures that stand in the order of their confidence."""
    starts = np.arange(bins) * len(sure) // bins
    return float(np.abs(np.add.reduceat(right - sure, starts)).sum() / len(sure))


def brier(probs: Probs, truth: Truth) -> float:
    """See `Confidence.brier`; infinite where an answer is not a number."""
    if not np.isfinite(probs).all():
        return math.inf
    errors = probs.astype(np.float64)
    errors[np.arange(len(truth)), truth] -= 1
    return float((errors**2).sum(axis=1).mean())


@dataclass(frozen=True, slots=True)
class Drift:
    """How the confidence moved against the reference; differences of probabilities, 0 to 1.

    Attributes:
        mean: Mean distance of the two largest probabilities of a picture, whosever they are.
        largest: The largest such distance.
        shift: Mean of file minus reference, -1 to 1: positive where the file is surer.
        right_mean: Mean distance of the two probabilities of the right class.
        right_largest: The largest such distance.
        right_shift: Mean of file minus reference: negative where the right class lost.
    """

    mean: float
    largest: float
    shift: float
    right_mean: float
    right_largest: float
    right_shift: float


def drift(probs: Probs, reference: Probs, truth: Truth) -> Drift:
    """Measure it; infinite (the shifts: NaN) where an answer of one of the two is not a number.

    Args:
        probs: (n, classes) of the file, n at least 1.
        reference: The same of the reference.
        truth: (n,).
    """
    if not (np.isfinite(probs).all() and np.isfinite(reference).all()):
        return Drift(math.inf, math.inf, math.nan, math.inf, math.inf, math.nan)
    file, other = probs.astype(np.float64), reference.astype(np.float64)
    rows = np.arange(len(truth))
    top = file.max(axis=1) - other.max(axis=1)
    own = file[rows, truth] - other[rows, truth]
    return Drift(
        mean=float(np.abs(top).mean()),
        largest=float(np.abs(top).max()),
        shift=float(top.mean()),
        right_mean=float(np.abs(own).mean()),
        right_largest=float(np.abs(own).max()),
        right_shift=float(own.mean()),
    )
