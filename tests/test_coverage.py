"""Do 95 % intervals hold the truth 93 to 97 times in 100? Drawn samples whose truth is known.

`benchmarks/coverage.py` does the same for hundreds of cells; here are a few of each kind, and
intervals that are wrong, so that it is seen that a wrong one would be found out.
"""

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from edgeface import evaluate, residuals
from edgeface.evaluate.paired import interval
from edgeface.evaluate.verdict import kind_of

LEAST, MOST = 0.93, 0.97
Ends = tuple[float, float]
Counts = dict[tuple[int, int], int]


def drawn(n: int, lost: float, gained: float, repeats: int = 4000) -> Counts:
    """How often which numbers of lost and gained pictures came up."""
    chances = [lost, gained, 1 - lost - gained]
    samples = np.random.default_rng(0).multinomial(n, chances, repeats)
    return Counter((int(b), int(c)) for b, c, _ in samples)


def held(samples: Counts, truth: float, ends: Callable[[int, int], Ends]) -> float:
    """The share of samples whose interval holds the truth."""
    inside = 0
    for (lost, gained), often in samples.items():
        low, high = ends(lost, gained)
        inside += often * (low - 1e-12 <= truth <= high + 1e-12)
    return inside / sum(samples.values())


# Pictures, share lost and share gained: at least five pictures are expected to change.
CELLS = [
    (120, 0.03, 0.03),
    (200, 0.02, 0.02),
    (500, 0.01, 0.0),
    (500, 0.025, 0.005),
    (1000, 0.005, 0.005),
    (2000, 0.01, 0.01),
    (2000, 0.05, 0.0),
]


@pytest.mark.parametrize(("n", "lost", "gained"), CELLS)
def test_the_paired_interval_holds_the_truth_as_often_as_it_says(n, lost, gained) -> None:
    share = held(drawn(n, lost, gained), gained - lost, lambda b, c: interval(b, c, n))
    assert LEAST <= share <= MOST


def test_the_figures_of_the_benchmark_are_those_of_this_interval(checkout: Path) -> None:
    told = json.loads((checkout / "benchmarks/results/coverage.json").read_text())
    pairs = [cell for cell in told["cells"] if cell["of"] == "paired difference"]
    enough = [cell for cell in pairs if cell["deciding"] >= 5]
    assert len(enough) > 200
    assert all(LEAST <= cell["coverage"]["Tango"] <= MOST for cell in enough)
    for cell in enough[::40]:
        n, lost, gained = cell["n"], cell["lost"], cell["gained"]
        share = held(drawn(n, lost, gained), gained - lost, lambda b, c, n=n: interval(b, c, n))
        assert share == pytest.approx(cell["coverage"]["Tango"], abs=0.015)


@pytest.mark.parametrize(
    ("n", "lost", "gained"), [(50, 0.01, 0.0), (120, 0.01, 0.01), (1000, 0.001, 0.001)]
)
def test_where_a_handful_changes_it_is_too_careful_and_never_too_bold(n, lost, gained) -> None:
    share = held(drawn(n, lost, gained), gained - lost, lambda b, c: interval(b, c, n))
    assert share > MOST


@pytest.mark.parametrize(("n", "lost", "gained"), CELLS)
def test_an_unpaired_interval_is_found_out(n, lost, gained) -> None:
    def unpaired(b: int, c: int) -> Ends:
        reference = 0.9
        file = reference + (c - b) / n
        half = 1.96 * math.sqrt((file * (1 - file) + reference * (1 - reference)) / n)
        return file - reference - half, file - reference + half

    assert not LEAST <= held(drawn(n, lost, gained), gained - lost, unpaired) <= MOST


@pytest.mark.parametrize(("n", "lost"), [(120, 0.02), (500, 0.005), (1000, 0.003)])
def test_an_interval_by_the_estimated_variance_is_found_out(n, lost) -> None:
    def wald(b: int, c: int) -> Ends:
        half = 1.96 * math.sqrt(b + c - (b - c) ** 2 / n) / n
        return (c - b) / n - half, (c - b) / n + half

    samples = drawn(n, lost, 0.0)
    assert held(samples, -lost, wald) < LEAST
    assert held(samples, -lost, lambda b, c: interval(b, c, n)) >= LEAST


