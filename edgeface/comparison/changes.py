"""Picture by picture: which answers changed, and where the right class lost most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface.evaluate import Probs, Truth, best, holm, per_class

LEAST_DROP = 0.001  # of a probability: float32 on another runtime differs by less
NO_NUMBER = "no number"  # what an answer with a NaN in it is called


@dataclass(frozen=True, slots=True)
class Change:
    """One picture on which a file answers otherwise than the reference.

    Attributes:
        row: Its number among the pictures.
        name: What it is called in its folder.
        truth: What it shows.
        expected: What the reference answers.
        expected_score: Probability that the reference gives its answer; NaN where it is no number.
        answered: What the file answers.
        answered_score: Probability that the file gives its answer.
        truth_before: Probability that the reference gives the truth.
        truth_after: Probability that the file gives the truth.
    """

    row: int
    name: str
    truth: str
    expected: str
    expected_score: float
    answered: str
    answered_score: float
    truth_before: float
    truth_after: float

    @property
    def kind(self) -> str:
        """``lost``, ``gained``, ``other`` (both wrong, each otherwise) or ``same`` answer."""
        if self.expected == self.answered:
            return "same"
        if self.truth == self.expected:
            return "lost"
        return "gained" if self.truth == self.answered else "other"

    @property
    def drop(self) -> float:
        """By how much the probability of the truth fell."""
        return self.truth_before - self.truth_after


@dataclass(frozen=True, slots=True)
class ClassChange:
    """What became of one class.

    Attributes:
        label: The class.
        n: Pictures of it.
        right: How many of them the file answers rightly.
        expected: How many the reference does.
        lost: Right with the reference, wrong with the file.
        gained: The other way round.
        p: McNemar's exact test, adjusted for there being several classes (Holm); 0 to 1.
    """

    label: str
    n: int
    right: int
    expected: int
    lost: int
    gained: int
    p: float

    @property
    def points(self) -> float:
        """The change in percentage points of its pictures."""
        return 100 * (self.right - self.expected) / self.n


def flips(
    probs: Probs, reference: Probs, truth: Truth, labels: Sequence[str], names: Sequence[str]
) -> list[Change]:
    """Pictures with another answer: what was lost first, and there the largest loss first."""
    rows = np.flatnonzero(best(probs) != best(reference))
    changes = [_change(int(row), probs, reference, truth, labels, names) for row in rows]
    kinds = ("lost", "other", "gained", "same")
    return sorted(changes, key=lambda c: (kinds.index(c.kind), -np.nan_to_num(c.drop, nan=2)))


def worst(
    probs: Probs,
    reference: Probs,
    truth: Truth,
    labels: Sequence[str],
    names: Sequence[str],
    most: int,
) -> list[Change]:
    """Pictures whose right class lost most probability, the largest loss first; no gains.

    What is below `LEAST_DROP` is not worth a look.
    """
    every = np.arange(len(truth))
    drops = reference[every, truth].astype(np.float64) - probs[every, truth]
    drops = np.where(np.isfinite(drops), drops, 2.0)  # no number is worse than any
    rows = np.argsort(-drops, kind="stable")[:most]
    return [
        _change(int(row), probs, reference, truth, labels, names)
        for row in rows
        if drops[row] >= LEAST_DROP
    ]


def _change(
    row: int,
    probs: Probs,
    reference: Probs,
    truth: Truth,
    labels: Sequence[str],
    names: Sequence[str],
) -> Change:
    expected, expected_score = _answer(reference[row], labels)
    answered, answered_score = _answer(probs[row], labels)
    right = int(truth[row])
    return Change(
        row,
        names[row],
        labels[right],
        expected,
        expected_score,
        answered,
        answered_score,
        float(reference[row, right]),
        float(probs[row, right]),
    )


def _answer(probs: NDArray[np.float32], labels: Sequence[str]) -> tuple[str, float]:
    if not np.isfinite(probs).all():
        return NO_NUMBER, float("nan")
    top = int(probs.argmax())
    return labels[top], float(probs[top])


def by_class(
    probs: Probs, reference: Probs, truth: Truth, labels: Sequence[str]
) -> list[ClassChange]:
    """What became of every class that there are pictures of, in the order of the labels."""
    pairs = per_class(probs, reference, truth)
    adjusted = holm([paired.p for paired in pairs.values()])
    return [
        ClassChange(
            labels[number],
            paired.n,
            paired.both_right + paired.gained,
            paired.both_right + paired.lost,
            paired.lost,
            paired.gained,
            p,
        )
        for (number, paired), p in zip(pairs.items(), adjusted, strict=True)
    ]


def confused(probs: Probs, truth: Truth) -> NDArray[np.int64]:
    """(classes, classes + 1): row, the right class; column, the answered one; last, no number."""
    classes = probs.shape[1]
    counts = np.zeros((classes, classes + 1), np.int64)
    np.add.at(counts, (truth, best(probs)), 1)  # -1, no number, is the last column
    return counts
