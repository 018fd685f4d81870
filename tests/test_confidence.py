"""How sure a network is, and rightly so."""

import math

import numpy as np
import pytest

from edgeface import evaluate


def two(sure: list[float]) -> np.ndarray:
    top = np.asarray(sure)
    return np.stack([top, 1 - top], axis=1).astype(np.float32)


def test_by_hand() -> None:
    # Twenty pictures in two groups: ten at 0.6, of which five are right, ten at 0.9, all right.
    probs = two([0.9, 0.6] * 10)
    truth = np.zeros(20, np.intp)
    truth[1:10:2] = 1
    found = evaluate.how_sure(probs, truth)
    assert (found.n, found.bins) == (20, 2)
    assert found.ece == pytest.approx((0.1 + 0.1) / 2, abs=1e-6)
    assert found.mean == pytest.approx(0.75)
    assert found.accuracy == 0.75
    expected = (10 * 2 * 0.1**2 + 5 * 2 * 0.4**2 + 5 * 2 * 0.6**2) / 20
    assert found.brier == evaluate.brier(probs, truth) == pytest.approx(expected)


def test_true_confidences_are_told_from_wrong_ones() -> None:
    rng = np.random.default_rng(3)
    sure = rng.uniform(0.5, 1, 3000)
    truth = (rng.random(3000) > sure).astype(np.intp)
    right = evaluate.how_sure(two(list(sure)), truth)
    assert right.bins == 15
    assert 0.5 < right.ece / right.ece_by_chance < 1.6
    boasting = evaluate.how_sure(two(list((1 + sure) / 2)), truth)
    assert boasting.ece == pytest.approx(0.125, abs=0.02)
    assert boasting.ece > 3 * boasting.ece_by_chance
    assert boasting.mean > boasting.accuracy + 0.1


def test_a_sure_and_right_network_has_no_error() -> None:
    probs = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    found = evaluate.how_sure(probs, np.array([0, 1, 2, 2]))
    assert (found.ece, found.ece_by_chance, found.brier, found.bins) == (0, 0, 0, 1)
    wrong = evaluate.how_sure(probs, np.array([1, 2, 0, 0]))
    assert (wrong.ece, wrong.brier) == (1, 2)


def test_the_order_of_the_pictures_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(4), 157).astype(np.float32)
    truth = rng.integers(0, 4, 157)
    order = rng.permutation(157)
    first, second = evaluate.how_sure(probs, truth), evaluate.how_sure(probs[order], truth[order])
    assert second.ece == pytest.approx(first.ece)
    assert second.brier == pytest.approx(first.brier)


def test_an_answer_that_is_no_number_is_not_averaged_away() -> None:
    probs = two([0.9, 0.8, math.nan])
    truth = np.zeros(3, np.intp)
    found = evaluate.how_sure(probs, truth)
    assert found.ece == found.brier == math.inf
    assert found.accuracy == pytest.approx(2 / 3)
    for pair in ((probs, two([0.9] * 3)), (two([0.9] * 3), probs)):
        moved = evaluate.drift(*pair, truth)
        assert moved.largest == moved.right_mean == math.inf
        assert math.isnan(moved.shift)


def test_the_confidence_moves() -> None:
    reference = np.array([[0.8, 0.2, 0.0], [0.1, 0.6, 0.3]], np.float32)
    probs = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]], np.float32)
    moved = evaluate.drift(probs, reference, np.array([0, 1]))
    assert (moved.mean, moved.largest, moved.shift) == pytest.approx((0.1, 0.1, 0.0), abs=1e-6)
    assert (moved.right_mean, moved.right_largest, moved.right_shift) == pytest.approx(
        (0.25, 0.4, -0.25), abs=1e-6
    )
    still = evaluate.drift(reference, reference, np.array([0, 1]))
    assert still == evaluate.Drift(0, 0, 0, 0, 0, 0)
