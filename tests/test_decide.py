"""A name, or unknown."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgeface import evaluate
from edgeface.vision.decide import NOBODY, UNKNOWN, decide, fit_threshold

LABELS = ("ada", "bob", "cyd")


def test_the_threshold_itself_earns_a_name() -> None:
    probs = np.array([0.25, 0.5, 0.25], np.float32)
    assert decide(probs, LABELS, 0.5).name == "bob"
    below = decide(probs, LABELS, np.nextafter(0.5, 1))
    assert (below.name, below.nearest, below.score) == (UNKNOWN, "bob", 0.5)
    assert below.threshold > 0.5
    assert UNKNOWN != NOBODY


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_nan_anywhere_is_unknown(place: int) -> None:
    probs = np.array([0.0, 1.0, 0.0], np.float32)
    probs[place] = math.nan
    decision = decide(probs, LABELS, 0.0)
    assert decision.name == UNKNOWN
    assert math.isnan(decision.score)


def test_a_tie_goes_to_the_first() -> None:
    assert decide(np.array([0.2, 0.4, 0.4], np.float32), LABELS, 0.3).name == "bob"


rows = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 60), st.just(3)),
    elements=st.floats(0, 1, width=32) | st.sampled_from([0.25, 0.5, 1.0]),
)


@given(rows, st.sampled_from([0.5, 0.9, 0.95, 1.0]), st.integers(0, 2**32 - 1))
def test_the_stated_share_of_right_answers_keeps_its_name(
    probs: np.ndarray, keep: float, seed: int
) -> None:
    truth = np.random.default_rng(seed).integers(0, 3, len(probs))
    threshold = fit_threshold(probs, truth, keep)
    assert 0 <= threshold <= 1
    right = probs.argmax(axis=1) == truth
    if not right.any():
        assert threshold == pytest.approx(1 / 3)
        return
    kept = evaluate.named(probs, threshold)[right]
    least = right.sum() - math.floor((1 - keep) * right.sum() + 1e-9)
    assert kept.sum() >= least
    # And none higher would do: just above the least score that is kept, too few are left.
    lowest = probs.max(axis=1)[right][kept].min()
    assert lowest - threshold < 2e-6
    higher = evaluate.named(probs, np.nextafter(lowest, np.float32(2)))[right]
    assert higher.sum() < least


def test_all_of_twenty_minus_one_are_kept() -> None:
    scores = np.linspace(0.5, 0.99, 20, dtype=np.float32)
    probs = np.stack([scores, 1 - scores], axis=1)
    threshold = fit_threshold(probs, np.zeros(20, int))
    assert evaluate.named(probs, threshold).sum() == 19


def test_equal_scores_are_all_kept() -> None:
    probs = np.tile(np.float32([0.75, 0.25]), (40, 1))
    threshold = fit_threshold(probs, np.zeros(40, int))
    assert threshold == pytest.approx(0.75, abs=2e-6)
    assert evaluate.named(probs, threshold).all()


def test_wrong_answers_do_not_move_it() -> None:
    right = np.float32([[0.8, 0.2], [0.9, 0.1]])
    wrong = np.float32([[0.01, 0.99]] * 50)
    truth = np.zeros(52, int)
    both = fit_threshold(np.concatenate([right, wrong]), truth)
    assert both == fit_threshold(right, truth[:2])


def test_an_answer_that_is_no_number_does_not_move_it() -> None:
    probs = np.float32([[0.8, 0.2], [math.nan, 0.1], [math.nan, 0.5]])
    assert fit_threshold(probs, np.zeros(3, int)) == fit_threshold(probs[:1], np.zeros(1, int))
    assert fit_threshold(probs[1:], np.zeros(2, int)) == 0.5
