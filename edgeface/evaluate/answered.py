"""What was answered, and whether it is right.

Everywhere: ``probs`` (n, classes) float32, ``truth`` (n,) class numbers.
"""

import math
from collections.abc import Callable

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
    """(classes, classes): row, the right class; column, the answered one.

    An answer that is not a number stands in no column.
    """
    classes = probs.shape[1]
    counts = np.zeros((classes, classes), np.int64)
    answered = best(probs)
    np.add.at(counts, (truth[answered >= 0], answered[answered >= 0]), 1)
    return counts


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
