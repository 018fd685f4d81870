"""The errors of a regression."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface import residuals

NUMBERS = st.floats(-1e6, 1e6, width=32)


def test_by_hand() -> None:
    values, y = np.asarray([1, 2, 3], np.float32), np.asarray([1.0, 5.0, -1.0])
    assert residuals.l2(values, y) == 5
    assert residuals.rmse(values, y) == pytest.approx(5 / math.sqrt(3))
    assert residuals.worst(values, y) == 4


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=40))
def test_the_three_go_together(pairs) -> None:
    values, y = (np.asarray(column) for column in zip(*pairs, strict=True))
    l2, rmse, worst = (f(values, y) for f in (residuals.l2, residuals.rmse, residuals.worst))
    assert l2 == pytest.approx(np.linalg.norm(values - y))
    assert rmse <= worst * (1 + 1e-9)
    assert worst <= l2 * (1 + 1e-9)
    twice = residuals.l2(np.tile(values, 2), np.tile(y, 2))
    assert twice == pytest.approx(math.sqrt(2) * l2)


def test_no_number_is_an_infinite_error() -> None:
    y = np.zeros(3)
    for bad in (np.nan, np.inf):
        values = np.asarray([0, bad, 0], np.float32)
        assert residuals.l2(values, y) == residuals.rmse(values, y) == math.inf
        assert residuals.worst(values, y) == math.inf
        compared = residuals.compare(values, np.zeros(3), y)
        assert compared.l2 == compared.l2_change == compared.l2_change_high == math.inf
        assert compared.l2_change_low == -math.inf


def noisy(n: int, more: float, seed: int = 0):
    rng = np.random.default_rng(seed)
    y = rng.normal(0, 100, n)
    reference = y + rng.normal(0, 5, n)
    return reference + rng.normal(0, more, n), reference, y


def test_a_file_that_is_worse_is_told_from_the_reference() -> None:
    values, reference, y = noisy(200, 4.0)
    compared = residuals.compare(values, reference, y)
    assert compared.n == 200
    assert compared.l2_change == pytest.approx(residuals.l2(values, y) - residuals.l2(reference, y))
    assert 0 < compared.l2_change_low < compared.l2_change < compared.l2_change_high
    assert compared.parity == residuals.worst(values, reference)
    assert residuals.compare(values, reference, y) == compared
    assert residuals.compare(reference, reference, y).l2_change_high == 0


def test_the_interval_is_paired() -> None:
    """Errors that both share cancel out: unpaired, the interval would be twenty times as wide."""
    values, reference, y = noisy(400, 0.1)
    compared = residuals.compare(values, reference, y)
    assert compared.l2_change_high - compared.l2_change_low < 1
    assert compared.l2 > 90


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    inside = 0
    true = math.sqrt(100) * (math.sqrt(25 + 9) - 5)
    for seed in range(60):
        compared = residuals.compare(*noisy(100, 3.0, seed))
        inside += compared.l2_change_low <= true <= compared.l2_change_high
    assert inside >= 51  # of 60; 57 on the mean, fewer than 51 once in 200 such tests


def test_answers_go_one_by_one_in_float32() -> None:
    seen = []

    def infer(row):
        seen.append(row)
        return np.asarray([row.sum() * 2], np.float32)

    x = np.asarray([[1.0, 2.0], [3.0, 4.0]])
    assert residuals.answers(infer, x).tolist() == [6, 14]
    assert all(row.dtype == np.float32 and row.shape == (2,) for row in seen)
    assert residuals.answers(infer, np.zeros((0, 2))).shape == (0,)
