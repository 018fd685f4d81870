"""Which classes lost."""

import math

import numpy as np
import pytest

from edgeface import evaluate


def certain(answers: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[answers]


def test_classes_are_counted_by_themselves_and_sum_up() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 200)
    reference = np.where(rng.random(200) < 0.9, truth, (truth + 1) % 4)
    answers = np.where(rng.random(200) < 0.9, reference, (reference + 2) % 4)
    probs, before = certain(answers, 6), certain(reference, 6)
    found = evaluate.per_class(probs, before, truth)
    assert sorted(found) == [0, 1, 2, 3]  # 4 and 5 have no picture
    whole = evaluate.pair(answers == truth, reference == truth)
    for field in ("n", "both_right", "lost", "gained", "both_wrong"):
        assert sum(getattr(p, field) for p in found.values()) == getattr(whole, field)
    change = evaluate.confusion_change(probs, before, truth)
    assert change.sum() == 0
    assert np.diag(change).tolist() == [
        found[k].gained - found[k].lost if k in found else 0 for k in range(6)
    ]


def test_one_class_that_breaks_is_named_and_chance_is_not() -> None:
    truth = np.repeat(np.arange(20), 40)
    answers = truth.copy()
    answers[truth == 7] = np.where(np.arange(40) < 12, 3, 7)
    answers[::97] = (answers[::97] + 1) % 20
    found = evaluate.per_class(certain(answers, 20), certain(truth, 20), truth)
    named = evaluate.suspects(found)
    assert list(named) == [7]
    assert named[7] == pytest.approx(20 * found[7].p)
    assert evaluate.suspects({k: v for k, v in found.items() if k != 7}) == {}


def test_chance_names_a_class_in_few_of_many_samples() -> None:
    rng = np.random.default_rng(5)
    truth = np.repeat(np.arange(10), 60)
    alarms = 0
    for _ in range(300):
        lost, gained = rng.random((2, 600)) < 0.06
        right = np.where(gained & ~lost, truth, (truth + 1) % 10)
        was = np.where(lost & ~gained, truth, (truth + 1) % 10)
        alarms += bool(
            evaluate.suspects(evaluate.per_class(certain(right, 10), certain(was, 10), truth))
        )
    assert alarms <= 15  # 5 %


def test_an_answer_that_is_no_number_stands_in_no_column() -> None:
    truth = np.array([0, 1, 1])
    probs = certain(truth, 2)
    probs[0, 0] = math.nan  # argmax would take its place for the right answer
    assert evaluate.confusion(probs, truth).tolist() == [[0, 0], [0, 2]]
    assert evaluate.confusion_change(probs, certain(truth, 2), truth).tolist() == [[-1, 0], [0, 0]]
    assert evaluate.per_class(probs, certain(truth, 2), truth)[0].lost == 1