def test_what_is_said_where_nothing_is_lost_and_where_something_is() -> None:
    def said(n: int, lost: float, gained: float) -> Counter[str]:
        kinds: Counter[str] = Counter()
        for (b, c), often in drawn(n, lost, gained).items():
            counts = {"both_right": n - b - c, "lost": b, "gained": c, "both_wrong": 0}
            kinds[kind_of(evaluate.counted(**counts))] += often
        return kinds

    for n in (200, 2000, 10_000):
        same = said(n, 0.005, 0.005)
        assert 0 < same["loses"] + same["gains"] <= 0.05 * 4000
        assert same["loses"] <= 0.03 * 4000
        at_margin = said(n, 0.01, 0.005)
        assert at_margin["no loss found"] <= 0.03 * 4000
        assert at_margin["gains"] <= 0.005 * 4000
    assert same["no loss found"] > 0.9 * 4000
    assert said(2000, 0.025, 0.005)["loses"] > 0.95 * 4000
    assert said(200, 0.005, 0.005)["cannot tell"] > 0.9 * 4000


def binomial(n: int, share: float) -> list[float]:
    k = np.arange(n + 1)
    ways = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in k]
    return np.exp(np.asarray(ways) + k * math.log(share) + (n - k) * math.log1p(-share)).tolist()


@pytest.mark.parametrize(("n", "share"), [(54, 0.9), (120, 0.95), (500, 0.98), (1000, 0.01)])
def test_the_two_intervals_of_a_share_summed_over_all_that_may_come_up(n, share) -> None:
    likely = [(hits, chance) for hits, chance in enumerate(binomial(n, share)) if chance > 1e-9]
    sums = {}
    for ends in (evaluate.wilson, evaluate.clopper_pearson):
        sums[ends] = 0.0
        for hits, chance in likely:
            low, high = ends(hits, n)
            sums[ends] += chance * (low <= share <= high)
    assert LEAST <= sums[evaluate.wilson] <= MOST
    assert 0.95 <= sums[evaluate.clopper_pearson] < 0.99


def areas(lift: float, noise: float, n: int, repeats: int) -> tuple[float, float]:
    """How often the interval holds the true difference of areas, and how often DeLong's own."""
    rng, normal = np.random.default_rng(1), NormalDist()
    truth = normal.cdf(lift / math.sqrt(2 * (1 + noise**2))) - normal.cdf(lift / math.sqrt(2))
    positive = np.arange(2 * n) < n
    inside = bare = 0
    for _ in range(repeats):
        reference = rng.normal(size=2 * n) + lift * positive
        file = reference + noise * rng.normal(size=2 * n)
        found = evaluate.area_difference(file, reference, positive)
        inside += found.low <= truth <= found.high
        pairs = [s[positive][:, None] > s[~positive] for s in (file, reference)]
        change = pairs[0].astype(float) - pairs[1]
        spread = math.sqrt(sum(change.mean(axis=i).var(ddof=1) / n for i in (0, 1)))
        bare += abs(found.difference - truth) <= 1.96 * spread
    return inside / repeats, bare / repeats


def test_the_difference_of_areas_holds_the_truth_as_often_as_it_says() -> None:
    assert LEAST <= areas(1.5, 0.4, 100, 600)[0] <= MOST
    assert LEAST <= areas(2.66, 0.4, 100, 600)[0] <= MOST


def test_where_few_ranks_change_it_is_careful_and_delong_alone_is_not() -> None:
    careful, bare = areas(3.64, 0.15, 30, 300)
    assert careful > MOST
    assert bare < LEAST


# Spread of the reference's errors and of the noise that the file adds.
@pytest.mark.parametrize(("own", "noise"), [(5.0, 3.0), (5.0, 0.3), (0.3, 1.0)])
def test_the_intervals_of_a_regression(own: float, noise: float) -> None:
    rng = np.random.default_rng(2)
    both = math.hypot(own, noise)
    absolute, rms = (both - own) * math.sqrt(2 / math.pi), both - own
    repeats, n = 1500, 50
    inside = np.zeros(3)
    for _ in range(repeats):
        reference = own * rng.normal(size=n)
        found = residuals.compare(reference + noise * rng.normal(size=n), reference, np.zeros(n))
        half = (found.absolute_change_high - found.absolute_change_low) / 2
        inside += (
            found.absolute_change_low <= absolute <= found.absolute_change_high,
            found.l2_change_low <= rms * math.sqrt(n) <= found.l2_change_high,
            abs(found.absolute_change - absolute) <= 0.75 * half,  # a wrong one
        )
    paired, jackknife, wrong = inside / repeats
    assert LEAST <= paired <= MOST
    assert LEAST <= jackknife <= MOST
    assert wrong < LEAST
