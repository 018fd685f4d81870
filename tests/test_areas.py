"""The difference of two areas under the ROC."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface import evaluate
from edgeface.student import t95


def scores(n: int, m: int, noise: float, seed: int = 0, lift: float = 1.5):
    rng = np.random.default_rng(seed)
    positive = np.arange(n + m) < n
    reference = rng.normal(size=n + m) + lift * positive
    return reference + noise * rng.normal(size=n + m), reference, positive


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_it_is_the_variance_of_delong_by_every_pair(n: int, m: int, seed: int) -> None:
    """Held against the definition: all pairs of a positive and a negative."""
    rng = np.random.default_rng(seed)
    file, reference = rng.integers(0, 8, (2, n + m)) / 7  # many of them equal
    positive = np.arange(n + m) < n
    pairs = [
        (s[positive][:, None] > s[~positive]) + 0.5 * (s[positive][:, None] == s[~positive])
        for s in (file, reference)
    ]
    change = pairs[0] - pairs[1]
    rows, columns = change.mean(axis=1), change.mean(axis=0)
    variance = rows.var(ddof=1) / n + columns.var(ddof=1) / m
    variance += 2 / (n * m) ** 2 * 2  # one step up and one down, of either kind
    changed = min(np.count_nonzero(np.abs(rows) > 1e-12), np.count_nonzero(np.abs(columns) > 1e-12))
    found = evaluate.area_difference(file, reference, positive)
    half = t95(max(1, changed - 1)) * np.sqrt(variance)
    assert found.difference == pytest.approx(change.mean(), abs=1e-12)
    assert found.low == pytest.approx(max(-1, change.mean() - half))
    assert found.high == pytest.approx(min(1, change.mean() + half))


def test_the_areas_are_those_of_the_curves() -> None:
    file, reference, positive = scores(80, 120, 0.3)
    found = evaluate.area_difference(file, reference, positive)
    assert found.area == pytest.approx(evaluate.auc(file, positive))
    assert found.reference == pytest.approx(evaluate.auc(reference, positive))
    assert (found.positives, found.negatives) == (80, 120)
    swapped = evaluate.area_difference(-file, -reference, ~positive)
    assert (swapped.low, swapped.high) == pytest.approx((found.low, found.high))


def test_it_is_paired() -> None:
    """Little noise on the same pictures: unpaired, the interval would be twenty times as wide."""
    file, reference, positive = scores(200, 200, 0.02)
    found = evaluate.area_difference(file, reference, positive)
    assert found.high - found.low < 0.005
    other = scores(200, 200, 0.02, seed=1)[1]
    assert evaluate.area_difference(other, reference, positive).high > 0.04


def test_where_nothing_changed_the_interval_is_not_empty() -> None:
    _, reference, positive = scores(20, 30, 0, lift=50)
    found = evaluate.area_difference(3 * reference, reference, positive)
    assert (found.area, found.difference, found.changed) == (1, 0, 0)
    assert -1 < found.low < 0 < found.high < 1
    wider = evaluate.area_difference(reference[15:25], reference[15:25], positive[15:25])
    assert wider.high > found.high


def test_a_single_positive_tells_nothing_of_how_much_it_varies() -> None:
    found = evaluate.area_difference(*scores(1, 30, 0.1))
    assert (found.low, found.high) == (-1, 1)
