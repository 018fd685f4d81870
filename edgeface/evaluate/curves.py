"""The receiver operating characteristic of scores, and the area under it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Roc:
    """A receiver operating characteristic: what is caught against what is caught in vain.

    Attributes:
        thresholds: (k,) descending; the first is infinite, where nothing is called positive.
        false_positives: (k,) share of the negatives whose score reaches the threshold, 0 to 1.
        true_positives: (k,) share of the positives whose score reaches it.
    """

    thresholds: NDArray[np.float64]
    false_positives: NDArray[np.float64]
    true_positives: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Under the curve, 0 to 1, by trapezia; numpy 1, of 32-bit boards, has no ``trapezoid``."""
        heights = (self.true_positives[1:] + self.true_positives[:-1]) / 2
        return float(np.sum(np.diff(self.false_positives) * heights))


def roc(scores: NDArray[np.floating[Any]], positive: NDArray[np.bool_]) -> Roc:
    """The ROC of scores; equal ones are one step (Fawcett 2006, Pattern Recogn. Lett. 27:861).

    Args:
        scores: (n,), higher for what is more likely positive; finite.
        positive: (n,), at least one of either kind.
    """
    order = np.argsort(-scores, kind="stable")
    sorted_scores, hits = scores[order].astype(np.float64), positive[order]
    last = np.flatnonzero(np.r_[np.diff(sorted_scores) != 0, True])  # of every run of equal scores
    caught, in_vain = np.cumsum(hits)[last], np.cumsum(~hits)[last]
    return Roc(
        np.r_[np.inf, sorted_scores[last]],
        np.r_[0.0, in_vain / in_vain[-1]],
        np.r_[0.0, caught / caught[-1]],
    )


def auc(scores: NDArray[np.floating[Any]], positive: NDArray[np.bool_]) -> float:
    """The area under the ROC: how often a positive scores above a negative, ties counted half."""
    return roc(scores, positive).area
