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
from edgeface.evaluate.areas import AreaDifference, area_difference
from edgeface.evaluate.classes import confusion_change, per_class, suspects
from edgeface.evaluate.confidence import Confidence, Drift, brier, drift, how_sure
from edgeface.evaluate.curves import Roc, auc, roc
from edgeface.evaluate.paired import Paired, counted, holm, mcnemar, pair
from edgeface.evaluate.shares import clopper_pearson, wilson
from edgeface.evaluate.verdict import MARGIN, judge
from edgeface.verdicts import Verdict

__all__ = [
    "MARGIN",
    "AreaDifference",
    "Comparison",
    "Confidence",
    "Drift",
    "Paired",
    "Probs",
    "Roc",
    "Truth",
    "Verdict",
    "accuracy",
    "agreement",
    "answers",
    "area_difference",
    "auc",
    "best",
    "brier",
    "clopper_pearson",
    "compare",
    "confusion",
    "confusion_change",
    "counted",
    "cross_entropy",
    "drift",
    "holm",
    "how_sure",
    "judge",
    "mcnemar",
    "named",
    "pair",
    "parity",
    "per_class",
    "roc",
    "suspects",
    "wilson",
]
