"""Paired differences, held against other ways to the same numbers and against published ones."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface import evaluate
from edgeface.evaluate.paired import interval


def test_pictures_are_counted_by_what_changed() -> None:
    right = np.array([1, 1, 0, 1, 0, 0], bool)
    reference = np.array([1, 0, 1, 1, 1, 0], bool)
    found = evaluate.pair(right, reference)
    assert (found.n, found.both_right, found.lost, found.gained, found.both_wrong) == (
        6,
        2,
        2,
        1,
        1,
    )
    assert found.difference == pytest.approx(-100 / 6)
    assert found.low < found.difference < found.high
    assert found.resolves_points == pytest.approx((found.high - found.low) / 2)


@pytest.mark.parametrize(("lost", "gained"), list(itertools.product(range(8), range(8))))
def test_mcnemar_is_the_sum_over_every_series_of_coins(lost: int, gained: int) -> None:
    changed = lost + gained
    few = sum(math.comb(changed, k) for k in range(min(lost, gained) + 1))
    assert evaluate.mcnemar(lost, gained) == pytest.approx(
        float(min(Fraction(1), Fraction(2 * few, 2**changed))), rel=1e-14
    )


def test_mcnemar_of_thousands_of_changed_pictures_is_exact() -> None:
    few = sum(math.comb(6000, k) for k in range(2801))
    exact = float(Fraction(2 * few, 2**6000))
    assert evaluate.mcnemar(2800, 3200) == pytest.approx(exact, rel=1e-12)
    assert 0 <= evaluate.mcnemar(0, 6000) < 1e-300


def test_the_interval_is_the_published_one() -> None:
    # PropCIs 0.3 for R, scoreci.mp: (20, 60, 1000) at 95 %, (25, 28, 618) at 90 %.
    assert interval(20, 60, 1000) == pytest.approx((0.0231, 0.0584), abs=5e-5)
    assert interval(25, 28, 618, 1.644854) == pytest.approx((-0.0148, 0.0247), abs=5e-5)


@pytest.mark.parametrize(
    ("lost", "gained", "n"), [(8, 2, 100), (0, 3, 60), (1, 0, 44), (30, 41, 300)]
)
def test_the_ends_are_where_a_score_test_rejects(lost: int, gained: int, n: int) -> None:
    """The variance given a difference, by looking for the likeliest shares, not by formula."""
    for end in interval(lost, gained, n):
        shares = np.linspace(max(0, -end), (1 - end) / 2, 2_000_001)[1:-1]  # of lost pictures
        with np.errstate(divide="ignore", invalid="ignore"):
            likely = (n - lost - gained) * np.log(1 - 2 * shares - end)
            likely += (lost * np.log(shares) if lost else 0) + (
                gained * np.log(shares + end) if gained else 0
            )
        share = shares[np.nanargmax(likely)]
        variance = (2 * share + end - end**2) / n
        z = ((gained - lost) / n - end) / math.sqrt(variance)
        assert abs(z) == pytest.approx(1.959964, abs=2e-3)


@settings(deadline=None)
@given(st.integers(1, 3000), st.data())
def test_what_every_interval_keeps(n: int, data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, n))
    gained = data.draw(st.integers(0, n - lost))
    low, high = interval(lost, gained, n)
    assert -1 <= low <= (gained - lost) / n + 1e-12
    assert (gained - lost) / n - 1e-12 <= high <= 1
    assert low < high
    assert interval(gained, lost, n) == pytest.approx((-high, -low), abs=1e-12)


def test_no_change_leaves_what_so_few_pictures_cannot_show() -> None:
    found = evaluate.counted(both_right=110, lost=0, gained=0, both_wrong=10)
    z = 1.959964
    assert found.high == pytest.approx(100 * z**2 / (120 + z**2), abs=1e-3)
    assert found.low == -found.high
    assert found.p == 1


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (3, 1), (8, 2), (0, 12)])
@pytest.mark.parametrize("points", [0.3, 2.0])
def test_as_many_pictures_as_needed_resolve_it(lost: int, gained: int, points: float) -> None:
    found = evaluate.counted(
        both_right=380 - lost - gained, lost=lost, gained=gained, both_wrong=20
    )
    needed = found.needed(points)
    for n, enough in ((needed, True), (needed - 1, False)):
        low, high = interval(lost * n / 400, gained * n / 400, n)
        assert (50 * (high - low) <= points) == enough
    assert abs(found.needed(found.resolves_points * (1 + 1e-9)) - 400) <= 1


def test_several_tests_are_adjusted_for_being_several() -> None:
    # Holm 1979: the smallest times three, the next times two, never falling.
    assert evaluate.holm([0.04, 0.01, 0.03]) == pytest.approx((0.06, 0.03, 0.06))
    assert evaluate.holm([0.9, 0.8]) == (1.0, 1.0)
    assert evaluate.holm([]) == ()
