"""What one file's answers come to, beside those of the reference."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface import evaluate, records
from edgeface.comparison.accepting import Accepting, accepting
from edgeface.comparison.answers import Answered
from edgeface.comparison.changes import Change, ClassChange, by_class, confused, flips, worst
from edgeface.comparison.naming import told
from edgeface.comparison.pictures import Pictures
from edgeface.comparison.subjects import Subject
from edgeface.evaluate import (
    AreaDifference,
    Comparison,
    Confidence,
    Drift,
    Paired,
    Roc,
    Verdict,
)

MOST_WORST = 12


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One file on the pictures.

    Attributes:
        subject: The file.
        probs: (n, classes) what it answered.
        against: Accuracy, agreement and flips, against the reference.
        paired: The difference of the accuracies; None of the reference.
        verdict: What it means; None of the reference.
        confidence: How far its scores are to be trusted.
        drift: How its scores moved; None of the reference.
        bins: Of its reliability diagram.
        classes: What became of every class.
        confusion: (classes, classes + 1), the last column for answers that are no number.
        flips: Pictures with another answer than the reference's.
        worst: Pictures whose right class lost most.
        accepting: Who gets a name; None of a file without a threshold.
        roc: Of the second of two classes; None of more, and where its pictures show one only.
        area: The area under it against that of the reference; None of the reference.
    """

    subject: Subject
    probs: evaluate.Probs
    against: Comparison
    paired: Paired | None
    verdict: Verdict | None
    confidence: Confidence
    drift: Drift | None
    bins: "Bins"
    classes: tuple[ClassChange, ...]
    confusion: NDArray[np.int64]
    flips: tuple[Change, ...]
    worst: tuple[Change, ...]
    accepting: Accepting | None
    roc: Roc | None
    area: AreaDifference | None

    @property
    def is_reference(self) -> bool:
        """Whether the others are held against it."""
        return self.paired is None


@dataclass(frozen=True, slots=True)
class Bins:
    """A reliability diagram: answers in groups of one size, from the least sure to the surest.

    Attributes:
        score: (bins,) mean score of the answers, 0 to 1.
        right: (bins,) how many of them are right.
        count: (bins,) how many there are.
    """

    score: NDArray[np.float64]
    right: NDArray[np.intp]
    count: NDArray[np.intp]


def measure(
    answered: Answered,
    reference: Answered,
    pictures: Pictures,
    labels: tuple[str, ...],
    margin: float,
) -> Measured:
    """Hold one file against the reference; the reference itself is held against itself.

    Args:
        answered: Of the file.
        reference: Of the reference.
        pictures: What both were shown.
        labels: In the order of the answers.
        margin: The loss that counts for nothing, in points.
    """
    probs, other, truth = answered.probs, reference.probs, pictures.truth
    itself = answered is reference
    right = evaluate.best(probs) == truth
    paired = None if itself else evaluate.pair(right, evaluate.best(other) == truth)
    curve, area = _roc(probs, truth), None
    if curve is not None and not itself and np.isfinite(other).all():
        area = evaluate.area_difference(probs[:, 1], other[:, 1], truth == 1)
    sure = evaluate.how_sure(probs, truth)
    return Measured(
        subject=answered.subject,
        probs=probs,
        against=evaluate.compare(probs, other, truth),
        paired=paired,
        verdict=None if paired is None else evaluate.judge(paired, margin),
        confidence=sure,
        drift=None if itself else evaluate.drift(probs, other, truth),
        bins=_bins(probs, right, sure.bins),
        classes=tuple(by_class(probs, other, truth, labels)),
        confusion=confused(probs, truth),
        flips=tuple(flips(probs, other, truth, labels, pictures.names)),
        worst=tuple(worst(probs, other, truth, labels, pictures.names, MOST_WORST)),
        accepting=accepting(answered, None if itself else reference, pictures),
        roc=curve,
        area=area,
    )


def _bins(probs: evaluate.Probs, right: NDArray[np.bool_], bins: int) -> Bins:
    """The groups of `Confidence.bins`; answers that are no number are in none."""
    sound = np.isfinite(probs).all(axis=1)
    sure = probs[sound].max(axis=1).astype(np.float64)
    if not len(sure):
        nothing = np.zeros(0, np.intp)
        return Bins(np.zeros(0), nothing, nothing)
    order = np.argsort(sure, kind="stable")
    bins = min(bins, len(sure))
    starts = np.arange(bins) * len(sure) // bins
    count = np.diff(np.append(starts, len(sure)))
    hits = np.add.reduceat(right[sound][order].astype(np.intp), starts)
    return Bins(np.add.reduceat(sure[order], starts) / count, hits, count)


def _roc(probs: evaluate.Probs, truth: evaluate.Truth) -> Roc | None:
    positive = truth == 1
    two = probs.shape[1] == 2 and positive.any() and not positive.all()
    return evaluate.roc(probs[:, 1], positive) if two and np.isfinite(probs).all() else None


def as_data(measured: Measured) -> dict[str, Any]:
    """A file in ``--json``."""
    data = told(measured.subject)
    data |= records.plain(measured.against)
    paired, verdict = measured.paired, measured.verdict
    if paired is not None and verdict is not None:
        data |= {"delta_low": paired.low, "delta_high": paired.high, "mcnemar_p": paired.p}
        data["resolves_points"] = paired.resolves_points
        data["verdict"] = records.plain(verdict)
    data["confidence"] = records.plain(measured.confidence)
    if measured.drift is not None:
        data["drift"] = records.plain(measured.drift)
    data["per_class"] = [records.plain(c) | {"points": c.points} for c in measured.classes]
    data["confusion"] = measured.confusion[:, :-1].tolist()
    data["no_number"] = measured.confusion[:, -1].tolist()
    if measured.accepting is not None:
        data |= measured.accepting.as_data()
    if measured.roc is not None:
        data["auc"] = measured.roc.area
    if measured.area is not None:
        data["auc_change"] = records.plain(measured.area)
    if not measured.is_reference:
        data["flipped"] = [_change(change) for change in measured.flips]
        data["worst"] = [_change(change) for change in measured.worst]
    finite: dict[str, Any] = _without_infinities(data)
    return finite


def _change(change: Change) -> dict[str, Any]:
    data = records.plain(change) | {"kind": change.kind}
    del data["row"]  # of a list that nobody else has
    return data


def _without_infinities(value: Any) -> Any:
    """The same with null where JSON has no number for it: a file that answered NaN."""
    if isinstance(value, dict):
        return {key: _without_infinities(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_infinities(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
