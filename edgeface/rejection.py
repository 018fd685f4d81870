"""How many strangers get a name, and how many of the enrolled keep theirs: thresholds and rates.

Numpy alone, so that it runs on the Pi. A *false accept* is a stranger's face that is given any
name; a *true accept* is an enrolled person's that is given the right one.

A threshold is fitted on strangers so that the next one is given a name at most as often as was
asked. With n strangers of whom k reach it, the next one does in (k + 1) / (n + 1) of all cases,
whatever the scores are, as long as all are drawn alike: that is a conformal prediction (Vovk,
Gammerman & Shafer 2005, "Algorithmic Learning in a Random World"). The share k / n alone would
promise too much: of 100 strangers one may pass at 1 %, and the next one passes at 2 %.

That holds for pictures drawn alike. Of K people, however many their pictures, the next person may
be unlike all: what can be promised of every distribution is 1 / (K + 1) at best then (Dunn,
Wasserman & Ramdas 2023, JASA 118:2491). So rates are measured on people that no threshold has seen.

Pictures of one person are alike: twenty pictures each of ten strangers say less than two hundred
strangers would. The interval of a false-accept rate therefore takes the pictures for fewer, by the
design effect between people, and is the wider the fewer people there are (Korn & Graubard 1998,
Survey Methodology 24:193; Wilson's interval instead of theirs). The enrolled people are not drawn
from anybody else: theirs counts pictures.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeface import evaluate
from edgeface.acceptance import Rate as Rate
from edgeface.errors import UsageError
from edgeface.evaluate.shares import Z
from edgeface.student import t95
from edgeface.vision.unknown import EMBEDDING, LOGITS, PROBS, Outputs, Score, scores

Scores = NDArray[np.float64]

# What the design effect is told by where no stranger passes, or all do: the highest tenth.
_TAIL = 0.1


def least(far: float) -> int:
    """How many strangers a threshold for a false-accept rate takes at least.

    Args:
        far: The rate, above 0 and below 1.
    """
    return math.ceil(1 / far - 1 - 1e-9)


def to_state(far: float) -> int:
    """How many strangers it takes to state the rate: none of that many, and it is below with 95 %.

    The rule of three (Hanley & Lippman-Hand 1983, JAMA 249:1743), for people who are all different.
    """
    return math.ceil(3 / far - 1e-9)


def check_rate(far: float) -> None:
    """Say that a rate is none, before a long job.

    Raises:
        UsageError: It is not above 0 and below 1.
    """
    if not 0 < far < 1:
        msg = f"a false-accept rate of {far:g}: it lies above 0 and below 1"
        raise UsageError(msg, remedy="--far 0.01 lets in one stranger's face of a hundred")


def fit(strangers: Scores, far: float) -> float:
    """The lowest threshold at which the next stranger is given a name at most this often.

    Args:
        strangers: (n,) scores of strangers; a NaN never passes, and counts as a stranger.
        far: The rate, above 0 and below 1.

    Returns:
        In the unit of the score.

    Raises:
        UsageError: There are too few strangers for any threshold to promise that.
    """
    if len(strangers) < least(far):
        msg = (
            f"{len(strangers)} faces of strangers to fit the threshold on: "
            f"a false-accept rate of {far:g} takes {least(far)} at least"
        )
        resolved = math.ceil(1000 / (len(strangers) + 1)) / 1000
        remedy = f"add strangers (half of them are for fitting), or ask --far {resolved:g}"
        raise UsageError(msg, remedy=remedy)
    passing = math.floor(far * (len(strangers) + 1) + 1e-9) - 1
    falling = np.sort(np.where(np.isnan(strangers), -np.inf, strangers))[::-1]
    first_kept_out = falling[min(passing, len(falling) - 1)]
    # Above the score that is kept out, by the smallest step; below every score: whatever passes.
    return float(np.nextafter(first_kept_out, np.inf))


def halves(people: Sequence[str], seed: int) -> NDArray[np.bool_]:
    """Draw the strangers that a threshold is fitted on; it is measured on the others.

    Whole people: otherwise the rate would be measured on faces that the threshold has seen.

    Args:
        people: (n,) whom each picture shows.
        seed: Of the draw.

    Returns:
        (n,) True for fitting. Either half has about as many pictures, and one person at least.

    Raises:
        UsageError: All pictures are of one person.
    """
    names, numbers, counts = np.unique(
        np.asarray(people, np.str_), return_inverse=True, return_counts=True
    )
    if len(names) < 2:
        msg = f"all {len(people)} faces of strangers are of one person, {str(names[0])!r}"
        remedy = "a folder per person: they are fitted on some people and measured on others"
        raise UsageError(msg, remedy=remedy)
    fitting = np.zeros(len(names), bool)
    balance = 0
    for person in np.random.default_rng(seed).permutation(len(names)):
        fitting[person] = balance <= 0
        balance += int(counts[person]) if fitting[person] else -int(counts[person])
    return np.asarray(fitting[numbers])


def false_accepts(strangers: Scores, people: Sequence[str], threshold: float) -> Rate:
    """How often strangers are given a name.

    Args:
        strangers: (n,) their scores.
        people: (n,) whom each shows.
        threshold: The least score that earns a name.
    """
    passed = strangers >= threshold
    _, numbers = np.unique(np.asarray(people, np.str_), return_inverse=True)
    known = int(numbers.max()) + 1
    alike = passed
    if passed.all() or not passed.any():
        ranked = np.where(np.isnan(strangers), -np.inf, strangers)
        alike = ranked >= np.quantile(ranked, 1 - _TAIL, method="higher")
    worth = len(strangers) / design_effect(alike, numbers)
    if known > 1:
        worth *= (Z / t95(known - 1)) ** 2
    accepted = int(passed.sum())
    low, high = evaluate.wilson(accepted / len(strangers) * worth, worth)
    # Where none passes rounding may leave a hair above 0, where all do below 1.
    low, high = low if accepted else 0.0, high if accepted < len(strangers) else 1.0
    return Rate(len(strangers), accepted, known, low, high)


def true_accepts(enrolled: Scores, right: NDArray[np.bool_], people: int, threshold: float) -> Rate:
    """How often enrolled people are given their own name.

    Args:
        enrolled: (n,) scores.
        right: (n,) whether the nearest name is the right one.
        people: How many are enrolled.
        threshold: The least score that earns a name.
    """
    kept = int(((enrolled >= threshold) & right).sum())
    low, high = evaluate.wilson(kept, len(enrolled))
    return Rate(len(enrolled), kept, people, low, high)


def design_effect(hits: NDArray[np.bool_], people: NDArray[np.intp]) -> float:
    """By how much the variance of a share exceeds that of as many different people; at least 1.

    Args:
        hits: (n,) what is counted.
        people: (n,) numbers of the people, 0 and on.
    """
    share = float(hits.mean())
    sizes = np.bincount(people)
    if len(sizes) < 2 or not 0 < share < 1:
        # One person, or nothing to tell people apart by: at worst each is worth one picture.
        return float((sizes.astype(float) ** 2).sum() / sizes.sum()) if len(sizes) < 2 else 1.0
    totals = np.bincount(people, weights=hits.astype(float))
    between = len(sizes) / (len(sizes) - 1) * float(((totals - share * sizes) ** 2).sum())
    return max(1.0, between / (len(hits) * share * (1 - share)))


def left_out_in_turn(
    score: Score,
    outputs: Outputs,
    truth: NDArray[np.intp],
    means: NDArray[np.float32] | None = None,
) -> Scores:
    """What enrolled people would score if nobody had enrolled them: their own class taken away.

    The probabilities of the other classes are brought to sum 1 again. The network has been trained
    on these very people, so that this is an estimate and no measurement on strangers.

    Args:
        score: Which one.
        outputs: Of enrolled people, (n, …).
        truth: (n,) class numbers.
        means: (classes, d); for ``distance`` only.

    Returns:
        (n,) scores.

    Raises:
        UsageError: With two people the one who is left has all the probability.
    """
    classes = outputs[PROBS].shape[1]
    if classes < 3:
        msg = f"{classes} people: with one left out, whoever is left gets every name"
        raise UsageError(msg, remedy="name strangers with --strangers PHOTOS")
    found = np.full(len(truth), np.nan)
    for person in range(classes):
        rows = truth == person
        if rows.any():
            others = np.arange(classes) != person
            found[rows] = scores(
                score,
                _without({name: value[rows] for name, value in outputs.items()}, others),
                None if means is None else means[others],
            )
    return found


def _without(outputs: Outputs, others: NDArray[np.bool_]) -> Outputs:
    probs = outputs[PROBS][:, others]
    sums = probs.sum(axis=1, keepdims=True)
    even = np.full_like(probs, 1 / probs.shape[1])  # where all of it was the person's own
    kept = {PROBS: np.divide(probs, sums, out=even, where=sums > 0)}
    if LOGITS in outputs:
        kept[LOGITS] = outputs[LOGITS][:, others]
    if EMBEDDING in outputs:
        kept[EMBEDDING] = outputs[EMBEDDING]
    return kept
