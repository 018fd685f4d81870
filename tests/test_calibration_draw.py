"""The pictures that set the ranges of int8."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.convert import calibration
from edgeface.errors import ConversionError


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=80),
    st.integers(1, 100),
    st.integers(0, 2**32 - 1),
)
def test_a_draw_is_balanced_and_no_larger_than_asked(
    classes: list[int], most: int, seed: int
) -> None:
    truth = np.asarray(classes)
    chosen = calibration.draw(truth, most, seed)
    assert len(chosen) == min(most, len(truth))
    assert (np.diff(chosen) > 0).all()  # sorted, none twice
    have = np.bincount(truth, minlength=5)
    taken = np.bincount(truth[chosen], minlength=5)
    assert (taken <= have).all()
    # Nobody has fewer than another by more than one, unless there are no more of theirs.
    short = taken < have
    if short.any():
        assert taken.max() - taken[short].min() <= 1
    assert np.array_equal(chosen, calibration.draw(truth, most, seed))


def test_another_seed_is_another_draw_and_no_class_is_taken_in_order() -> None:
    truth = np.arange(300) % 3
    draws = [calibration.draw(truth, 30, seed) for seed in range(5)]
    assert len({d.tobytes() for d in draws}) == 5
    assert max(draws[0]) > 150


@pytest.mark.parametrize(("count", "most"), [(0, 10), (10, 0), (10, -1)])
def test_int8_without_pictures_is_an_error(count: int, most: int) -> None:
    with pytest.raises(ConversionError, match="int8 needs calibration pictures"):
        calibration.draw(np.zeros(count, int), most, 0)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_black_and_white_are_always_there(count: int) -> None:
    pixels = np.full((count, 4, 5, 3), 90, np.uint8)
    shown = calibration.with_black_and_white(pixels)
    assert shown.shape == (count + 2, 4, 5, 3)
    assert shown.dtype == np.uint8
    assert np.array_equal(shown[:count], pixels)
    assert (shown[-2] == 0).all()
    assert (shown[-1] == 255).all()
