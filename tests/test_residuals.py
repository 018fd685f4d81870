"""The errors of a regression."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface import residuals
from edgeface.errors import UsageError

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
        assert (compared.absolute_change, compared.absolute_change_low) == (math.inf, -math.inf)
        verdict = residuals.judge(compared)
        assert (verdict.kind, verdict.within_margin) == ("loses", False)
        backwards = residuals.judge(residuals.compare(np.zeros(3), values, y))
        assert backwards.kind == "cannot tell"


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
    assert compared.absolute_change == pytest.approx(
        np.abs(values - y).mean() - np.abs(reference - y).mean()
    )
    assert 0 < compared.absolute_change_low < compared.absolute_change


def test_the_interval_is_paired() -> None:
    """Errors that both share cancel out: unpaired, the interval would be twenty times as wide."""
    values, reference, y = noisy(400, 0.1)
    compared = residuals.compare(values, reference, y)
    assert compared.l2_change_high - compared.l2_change_low < 1
    assert compared.l2 > 90


def test_the_ends_are_those_of_leaving_out_every_point_in_turn() -> None:
    values, reference, y = noisy(25, 3.0)
    change = [
        residuals.rmse(np.delete(values, i), np.delete(y, i))
        - residuals.rmse(np.delete(reference, i), np.delete(y, i))
        for i in range(25)
    ]
    spread = math.sqrt(24 * np.var(change))
    compared = residuals.compare(values, reference, y)
    half = 2.0639 * 5 * spread  # Student's t with 24 degrees of freedom; L2 is √25 times the RMSE
    assert compared.l2_change_high - compared.l2_change == pytest.approx(half, rel=1e-4)
    assert compared.l2_change - compared.l2_change_low == pytest.approx(half, rel=1e-4)


def test_a_single_point_tells_nothing_of_how_much_it_varies() -> None:
    compared = residuals.compare(np.array([2.0]), np.array([1.0]), np.array([0.0]))
    assert (compared.l2_change, compared.l2_change_low) == (1, -math.inf)
    assert residuals.judge(compared).words == "cannot tell: a single point"


@pytest.mark.parametrize(
    ("n", "more", "words"),
    [
        (400, 4.0, r"loses \d+\.\d % \(95 %: \d+\.\d–\d+\.\d\)"),
        (400, 0.01, r"no loss found \(the data could have shown 0\.\d+ %\)"),
        (36, 1.0, r"cannot tell: 36 points resolve \d+\.\d %; \d[\d,]* would resolve \d\.\d"),
    ],
)
def test_the_words(n: int, more: float, words: str) -> None:
    values, reference, y = noisy(n, more)
    verdict = residuals.judge(residuals.compare(values, reference, y))
    assert re.fullmatch(words, verdict.words), verdict.words
    if verdict.kind == "loses":
        back = residuals.judge(residuals.compare(reference, values, y))
        assert back.kind == "gains"
        assert back.words.startswith("gains ")
        assert back.within_margin


@pytest.mark.parametrize("wrong", [0, -0.1, math.nan])
def test_a_margin_of_nothing_is_refused(wrong: float) -> None:
    with pytest.raises(UsageError, match="has to be above 0"):
        residuals.judge(residuals.compare(*noisy(20, 1.0)), wrong)


def test_nothing_is_said_in_percent_of_an_error_that_is_none() -> None:
    y = np.arange(5.0)
    worse = residuals.judge(residuals.compare(y + 0.5, y, y))
    assert worse.words == "loses: an L2 error of 1.118 where the reference has none"
    same = residuals.judge(residuals.compare(y, y, y))
    assert (same.kind, same.within_margin) == ("no loss found", True)
    alike = residuals.judge(residuals.compare(y + 1, y + 1, y))
    assert alike.words == "no loss found: the errors are the same"


@given(st.integers(2, 60), st.floats(0, 3), st.integers(0, 2**32 - 1))
def test_never_more_is_said_than_was_shown(n: int, more: float, seed: int) -> None:
    compared = residuals.compare(*noisy(n, more, seed))
    verdict = residuals.judge(compared, 0.05)
    reference = compared.l2 - compared.l2_change
    assert verdict.within_margin == (compared.l2_change_high / reference <= 0.05)
    shown = re.search(r"shown ([\d.]+) %", verdict.words)
    if shown:
        assert verdict.kind == "no loss found"
        assert verdict.within_margin
        assert float(shown[1]) >= 100 * compared.l2_change_high / reference * (1 - 1e-9)
    if verdict.kind == "loses":
        assert compared.l2_change_low > 0
    if verdict.kind == "cannot tell":
        needed = re.search(r"; ([\d,]+) would", verdict.words)[1]
        assert int(needed.replace(",", "")) >= n


def test_answers_go_one_by_one_in_float32() -> None:
    seen = []

    def infer(row):
        seen.append(row)
        return np.asarray([row.sum() * 2], np.float32)

    x = np.asarray([[1.0, 2.0], [3.0, 4.0]])
    assert residuals.answers(infer, x).tolist() == [6, 14]
    assert all(row.dtype == np.float32 and row.shape == (2,) for row in seen)
    assert residuals.answers(infer, np.zeros((0, 2))).shape == (0,)
