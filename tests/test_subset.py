"""Taking a share of indivisible parts."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.datasets.subset import draw_subset

SIZES = st.lists(st.integers(1, 12), max_size=9)


def reachable(sizes: list[int], least: int, leave: int) -> set[int]:
    """Every sum there is, by trying all subsets."""
    return {
        sum(taken)
        for count in range(least, len(sizes) - leave + 1)
        for taken in itertools.combinations(sizes, count)
    }


@given(SIZES, st.integers(0, 60), st.integers(0, 1), st.integers(0, 1), st.integers(0, 99))
def test_the_sum_is_the_nearest_there_is(
    sizes: list[int], wanted: int, least: int, leave: int, seed: int
) -> None:
    taken = draw_subset(sizes, wanted, np.random.default_rng(seed), least=least, leave=leave)
    assert len(set(taken)) == len(taken)
    sums = reachable(sizes, least, leave)
    if not sums:
        assert taken == []
        return
    nearest = min(abs(s - wanted) for s in sums)
    assert abs(sum(sizes[i] for i in taken) - wanted) == nearest
    assert least <= len(taken) <= len(sizes) - leave


@given(SIZES, st.integers(0, 60), st.integers(0, 99))
def test_two_can_be_left(sizes: list[int], wanted: int, seed: int) -> None:
    taken = draw_subset(sizes, wanted, np.random.default_rng(seed), leave=2)
    if len(sizes) < 3:
        assert taken == []
        return
    assert 1 <= len(taken) <= len(sizes) - 2
    # A sum that a single part could be left by is never taken, even where two could be.
    sums = {s for s in reachable(sizes, 1, 2) if sum(sizes) - s not in sizes}
    assert abs(sum(sizes[i] for i in taken) - wanted) == min(abs(s - wanted) for s in sums)


def test_of_two_that_are_as_near_the_smaller() -> None:
    assert sum([4, 6, 90][i] for i in draw_subset([4, 6, 90], 5, np.random.default_rng(0))) == 4


def test_nothing_need_be_taken() -> None:
    assert draw_subset([5, 5], 0, np.random.default_rng(0), least=0) == []
    assert draw_subset([5, 5], 2, np.random.default_rng(0), least=0, leave=0) == []


def test_the_draw_goes_by_the_seed_and_every_part_has_its_chance() -> None:
    sizes = [1] * 20 + [3] * 4
    draws = [draw_subset(sizes, 12, np.random.default_rng(seed)) for seed in range(200)]
    assert draws[7] == draw_subset(sizes, 12, np.random.default_rng(7))
    assert len({tuple(sorted(d)) for d in draws}) > 150
    often = np.bincount(np.concatenate(draws), minlength=24) / 200
    # 12 of 32 pictures: every part, whether large or small, is held back about as often.
    assert np.abs(often[:20] - 12 / 32).max() < 0.13
    assert abs(often[:20].mean() - 12 / 32) < 0.03
    assert abs(often[20:].mean() - 12 / 32) < 0.08


@pytest.mark.parametrize("wanted", [1, 30_000, 99_999])
def test_a_hundred_thousand_parts_are_no_trouble(wanted: int) -> None:
    sizes = [1 + i % 7 for i in range(100_000)]
    taken = draw_subset(sizes, wanted, np.random.default_rng(0))
    assert sum(sizes[i] for i in taken) == wanted
