"""Is it right? Accuracy and what goes with it, in numpy alone, so that it runs on the Pi.

Everywhere: ``probs`` (n, classes) float32, ``truth`` (n,) class numbers.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Probs = NDArray[np.float32]
Truth = NDArray[np.intp]


def best(probs: Probs) -> Truth:
    """The class with the largest probability: (n,); -1 where one of them is not a number."""
    return np.where(np.isfinite(probs).all(axis=1), probs.argmax(axis=1), -1)


def accuracy(probs: Probs, truth: Truth) -> float:
    """Share of pictures whose best class is the right one, 0 to 1."""
    return float((best(probs) == truth).mean())


def agreement(probs: Probs, reference: Probs) -> float:
    """Share of pictures on which two files have the same best class, 0 to 1."""
    return float((best(probs) == best(reference)).mean())


def parity(probs: Probs, reference: Probs) -> float:
    """The largest difference of a probability; infinite where one of the two is not a number."""
    difference = np.abs(probs - reference)
    return float(difference.max()) if np.isfinite(difference).all() else math.inf


def cross_entropy(probs: Probs, truth: Truth) -> float:
    """The loss that networks are trained with, its mean over the pictures; finite."""
    right = probs[np.arange(len(truth)), truth].astype(np.float64)
    return float(np.log(np.clip(right, 1e-7, 1)).mean() * -1) + 0.0  # of -0.0 makes 0.0


def confusion(probs: Probs, truth: Truth) -> NDArray[np.int64]:
    """(classes, classes): row, the right class; column, the answered one."""
    classes = probs.shape[1]
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truth, probs.argmax(axis=1)), 1)
    return counts


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


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The score interval of a share, 95 % by default (Wilson 1927, JASA 22:209).

    Args:
        hits: How many of ``n``.
        n: At least 1.
        z: Standard normal quantile.
    """
    p, zz = hits / n, z * z / n
    middle, half = p + zz / 2, z * math.sqrt(p * (1 - p) / n + zz / (4 * n))
    return max(0.0, (middle - half) / (1 + zz)), min(1.0, (middle + half) / (1 + zz))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One file against the reference on the same pictures.

    Attributes:
        n: Pictures.
        accuracy: Of the file, 0 to 1.
        accuracy_low: Lower end of its 95 % interval.
        accuracy_high: Upper end.
        delta_points: Accuracy of the file minus the reference's, in percentage points.
        agreement: Share with the same best class as the reference, 0 to 1.
        flips: How many pictures have another best class than with the reference.
        lost: How many the reference has right and the file wrong.
        gained: How many the file has right and the reference wrong.
        parity: Largest difference of a probability.
    """

    n: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    delta_points: float
    agreement: float
    flips: int
    lost: int
    gained: int
    parity: float


def compare(probs: Probs, reference: Probs, truth: Truth) -> Comparison:
    """Hold a file's answers against a reference's, picture by picture."""
    answered, expected = best(probs), best(reference)
    right, right_reference = answered == truth, expected == truth
    n = len(truth)
    low, high = wilson(int(right.sum()), n)
    return Comparison(
        n=n,
        accuracy=float(right.mean()),
        accuracy_low=low,
        accuracy_high=high,
        delta_points=100 * float(right.mean() - right_reference.mean()),
        agreement=float((answered == expected).mean()),
        flips=int((answered != expected).sum()),
        lost=int((right_reference & ~right).sum()),
        gained=int((right & ~right_reference).sum()),
        parity=parity(probs, reference),
    )


def named(probs: Probs, threshold: float) -> NDArray[np.bool_]:
    """Which faces get a name at a threshold: (n,). A NaN never does."""
    scores = probs.max(axis=1)  # where one is not a number: not a number
    # In float64, as `edgeface.vision.decide.decide` compares one face.
    return np.asarray(scores.astype(np.float64) >= threshold)


def answers(
    infer: Callable[[NDArray[np.uint8]], Probs], pixels: NDArray[np.uint8], classes: int
) -> Probs:
    """Every answer of a network or file: pixels (n, h, w, c) → (n, classes).

    Args:
        infer: One input to one output, as `Backend.infer`.
        pixels: uint8.
        classes: Number of outputs, for the shape of an empty result.
    """
    if not len(pixels):
        return np.zeros((0, classes), np.float32)
    return np.stack([infer(p) for p in pixels])
