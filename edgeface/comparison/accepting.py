"""Who gets a name: the share of enrolled people and of strangers at the threshold of each file."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface import evaluate
from edgeface.comparison.answers import Answered
from edgeface.comparison.pictures import Pictures
from edgeface.evaluate import Paired
from edgeface.rejection import Rate, false_accepts
from edgeface.vision.unknown import Score


@dataclass(frozen=True, slots=True)
class Accepting:
    """What a file does at its own threshold.

    Attributes:
        threshold: The least score that earns a name.
        score: Which score that is (see `edgeface.vision.unknown`).
        named: Enrolled people's pictures that get a name, the right one or not.
        named_right: Those that get the right one.
        let_in: Strangers' pictures that get a name; None where there are none.
        strangers: Their share.
        right_change: Named rightly, against the reference at its threshold; None of the reference.
        strangers_change: Strangers named, against the reference; None without either.
    """

    threshold: float
    score: Score
    named: NDArray[np.bool_]
    named_right: NDArray[np.bool_]
    let_in: NDArray[np.bool_] | None
    strangers: Rate | None
    right_change: Paired | None
    strangers_change: Paired | None

    def as_data(self) -> dict[str, Any]:
        """The keys of a file in ``--json`` that are about names."""
        wrong = self.named & ~self.named_right
        data: dict[str, Any] = {
            "threshold": self.threshold,
            "score": self.score,
            "unknown_share": float((~self.named).mean()),
            "named_right_share": float(self.named_right.mean()),
            "named_wrong_share": float(wrong.mean()),
        }
        if self.right_change is not None:
            data["named_right_change"] = _change(self.right_change)
        if self.strangers is not None:
            data |= {
                "strangers_named": self.strangers.accepted,
                "strangers_named_share": self.strangers.share,
                "strangers_named_low": self.strangers.low,
                "strangers_named_high": self.strangers.high,
                "strangers_people": self.strangers.people,
            }
        if self.strangers_change is not None:
            data["strangers_named_change"] = _change(self.strangers_change)
        return data


def _change(paired: Paired) -> dict[str, float]:
    return {
        "points": paired.difference,
        "low": paired.low,
        "high": paired.high,
        "p": paired.p,
    }


def accepting(
    answered: Answered, reference: Answered | None, pictures: Pictures
) -> Accepting | None:
    """Who gets a name; None of a file that has no threshold.

    Args:
        answered: Of the file.
        reference: What it is held against; None of the reference itself.
        pictures: What both were shown.
    """
    rule = answered.subject.rule
    if rule is None or answered.scores is None:
        return None
    named = answered.scores >= rule.threshold
    right = named & (evaluate.best(answered.probs) == pictures.truth)
    rate = let_in = None
    if answered.strangers is not None and len(answered.strangers):
        rate = false_accepts(answered.strangers, pictures.stranger_people, rule.threshold)
        let_in = answered.strangers >= rule.threshold
    other = None if reference is None else accepting(reference, None, pictures)
    if other is None:
        return Accepting(rule.threshold, rule.score, named, right, let_in, rate, None, None)
    change = None
    if let_in is not None and other.let_in is not None:
        change = evaluate.pair(let_in, other.let_in)
    moved = evaluate.pair(right, other.named_right)
    return Accepting(rule.threshold, rule.score, named, right, let_in, rate, moved, change)
