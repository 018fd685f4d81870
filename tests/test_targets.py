"""A label for every picture."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.datasets import targets as module
from edgeface.datasets.targets import labels_of
from edgeface.errors import InputError

NAMES = ("ada", "bob", "cyd")


def labels(targets: Any, names: tuple[str, ...] = (), pictures: int = 3) -> list[str]:
    return labels_of(np.asarray(targets), pictures, names, "set.npz: y")


@pytest.mark.parametrize("dtype", ["u1", "i8", ">i2", "f4", "f8", "f2"])
def test_numbers_of_any_type_and_shape(dtype: str) -> None:
    flat = np.asarray([2, 0, 1], dtype)
    for shaped in (flat, flat[:, None], flat[None], flat.reshape(3, 1, 1)):
        assert labels(shaped) == ["2", "0", "1"]
        assert labels(shaped, NAMES) == ["cyd", "ada", "bob"]
    assert labels(np.eye(3, dtype=dtype)[[2, 0, 1]], NAMES) == ["cyd", "ada", "bob"]


def test_truth_and_negative_numbers_are_numbers() -> None:
    assert labels([True, False, True]) == ["1", "0", "1"]
    assert labels([[True, False], [False, True], [True, False]]) == ["0", "1", "0"]
    assert labels([-1, 1, -1]) == ["-1", "1", "-1"]
    assert labels(7, pictures=1) == ["7"]


def test_text_is_the_label() -> None:
    assert labels([" ada ", "Zoë", "bob"]) == ["ada", "Zoë", "bob"]
    assert labels([["ada"], ["bob"], ["ada"]]) == ["ada", "bob", "ada"]
    assert labels([b"ada", "Zoë".encode(), b"bob  "]) == ["ada", "Zoë", "bob"]


@given(st.lists(st.integers(0, 9), min_size=2, max_size=20))
def test_one_hot_is_the_number(numbers: list[int]) -> None:
    count = len(numbers)
    assert labels(np.eye(10)[numbers], pictures=count) == labels(numbers, pictures=count)


@pytest.mark.parametrize(
    ("targets", "names", "message"),
    [
        ([0, 1], (), "2 targets for 3 pictures"),
        (np.zeros((3, 3, 2)), (), "3x3x2 targets for 3 pictures"),
        (np.zeros((2, 3)), (), "2x3 targets"),
        (5, (), "single targets"),
        ([0.5, 1, 2], (), r"0\.5 is no class number"),
        ([np.nan, 1, 2], (), "nan is no class number"),
        ([np.inf, 1, 2], (), "inf is no class number"),
        ([0, 1, 3], NAMES, "class number 3, and --labels names 0 to 2"),
        ([-1, 1, 2], NAMES, "class number -1, and --labels names 0 to 2"),
        (
            ["ada", "bob", "x"],
            NAMES,
            r"the targets are text \(ada, …\), and --labels names numbers",
        ),
        ([[1, 0], [1, 1], [0, 1]], (), "row 1 has 2 ones"),
        ([[1, 0], [0, 1], [0, 0]], (), "row 2 has 0 ones"),
        ([[1, 0], [0, 2], [0, 1]], (), "2 columns that are not all 0 or 1"),
        ([[0.9, 0.1], [0, 1], [0, 1]], (), "2 columns that are not all 0 or 1"),
        ([["a", "b"]] * 3, (), "2 columns that are not all 0 or 1"),
        ([b"a", b"\xff", b"c"], (), "text that is not UTF-8"),
        (["a/b", "b", "c"], (), "'a/b' cannot be a label"),
        (["..", "b", "c"], (), "cannot be a label"),
        ([" ", "b", "c"], (), "'' cannot be a label"),
        (["a\nb", "b", "c"], (), "cannot be a label"),
        (["\ud800", "b", "c"], (), "cannot be a label"),
        (["x" * 201, "b", "c"], (), "cannot be a label"),
        ([1e300, 1, 2], (), "cannot be a label"),
    ],
)
def test_what_is_no_label_is_one_line(targets: Any, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message) as wrong:
        labels(targets, names)
    assert str(wrong.value).startswith("set.npz: y: ")
    assert "\n" not in str(wrong.value)
    str(wrong.value).encode()  # it can be shown


def test_measurements_are_no_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CLASSES", 2)
    assert labels([5, 6, 6]) == ["5", "6", "6"]
    with pytest.raises(InputError, match="3 different numbers are no classes"):
        labels([5, 6, 7])


def test_nothing_and_too_much_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="not one picture"):
        labels(np.zeros(0), pictures=0)
    monkeypatch.setattr(module, "MOST_PICTURES", 2)
    with pytest.raises(InputError, match="3 pictures; 2 are the most") as wrong:
        labels([0, 1, 2])
    assert "folder per person" in wrong.value.remedy
