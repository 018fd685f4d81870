"""Accuracy and what goes with it, on values that can be worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface import evaluate
from edgeface.vision.decide import UNKNOWN, decide

TRUTH = np.array([0, 0, 1, 1, 2])
REFERENCE = np.array(
    [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3], [0.1, 0.1, 0.8]],
    np.float32,
)
PROBS = np.array(  # gains the second picture, loses the fourth
    [[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.5, 0.4, 0.1], [0.1, 0.1, 0.8]],
    np.float32,
)


def test_known_values() -> None:
    assert evaluate.accuracy(REFERENCE, TRUTH) == 0.8
    assert evaluate.agreement(PROBS, REFERENCE) == 0.6
    assert evaluate.parity(PROBS, REFERENCE) == pytest.approx(0.4)
    assert evaluate.confusion(REFERENCE, TRUTH).tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 1]]


def test_a_comparison_counts_what_changed_picture_by_picture() -> None:
    found = evaluate.compare(PROBS, REFERENCE, TRUTH)
    assert (found.n, found.flips, found.lost, found.gained) == (5, 2, 1, 1)
    assert found.accuracy == 0.8
    assert found.delta_points == 0
    assert found.agreement == 0.6
    assert found.accuracy_low < 0.8 < found.accuracy_high
    worse = evaluate.compare(PROBS[[0, 2, 3]], REFERENCE[[0, 2, 3]], TRUTH[[0, 2, 3]])
    assert worse.delta_points == pytest.approx(-100 / 3)
    assert (worse.lost, worse.gained) == (1, 0)


@given(st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_what_every_comparison_keeps(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probs, reference = rng.dirichlet(np.ones(3), (2, n)).astype(np.float32)
    truth = rng.integers(0, 3, n)
    found = evaluate.compare(probs, reference, truth)
    assert found.flips == round((1 - found.agreement) * n)
    assert found.delta_points == pytest.approx(100 * (found.gained - found.lost) / n)
    assert found.lost + found.gained <= found.flips
    assert evaluate.confusion(probs, truth).sum() == n
    same = evaluate.compare(probs, probs, truth)
    assert (same.flips, same.delta_points, same.parity) == (0, 0, 0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_parity_with_something_that_is_no_number_is_infinite(bad: float) -> None:
    broken = PROBS.copy()
    broken[2, 1] = bad
    assert evaluate.parity(broken, REFERENCE) == math.inf
    assert evaluate.parity(REFERENCE, broken) == math.inf


def test_an_answer_that_is_no_number_is_never_right() -> None:
    broken = REFERENCE.copy()
    broken[0, 0] = math.nan  # argmax takes the place of the NaN, and that is the right class
    assert evaluate.best(broken).tolist() == [-1, 1, 1, 1, 2]
    found = evaluate.compare(broken, REFERENCE, TRUTH)
    assert (found.accuracy, found.lost, found.flips, found.parity) == (0.6, 1, 1, math.inf)
    assert evaluate.accuracy(broken, TRUTH) == 0.6


def test_wilson_is_the_published_interval() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
    for hits, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert evaluate.wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_share_and_stays_a_share(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = evaluate.wilson(hits, n)
    assert 0 <= low <= hits / n + 1e-12
    assert hits / n - 1e-12 <= high <= 1
    mirrored = evaluate.wilson(n - hits, n)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high))


@pytest.mark.parametrize(("share", "n"), [(0.93, 54), (0.5, 40), (0.02, 300)])
def test_wilson_covers_the_true_share_95_times_in_100(share: float, n: int) -> None:
    counts = np.bincount(np.random.default_rng(0).binomial(n, share, 20_000), minlength=n + 1)
    covered = sum(
        count
        for hits, count in enumerate(counts)
        if evaluate.wilson(hits, n)[0] <= share <= evaluate.wilson(hits, n)[1]
    )
    assert 0.93 < covered / 20_000 < 0.985


def test_a_nan_is_never_named() -> None:
    probs = np.array([[0.9, 0.1], [math.nan, 1.0], [1.0, math.nan]], np.float32)
    assert evaluate.named(probs, 0.5).tolist() == [True, False, False]
    assert evaluate.named(probs, 0.0).tolist() == [True, False, False]


@given(
    st.lists(st.floats(0, 1, width=32) | st.just(math.nan), min_size=2, max_size=8),
    st.floats(0, 1),
)
def test_many_are_named_as_one_is(row: list[float], threshold: float) -> None:
    probs = np.asarray(row, np.float32)
    labels = [f"p{i}" for i in range(len(row))]
    for limit in (threshold, float(probs[0]), 1 / len(row)):
        one = decide(probs, labels, limit).name != UNKNOWN
        assert evaluate.named(probs[None], limit)[0] == one


def test_answers_asks_for_one_picture_at_a_time(fake_backend) -> None:
    pixels = np.stack([np.full((32, 32, 1), grey, np.uint8) for grey in (0, 128, 255)])
    probs = evaluate.answers(fake_backend.infer, pixels, 3)
    assert probs.argmax(axis=1).tolist() == [0, 1, 2]
    assert fake_backend.calls == 3
    nothing = evaluate.answers(fake_backend.infer, pixels[:0], 3)
    assert nothing.shape == (0, 3)
    assert nothing.dtype == np.float32


SCORES = np.array([0.9, 0.8, 0.8, 0.7, 0.3, 0.1])
POSITIVE = np.array([True, False, True, True, False, False])


def test_the_roc_takes_equal_scores_as_one_step() -> None:
    curve = evaluate.roc(SCORES, POSITIVE)
    assert curve.thresholds.tolist() == [np.inf, 0.9, 0.8, 0.7, 0.3, 0.1]
    np.testing.assert_allclose(curve.true_positives, [0, 1 / 3, 2 / 3, 1, 1, 1])
    np.testing.assert_allclose(curve.false_positives, [0, 0, 1 / 3, 1 / 3, 2 / 3, 1])


@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_the_area_is_how_often_a_positive_scores_above_a_negative(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 6, n) / 5  # many of them equal
    positive = np.arange(n) < rng.integers(1, n)
    pairs = scores[positive][:, None] - scores[~positive][None]
    expected = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    assert evaluate.auc(scores, positive) == pytest.approx(expected)
    assert evaluate.auc(-scores, positive) == pytest.approx(1 - expected)
    assert evaluate.auc(scores.astype(np.float32) ** 3, positive) == pytest.approx(expected)


def test_the_area_of_what_is_told_apart_wholly_and_of_what_is_not_at_all() -> None:
    assert evaluate.auc(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1], bool)) == 1
    assert evaluate.auc(np.full(5, 0.5), np.array([0, 1, 0, 1, 0], bool)) == 0.5


def test_every_point_of_the_roc_is_what_its_threshold_gives() -> None:
    rng = np.random.default_rng(0)
    scores, positive = rng.random(80).astype(np.float32), rng.random(80) < 0.4
    curve = evaluate.roc(scores, positive)
    for threshold, false, true in zip(
        curve.thresholds, curve.false_positives, curve.true_positives, strict=True
    ):
        called = scores.astype(np.float64) >= threshold
        assert true == pytest.approx(called[positive].mean())
        assert false == pytest.approx(called[~positive].mean())
