"""Samples whose truth is known, and how often each interval holds it; `coverage.py` tells of them.

A row is a cell: what was simulated, and of one interval ``coverage`` (0 to 1), its mean ``width``
(of shares and areas in points) and how many pictures are ``deciding``.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray
from paired_intervals import OTHERS, Z

from edgeface import evaluate, rejection, residuals
from edgeface.evaluate.paired import interval
from edgeface.evaluate.verdict import kind_of

Row = dict[str, Any]
SLACK = 1e-12


def _row(of: str, method: str, held: float, width: float, few: float, **facts: Any) -> Row:
    return {"of": of, "method": method, "coverage": round(held, 4), "width": round(width, 5)} | {
        "deciding": round(few, 3),
        **facts,
    }


def shares() -> Iterator[Row]:
    """Wilson's and the exact interval of a share, summed over all counts that may come up."""
    accuracies = [(n, a) for n in (50, 120, 500, 2000) for a in (0.7, 0.8, 0.9, 0.95, 0.98, 0.99)]
    rates = [(n, r) for n in (100, 300, 1000, 3000) for r in (0.001, 0.003, 0.01, 0.03, 0.1)]
    methods = (("Wilson", evaluate.wilson), ("Clopper-Pearson", evaluate.clopper_pearson))
    for of, cells in (("accuracy", accuracies), ("false-accept rate", rates)):
        for n, share in cells:
            for method, ends in methods:
                held, width = _summed(n, share, cache(ends))
                few = n * min(share, 1 - share)
                yield _row(of, method, held, 100 * width, few, n=n, share=share)


def _summed(n: int, share: float, ends: Callable[[int, int], Any]) -> tuple[float, float]:
    held = width = 0.0
    for hits in range(n + 1):
        log = math.lgamma(n + 1) - math.lgamma(hits + 1) - math.lgamma(n - hits + 1)
        chance = math.exp(log + hits * math.log(share) + (n - hits) * math.log1p(-share))
        if chance > 1e-12:
            low, high = ends(hits, n)
            held += chance * (low <= share <= high)
            width += chance * (high - low)
    return held, width


def strangers(repeats: int, rng: np.random.Generator) -> Iterator[Row]:
    """False accepts where ten pictures show the same stranger, and half of a score is whose it is.

    Wilson's interval of the pictures takes them for different people: wrong, to see that it shows.
    """
    for people in (10, 30, 100):
        names = np.repeat([f"s{i}" for i in range(people)], 10).tolist()
        for rate in (0.003, 0.01, 0.03, 0.1):
            threshold = NormalDist().inv_cdf(1 - rate)
            held, width = np.zeros(2), np.zeros(2)
            for _ in range(repeats):
                own = np.repeat(rng.normal(size=people), 10)
                scores = (own + rng.normal(size=10 * people)) / math.sqrt(2)
                found = rejection.false_accepts(scores, names, threshold)
                ends = (found.low, found.high), evaluate.wilson(found.accepted, found.pictures)
                held += [low <= rate <= high for low, high in ends]
                width += [high - low for low, high in ends]
            for i, name in enumerate(("by people", "Wilson, pictures")):
                share, wide = float(held[i]) / repeats, 100 * float(width[i]) / repeats
                few = 10 * people * rate
                yield _row("strangers", name, share, wide, few, people=people, rate=rate)


@cache
def tango(lost: int, gained: int, n: int) -> tuple[float, float]:
    """What edgeface reports; kept, because the same counts come up again and again."""
    return interval(lost, gained, n)


def paired(repeats: int, rng: np.random.Generator) -> Iterator[Row]:
    """All intervals of a paired difference on the same samples."""
    for n in (50, 100, 200, 500, 1000, 2000):
        for accuracy in (0.7, 0.9, 0.95, 0.99, 0.995):
            for changed in (0.002, 0.005, 0.01, 0.02, 0.03, 0.05):
                for share in (0.5, 0.75, 1.0):  # of the changed pictures that are lost
                    gained = changed * (1 - share)
                    if gained <= 1 - accuracy + SLACK:
                        yield from _pairs(n, accuracy, changed * share, gained, repeats, rng)


def _pairs(
    n: int, accuracy: float, lost: float, gained: float, repeats: int, rng: np.random.Generator
) -> Iterator[Row]:
    cells = np.array([accuracy - lost, lost, gained, max(0.0, 1 - accuracy - gained)])
    drawn, often = np.unique(
        rng.multinomial(n, cells / cells.sum(), repeats), axis=0, return_counts=True
    )
    ours = np.array([tango(int(b), int(c), n) for _, b, c, _ in drawn]).T
    every = {"Tango": (ours[0], ours[1])}
    every |= {name: ends(*drawn.T.astype(float)) for name, ends in OTHERS.items()}
    truth, weights = gained - lost, often / repeats
    facts = {"n": n, "accuracy": accuracy, "lost": lost, "gained": gained}
    for name, (low, high) in every.items():
        held = float(((low <= truth + SLACK) & (truth - SLACK <= high)) @ weights)
        width = 100 * float((high - low) @ weights)
        yield _row("paired difference", name, held, width, n * (lost + gained), **facts)


