"""Is a converted file still the network that was trained?"""

import math

import numpy as np
import pytest

from edgeface.convert import parity
from edgeface.errors import ConversionError


def answers(n: int = 20) -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.full(3, 0.3), n).astype(np.float32)


def test_the_same_answers_pass_and_the_largest_difference_is_returned() -> None:
    assert parity.check("f", "float32", answers(), answers()) == 0
    near = answers()
    near[3] += np.float32([5e-5, -5e-5, 0])
    assert parity.check("f", "float32", near, answers()) == pytest.approx(5e-5, rel=0.01)


@pytest.mark.parametrize("scheme", ["float32", "int8"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_is_caught(scheme, bad: float) -> None:
    broken = answers()
    broken[7, 1] = bad
    with pytest.raises(ConversionError, match="f: answers that are not numbers"):
        parity.check("f", scheme, broken, answers())


@pytest.mark.parametrize("scheme", ["float32", "int8"])
def test_sums_that_are_not_one_are_caught(scheme) -> None:
    with pytest.raises(ConversionError, match="probabilities that sum to"):
        parity.check("f", scheme, answers() * np.float32(1.1), answers())


@pytest.mark.parametrize("scheme", ["float32", "int8"])
def test_one_picture_too_far_is_caught(scheme) -> None:
    far = answers(500)
    far[0] = np.roll(far[0], 1 + (far[0].argmin() - far[0].argmax()) % 3)
    far[0] = 0
    far[0, answers(500)[0].argmin()] = 1
    with pytest.raises(ConversionError, match="is not the network that was trained"):
        parity.check("f", scheme, far, answers(500))


def test_all_of_them_a_little_off_is_caught_in_int8() -> None:
    off = answers()
    away = np.where(off[:, :1] < 0.5, 0.1, -0.1).astype(np.float32)
    off[:, :1] += away
    off[:, 1:] -= away / 2
    assert np.abs(off - answers()).max() < parity.BOUND["int8"]
    with pytest.raises(ConversionError, match="on the mean"):
        parity.check("f", "int8", off, answers())


def test_a_network_that_answers_every_picture_alike_does_not_move() -> None:
    assert parity.moves(answers())
    assert not parity.moves(np.tile(answers(1), (20, 1)))
