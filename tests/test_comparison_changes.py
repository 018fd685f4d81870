"""Which answers changed, picture by picture and class by class."""

import numpy as np
import pytest

from edgeface.comparison.changes import by_class, confused, flips, worst

LABELS = ("ada", "bob", "cyd")
NAMES = tuple(f"{i}.png" for i in range(6))
TRUTH = np.asarray([0, 0, 1, 1, 2, 2])


def probs(*rows: tuple[float, float, float]) -> np.ndarray:
    return np.asarray(rows, np.float32)


BEFORE = probs(
    (0.9, 0.1, 0.0), (0.6, 0.4, 0.0), (0.1, 0.8, 0.1), (0.7, 0.2, 0.1), (0.5, 0.2, 0.3), (0, 0, 1)
)
NOW = probs(
    (0.1, 0.9, 0.0), (0.45, 0.55, 0), (0.1, 0.7, 0.2), (0.2, 0.7, 0.1), (0.2, 0.5, 0.3), (0, 0, 1)
)


def test_flips_what_was_lost_first() -> None:
    found = flips(NOW, BEFORE, TRUTH, LABELS, NAMES)
    assert [(c.name, c.kind) for c in found] == [
        *(("0.png", "lost"), ("1.png", "lost"), ("4.png", "other"), ("3.png", "gained")),
    ]
    lost = found[1]
    assert (lost.truth, lost.expected, lost.answered) == ("ada", "ada", "bob")
    assert lost.expected_score == pytest.approx(0.6)
    assert lost.answered_score == pytest.approx(0.55)
    assert lost.drop == pytest.approx(0.15)


def test_worst_is_where_the_right_class_fell_most_whatever_is_answered() -> None:
    found = worst(NOW, BEFORE, TRUTH, LABELS, NAMES, 10)
    assert [(c.name, c.kind) for c in found] == [
        *(("0.png", "lost"), ("1.png", "lost"), ("2.png", "same")),
    ]
    assert len(worst(NOW, BEFORE, TRUTH, LABELS, NAMES, 2)) == 2
    assert worst(BEFORE - 1e-5, BEFORE, TRUTH, LABELS, NAMES, 10) == []


def test_an_answer_that_is_no_number_is_lost_and_worst() -> None:
    now = BEFORE.copy()
    now[5] = np.nan
    (found,) = flips(now, BEFORE, TRUTH, LABELS, NAMES)
    assert (found.kind, found.answered) == ("lost", "no number")
    assert np.isnan(found.answered_score)
    assert worst(now, BEFORE, TRUTH, LABELS, NAMES, 9)[0].name == "5.png"
    assert confused(now, TRUTH)[2].tolist() == [1, 0, 0, 1]


def test_class_by_class() -> None:
    found = by_class(NOW, BEFORE, TRUTH, LABELS)
    assert [(c.label, c.n, c.expected, c.right, c.lost, c.gained) for c in found] == [
        *(("ada", 2, 2, 0, 2, 0), ("bob", 2, 1, 2, 0, 1), ("cyd", 2, 1, 1, 0, 0)),
    ]
    assert [c.points for c in found] == [-100, 50, 0]
    assert found[0].p == 1  # 0.5, times three classes


def test_a_class_that_lost_more_than_chance_is_told_among_many() -> None:
    truth = np.repeat(np.arange(3), 12)
    before = np.eye(3, dtype=np.float32)[truth]
    now = before.copy()
    now[:12] = (0, 1, 0)
    found = by_class(now, before, truth, LABELS)
    assert found[0].p == pytest.approx(3 * 2 / 2**12)
    assert [c.p for c in found[1:]] == [1, 1]
    classes = by_class(now[:12], before[:12], truth[:12], LABELS)
    assert [c.label for c in classes] == ["ada"]  # the others have no pictures


def test_confusion_counts_rows_by_the_truth() -> None:
    assert confused(NOW, TRUTH).tolist() == [[0, 2, 0, 0], [0, 2, 0, 0], [0, 1, 1, 0]]
