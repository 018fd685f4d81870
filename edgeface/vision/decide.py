"""From probabilities to a name, or to `unknown`.

The rule is a threshold on a score (see `edgeface.vision.unknown`), without a stated false-accept
rate on the largest probability. It is fitted for every exported file by itself, because
quantisation moves scores: to strangers, or on pictures of the validation side alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface.vision.unknown import PROBS, Outputs, Rule, Score, one

UNKNOWN = "unknown"
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is said of one face.

    Attributes:
        name: A label, or `UNKNOWN`.
        nearest: The label with the largest probability, whether or not its score reached the
            threshold; `UNKNOWN` where no network was asked.
        score: How sure it is, by the score of the file; NaN where the model answered no number.
        threshold: What the score was held against, in the same unit.
        by: Which score that is.
    """

    name: str
    nearest: str
    score: float
    threshold: float
    by: Score = "maximum"


def decide_by(rule: Rule, outputs: Outputs, labels: Sequence[str]) -> Decision:
    """Name a face by the rule of its file, or say `unknown`.

    Args:
        rule: Which score, and its least value.
        outputs: Of one picture: ``probs`` (classes,) and what the rule needs. A NaN anywhere in
            them is `unknown`, never a name.
        labels: Class names in the order of ``probs``.
    """
    if rule.score == "maximum":
        return decide(outputs[PROBS], labels, rule.threshold)
    score = float(rule.of(one(outputs))[0])
    nearest = labels[int(np.argmax(outputs[PROBS]))]
    name = nearest if score >= rule.threshold else UNKNOWN
    return Decision(name, nearest, score, rule.threshold, rule.score)


def decide(probs: NDArray[np.float32], labels: Sequence[str], threshold: float) -> Decision:
    """Name a face, or say `unknown`.

    Args:
        probs: (classes,) float32, sums to 1. A NaN or an infinity anywhere is `unknown`, never a
            name.
        labels: Class names in the order of ``probs``.
        threshold: The least score that earns a name.
    """
    best = int(np.argmax(probs))  # with a NaN in it: the place of the NaN
    score = float(probs[best]) if np.isfinite(probs).all() else np.nan
    name = labels[best] if score >= threshold else UNKNOWN
    return Decision(name, labels[best], score, threshold)


def fit_threshold(probs: NDArray[np.float32], truth: NDArray[np.intp], keep: float = 0.95) -> float:
    """The highest threshold at which a share ``keep`` of the right answers still get their name.

    It looks at enrolled people only: how many strangers it lets in is measured, not promised.

    Args:
        probs: (n, classes) float32.
        truth: (n,) class numbers.
        keep: Share of the right answers to keep, 0 to 1.

    Returns:
        0 to 1; chance level (1 / classes) where no answer was right.
    """
    right = probs.argmax(axis=1) == truth
    best = probs.max(axis=1)
    scores: NDArray[np.float32] = np.sort(best[right & np.isfinite(best)])
    if not len(scores):
        return float(1 / probs.shape[1])
    lost = int(np.floor((1 - keep) * len(scores) + 1e-9))
    # Just below the score that is kept: 1e-6 is far under what any scheme resolves.
    return min(max(float(scores[lost]) - 1e-6, 0.0), 1.0)
