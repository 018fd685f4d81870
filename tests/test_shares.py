"""Exact intervals of a share."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface import evaluate


def below(hits: int, n: int, share: float) -> float:
    """How often so many hits or fewer come up, in whole numbers."""
    p = Fraction(share)
    return float(sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(hits + 1)))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.data())
def test_each_end_leaves_a_fortieth_beyond_it(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = evaluate.clopper_pearson(hits, n)
    assert low <= hits / n <= high
    if hits < n:
        assert below(hits, n, high) == pytest.approx(0.025, rel=1e-9)
    else:
        assert high == 1
    if hits:
        assert 1 - below(hits - 1, n, low) == pytest.approx(0.025, rel=1e-9)
    else:
        assert low == 0


def test_exact_intervals_are_the_published_ones() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 5.
    for hits, n, low, high in [
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ]:
        assert evaluate.clopper_pearson(hits, n) == pytest.approx((low, high), abs=5e-5)


def test_many_pictures_cost_nothing_in_precision() -> None:
    low, high = evaluate.clopper_pearson(1000, 100_000)
    # The normal approximation is good to 2 % of the width here.
    half = 1.96 * math.sqrt(0.01 * 0.99 / 100_000)
    assert (low, high) == pytest.approx((0.01 - half, 0.01 + half), abs=0.05 * half)
    assert evaluate.clopper_pearson(0, 100_000, 0.9)[1] == pytest.approx(
        -math.log(0.05) / 1e5, rel=1e-4
    )
