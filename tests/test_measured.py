"""What is measured of a trained network, and what is said of it aloud."""

from typing import Any

import numpy as np
import pytest

from edgeface.train.measured import side, warnings_after, warnings_before


def test_the_figures_of_a_side_by_hand() -> None:
    probs = np.asarray([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]], np.float32)
    told = side(probs, np.asarray([0, 0, 1, 1]), ("no", "yes"))
    assert (told["pictures"], told["accuracy"]) == (4, 0.5)
    assert told["per_class"] == {"no": 0.5, "yes": 0.5}
    assert told["confusion"] == [[1, 1], [1, 1]]
    expected = -np.log([0.9, 0.4, 0.8, 0.3]).mean()
    assert told["loss"] == pytest.approx(expected, rel=1e-6)
    assert told["auc"] == 0.75  # of 0.8 and 0.3 against 0.1 and 0.6: three of four are above
    assert told["accuracy_low"] < 0.5 < told["accuracy_high"]


def test_a_class_that_is_not_there_has_nothing() -> None:
    probs = np.eye(3, dtype=np.float32)[[0, 1, 1]]
    told = side(probs, np.asarray([0, 1, 0]), ("a", "b", "c"))
    assert told["per_class"] == {"a": 0.5, "b": 1.0, "c": None}
    assert "auc" not in told
    alone = side(probs[:, :2], np.asarray([0, 0, 0]), ("a", "b"))
    assert "auc" not in alone


def before(counts: dict[str, int], held: int = 100, leaks: int = 0) -> tuple[str, ...]:
    return warnings_before(counts, held, leaks, "the test side")


def test_nothing_is_said_of_a_good_set() -> None:
    assert before({"a": 10, "b": 49}, 30) == ()


def test_what_is_wrong_with_a_set_is_said() -> None:
    (leak,) = before({"a": 60, "b": 40}, leaks=7)
    assert leak.startswith("7 of 100 training pictures are copies or near-duplicates")
    assert "the test side" in leak
    (few,) = before({"a": 9, "b": 10, "c": 9})
    assert few == "fewer than 10 training pictures of 2 classes: a, c"
    (uneven,) = before({"a": 20, "b": 100})
    assert "uneven classes: 20 to 100" in uneven
    assert before({"a": 20, "b": 99}) == ()
    (small,) = before({"a": 20, "b": 20}, held=20)
    assert small == "20 pictures are held back: one of them is 5 %"
    many = before({f"p{n}": 3 for n in range(9)})
    assert many[0].endswith("of 9 classes: p0, p1, p2, p3, p4, …")


def after(training: float, held: float, high: float, **per_class: float | None) -> tuple[str, ...]:
    metrics: dict[str, Any] = {
        "training": {"accuracy": training},
        "validation": {"accuracy": held, "accuracy_high": high, "per_class": per_class},
    }
    return warnings_after(metrics)


def test_overfitting_is_said_where_it_is_more_than_chance() -> None:
    (said,) = after(0.99, 0.7, 0.8, a=0.7)
    assert said.startswith("it overfits: accuracy 0.990")
    assert "0.700" in said
    assert after(0.99, 0.7, 0.995, a=0.7) == ()  # so few pictures that it may be chance
    assert after(0.75, 0.7, 0.72, a=0.7) == ()  # so little that it does not matter
    assert after(0.7, 0.99, 1.0, a=0.99) == ()


def test_a_class_that_is_never_right_is_named() -> None:
    assert after(0.9, 0.9, 1.0, a=0.0, b=None, c=0.5) == (
        "never right on the held-back pictures of a",
    )