def areas(repeats: int, rng: np.random.Generator) -> Iterator[Row]:
    """Normal scores, and the same with noise, as quantisation adds it; the truth by formula."""
    normal = NormalDist()
    for lift in (1.5, 2.66, 3.64):
        for noise in (0.02, 0.05, 0.15, 0.4):
            for n, m in ((25, 25), (50, 50), (20, 180), (100, 100), (300, 300)):
                area = normal.cdf(lift / math.sqrt(2))
                truth = normal.cdf(lift / math.sqrt(2 * (1 + noise**2))) - area
                positive = np.arange(n + m) < n
                held, width, changed = np.zeros(2), np.zeros(2), 0.0
                for _ in range(repeats):
                    reference = rng.normal(size=n + m) + lift * positive
                    file = reference + noise * rng.normal(size=n + m)
                    found = evaluate.area_difference(file, reference, positive)
                    half = _delong(file, reference, positive)
                    ends = (
                        (found.low, found.high),
                        (found.difference - half, found.difference + half),
                    )
                    held += [low <= truth <= high for low, high in ends]
                    width += [high - low for low, high in ends]
                    changed += found.changed / repeats
                facts = {"area": area, "noise": noise, "positives": n, "negatives": m}
                for i, name in enumerate(("DeLong, Student", "DeLong, normal")):
                    share, wide = float(held[i]) / repeats, 100 * float(width[i]) / repeats
                    yield _row("area under the ROC", name, share, wide, changed, **facts)


def _delong(file: NDArray[Any], reference: NDArray[Any], positive: NDArray[np.bool_]) -> float:
    """Half the interval as published, by all pairs."""
    pairs = [(s[positive][:, None] > s[~positive]).astype(float) for s in (file, reference)]
    change = pairs[0] - pairs[1]
    rows, columns = change.mean(axis=1), change.mean(axis=0)
    variance = rows.var(ddof=1) / len(rows) + columns.var(ddof=1) / len(columns)
    return Z * math.sqrt(variance)


# Spread of the reference's errors, of the noise that a file adds (normal, or even), and its bias.
ERRORS = {
    "noise": (5.0, 3.0, 0.0, 0.0),
    "a little noise": (5.0, 0.3, 0.0, 0.0),
    "steps": (5.0, 0.0, 2.0, 0.0),
    "bias": (5.0, 0.3, 0.0, 1.0),
    "a fine reference": (0.3, 1.0, 0.0, 0.0),
}


def errors(repeats: int, rng: np.random.Generator) -> Iterator[Row]:
    """Both intervals of a regression, and the percentiles of a bootstrap."""
    for kind, (own, noise, even, bias) in ERRORS.items():

        def draw(n: int, scale=(own, noise, even, bias)) -> tuple[Any, Any]:
            reference = scale[0] * rng.normal(size=n)
            added = scale[1] * rng.normal(size=n) + scale[3]
            return reference + added + scale[2] * rng.uniform(-1, 1, n), reference

        file, reference = draw(10_000_000)
        absolute = float(np.abs(file).mean() - np.abs(reference).mean())
        rms = math.sqrt(own**2 + noise**2 + even**2 / 3 + bias**2) - own
        for n in (20, 36, 60, 100, 200):
            held, width = np.zeros(3), np.zeros(3)
            for _ in range(repeats):
                file, reference = draw(n)
                found = residuals.compare(file, reference, np.zeros(n))
                ends = (
                    (found.absolute_change_low - absolute, found.absolute_change_high - absolute),
                    (
                        found.l2_change_low / math.sqrt(n) - rms,
                        found.l2_change_high / math.sqrt(n) - rms,
                    ),
                    _percentiles(file, reference, rms, rng),
                )
                held += [low <= 0 <= high for low, high in ends]
                width += [high - low for low, high in ends]
            names = ("absolute error, paired t", "L2 error, jackknife", "L2 error, bootstrap")
            for i, name in enumerate(names):
                share, wide = float(held[i]) / repeats, float(width[i]) / repeats
                yield _row("error of a regression", name, share, wide, n, kind=kind, n=n)


def _percentiles(
    file: NDArray[Any], reference: NDArray[Any], truth: float, rng: np.random.Generator
) -> tuple[float, float]:
    chosen = rng.integers(0, len(file), (300, len(file)))
    roots = [np.sqrt((e[chosen] ** 2).mean(axis=1)) for e in (file, reference)]
    low, high = np.quantile(roots[0] - roots[1], (0.025, 0.975))
    return float(low) - truth, float(high) - truth


def verdicts(repeats: int, rng: np.random.Generator) -> Iterator[Row]:
    """What is said of files of which it is known what they lose."""

    @cache
    def said(n: int, lost: int, gained: int) -> str:
        same = n - lost - gained  # right or wrong: the verdict is the same
        return kind_of(evaluate.counted(both_right=same, lost=lost, gained=gained, both_wrong=0))

    for n in (120, 500, 2000, 10_000):
        for changed in (0.002, 0.01, 0.03):
            for loss in (0.0, 0.2, 0.5, 1.0, 2.0, 5.0):  # points
                shares = [changed / 2 + loss / 100, changed / 2]
                row: dict[str, float] = defaultdict(float)
                drawn = rng.multinomial(n, [*shares, 1 - sum(shares)], repeats)[:, :2]
                pairs, often = np.unique(drawn, axis=0, return_counts=True)
                for (lost, gained), times in zip(pairs, often, strict=True):
                    row[said(n, int(lost), int(gained))] += int(times) / repeats
                yield {"n": n, "changed": changed, "loss_points": loss} | {
                    kind: round(row[kind], 4)
                    for kind in ("no loss found", "loses", "gains", "cannot tell")
                }
