"""How far two tensors are apart, against numbers computed by hand."""

import math

import numpy as np
import pytest

pytestmark = pytest.mark.tf


def test_the_ratio_is_that_of_the_energies() -> None:
    from edgeface.train.explain.difference import difference

    reference = np.array([[3, 4], [0, 0]], np.float32)  # energy 25
    values = np.array([[3, 4.5], [0, 0]], np.float32)  # of the difference 0.25
    found = difference(values, reference)
    assert found.largest == 0.5
    assert found.mean == 0.125
    assert found.sqnr_db == pytest.approx(20)
    assert not found.exact


def test_half_the_step_is_six_decibels() -> None:
    from edgeface.train.explain.difference import difference

    reference = np.random.default_rng(1).normal(size=20_000).astype(np.float32)
    ratios = [difference(np.round(reference / s) * s, reference).sqnr_db for s in (0.1, 0.05)]
    assert all(ratio is not None for ratio in ratios)
    assert ratios[1] - ratios[0] == pytest.approx(20 * math.log10(2), abs=0.1)
    # A step s spreads the error evenly over ±s/2, with a variance of s²/12.
    assert ratios[0] == pytest.approx(10 * math.log10(12 / 0.01), abs=0.2)


def test_what_has_no_ratio_says_so() -> None:
    from edgeface.train.explain.difference import difference

    some = np.array([1, -2], np.float32)
    same = difference(some, some)
    assert (same.exact, same.sqnr_db) == (True, None)
    silent = difference(some, np.zeros(2, np.float32))
    assert (silent.exact, silent.sqnr_db, silent.largest) == (False, None, 2)


def test_large_numbers_do_not_run_over() -> None:
    from edgeface.train.explain.difference import difference

    large = np.full(4, 3e30, np.float32)  # squared it is beyond float32
    assert difference(large * np.float32(1.01), large).sqnr_db == pytest.approx(40, abs=0.01)
