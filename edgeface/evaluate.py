"""Is it right? Accuracy and what goes with it, in numpy alone, so that it runs on the Pi.

Everywhere: ``probs`` (n, classes) float32, ``truth`` (n,) class numbers.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

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
    return float(-np.log(np.clip(right, 1e-7, 1)).mean())


def confusion(probs: Probs, truth: Truth) -> NDArray[np.int64]:
    """(classes, classes): row, the right class; column, the answered one."""
    classes = probs.shape[1]
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truth, probs.argmax(axis=1)), 1)
    return counts


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
