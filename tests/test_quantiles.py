import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.quantiles import LEAST, quantile, quantile_interval, ranks, window_interval


@pytest.mark.parametrize("share", [0.9, 0.95, 0.99, 0.999])
def test_least_is_the_smallest_n_whose_second_largest_bounds_the_quantile_with_99_percent(share):
    def risk(n: int) -> float:
        return share**n + n * (1 - share) * share ** (n - 1)

    assert risk(LEAST[share]) <= 0.01 < risk(LEAST[share] - 1)


def test_six_is_the_smallest_n_with_an_interval_of_the_median():
    assert 2 * 0.5 ** LEAST[0.5] <= 0.05 < 2 * 0.5 ** (LEAST[0.5] - 1)


@pytest.mark.parametrize("share", sorted(LEAST))
def test_one_sample_less_and_nothing_is_said(share):
    n = LEAST[share]
    assert quantile(range(n), share) is not None
    assert quantile(range(n - 1), share) is None
    assert quantile_interval(range(n), share) is not None
    assert quantile_interval(range(n - 1), share) is None


def test_a_quantile_is_the_smallest_sample_that_the_share_does_not_exceed():
    samples = list(range(1, 101))
    assert quantile(samples, 0.5) == 50
    assert quantile(samples, 0.9) == 90
    assert quantile(samples[::-1], 0.9) == 90


def test_nothing_in_the_tail_is_clipped():
    assert quantile([1] * 60 + [10**9] * 40, 0.9) == 10**9


@given(st.lists(st.integers(0, 10**12), min_size=64, max_size=200), st.sampled_from([0.5, 0.9]))
def test_quantile_is_a_sample_with_the_right_share_below_it_and_lies_in_its_interval(
    samples, share
):
    value = quantile(samples, share)
    assert value in samples
    assert sum(s <= value for s in samples) >= share * len(samples) - 1e-9
    assert sum(s < value for s in samples) < share * len(samples)
    low, high = quantile_interval(samples, share)
    assert low <= value <= high


@pytest.mark.parametrize(("n", "share", "expected"), [(6, 0.5, (1, 6)), (100, 0.5, (40, 61))])
def test_ranks_are_those_of_the_published_tables(n, share, expected):
    assert ranks(n, share) == expected


@pytest.mark.parametrize(("n", "share"), [(50, 0.5), (1000, 0.5), (200, 0.9), (1000, 0.99)])
def test_ranks_cover_at_least_95_percent_exactly_computed(n, share):
    low, high = ranks(n, share)
    inside = sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(low, high))
    assert 0.95 <= inside < 0.98


@pytest.mark.parametrize(("n", "share"), [(100, 0.5), (1000, 0.5), (500, 0.9)])
def test_coverage_on_a_long_tailed_and_a_bimodal_latency(n, share):
    rng = np.random.default_rng(7)
    trials = 2000
    long_tail = rng.lognormal(0, 1, (trials, n))
    bimodal = np.where(rng.random((trials, n)) < 0.7, 1.0, 5.0) + rng.exponential(0.2, (trials, n))
    for drawn, truth in (
        (long_tail, _lognormal_quantile(share)),
        (bimodal, _bimodal_quantile(share)),
    ):
        low, high = ranks(n, share)
        ordered = np.sort(drawn, axis=1)
        covered = (ordered[:, low - 1] <= truth) & (truth <= ordered[:, high - 1])
        assert 0.93 <= covered.mean() <= 0.97


def test_windows_that_are_alike_add_nothing():
    window = list(range(1, 51))
    assert window_interval([window] * 8, 0.5) == quantile_interval(window * 8, 0.5)


def test_few_windows_say_nothing_about_how_they_differ():
    windows = [[1] * 30, [2] * 30, [3] * 30]
    assert window_interval(windows, 0.5) == quantile_interval([s for w in windows for s in w], 0.5)


def test_windows_that_differ_widen_the_interval_and_samples_may_not_bound_it():
    alike = [[10 * i + j for i in range(20)] for j in range(8)]
    moved = [[s + 40 * n for s in window] for n, window in enumerate(alike)]
    narrow, wide = (window_interval(w, 0.5) for w in (alike, moved))
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
    slow = [[1] * 100 for _ in range(7)] + [[100] * 100]
    assert quantile_interval([s for w in slow for s in w], 0.9) is not None
    assert window_interval(slow, 0.9) is None


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_too_few_samples_have_no_interval_by_windows_either(share):
    assert window_interval([], share) is None
    assert window_interval([[1], [2], [3], [4]], share) is None


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_calls_of_a_window_that_resemble_each_other_are_covered_by_windows_and_not_by_calls(share):
    rng = np.random.default_rng(11)
    truth = _normal_quantile(share)
    trials, windows, n = 400, 16, 40
    by_calls = by_windows = unbounded = 0
    for _ in range(trials):
        # Half of the variance belongs to the window.
        own, common = rng.normal(0, 1, (windows, n)), rng.normal(0, 1, (windows, 1))
        drawn = (1_000_000 + 1000 * (own + common) / math.sqrt(2)).astype(int)
        at = 1_000_000 + 1000 * truth
        low, high = quantile_interval(drawn.ravel(), share)
        by_calls += low <= at <= high
        found = window_interval(list(drawn), share)
        unbounded += found is None
        by_windows += found is not None and found[0] <= at <= found[1]
    assert by_calls / trials < 0.7
    assert by_windows / (trials - unbounded) > 0.9
    assert unbounded / trials < 0.2


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def _lognormal_quantile(share: float) -> float:
    from statistics import NormalDist

    return math.exp(NormalDist().inv_cdf(share))


def _bimodal_quantile(share: float) -> float:
    """0.7 of the mass at 1 plus an exponential of mean 0.2, 0.3 of it at 5 plus the same."""

    def below(x: float) -> float:
        return 0.7 * _exponential(x - 1) + 0.3 * _exponential(x - 5)

    low, high = 0.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < share else (low, middle)
    return high


def _exponential(x: float) -> float:
    return 1 - math.exp(-x / 0.2) if x > 0 else 0.0
