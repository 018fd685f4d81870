"""Is it right? Accuracy and what goes with it, in numpy alone, so that it runs on the Pi.

Everywhere: ``probs`` (n, classes) float32, ``truth`` (n,) class numbers.
"""

from edgeface.evaluate.against import Comparison, compare
from edgeface.evaluate.answered import (
    Probs,
    Truth,
    accuracy,
    agreement,
    answers,
    best,
    confusion,
    cross_entropy,
    named,
    parity,
)
from edgeface.evaluate.curves import Roc, auc, roc
from edgeface.evaluate.paired import Paired, counted, holm, mcnemar, pair
from edgeface.evaluate.shares import clopper_pearson, wilson
from edgeface.evaluate.verdict import MARGIN, Verdict, judge

__all__ = [
    "MARGIN",
    "Comparison",
    "Paired",
    "Probs",
    "Roc",
    "Truth",
    "Verdict",
    "accuracy",
    "agreement",
    "answers",
    "auc",
    "best",
    "clopper_pearson",
    "compare",
    "confusion",
    "counted",
    "cross_entropy",
    "holm",
    "judge",
    "mcnemar",
    "named",
    "pair",
    "parity",
    "roc",
    "wilson",
]
