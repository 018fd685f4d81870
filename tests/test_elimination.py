"""Successive elimination, on latencies whose truth is known."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from edgeface.bench.elimination import (
    ALPHA,
    CLOSE,
    NEAR,
    Dropped,
    Pace,
    Standings,
    limits,
    race,
)
from edgeface.quantiles import ranks

PACE = Pace(share=0.5, until_ns=10**12, round_ns=10**8, seed=0)


class Board:
    """Cells with latencies of a known law, on a clock that they move."""

    def __init__(self, *takes: Callable[[np.random.Generator, int], float], seed: int = 0) -> None:
        self.now = 0
        self.rng = np.random.default_rng(seed)
        self.takes = takes
        self.windows: list[int] = []
        self.breaks: dict[int, int] = {}  # cell → the window at which it fails

    def clock(self) -> int:
        return self.now

    def window(self, cell: int, calls: int) -> Sequence[int] | None:
        self.windows.append(cell)
        if self.windows.count(cell) > self.breaks.get(cell, 10**9):
            return None
        found = []
        for _ in range(calls):
            took = max(int(self.takes[cell](self.rng, self.now)), 1)
            self.now += took
            found.append(took)
        return found


def around(middle: float, spread: float = 0.03) -> Callable[[np.random.Generator, int], float]:
    return lambda rng, now: middle * math.exp(rng.normal(0, spread))


def run(board: Board, pace: Pace = PACE) -> tuple[Standings, str]:
    standings = Standings(range(len(board.takes)))
    first = dict.fromkeys(standings.left, 1e6)
    return standings, race(standings, first, board.window, pace, clock=board.clock)


def test_the_fastest_is_left_and_every_other_is_surely_slower() -> None:
    board = Board(*(around(1e6 * (1 + 0.15 * n)) for n in (3, 1, 0, 2, 4)))
    standings, ended = run(board)
    assert (standings.left, ended) == ([2], "one left")
    assert set(standings.dropped) == {0, 1, 3, 4}
    for why in standings.dropped.values():
        assert why.by == 2
        assert why.ratio is not None
        assert NEAR < why.ratio.low <= why.ratio.middle <= why.ratio.high


def test_the_slow_ones_are_dropped_before_they_cost_much() -> None:
    board = Board(around(1e6, 0.5), around(1.06e6, 0.5), around(2.5e6), around(2.5e6))
    standings, _ = run(board)
    assert standings.dropped[2].rounds < 20
    assert board.windows.count(0) > board.windows.count(2)


def test_two_equal_ones_end_the_search_before_the_time_is_up() -> None:
    board = Board(around(1e6, 0.005), around(1e6, 0.005), around(2e6, 0.005))
    standings, ended = run(board)
    assert ended == "close"
    assert sorted(standings.left) == [0, 1]
    assert board.now < PACE.until_ns / 4
    ratio = standings.ratio(0, 1)
    assert ratio is not None
    assert 1 / CLOSE < ratio.low <= 1 <= ratio.high < CLOSE or ratio.high < CLOSE


def test_the_time_ends_it_and_three_rounds_are_finished() -> None:
    noisy = [around(1e6 * (1 + 0.03 * n), 0.5) for n in range(6)]
    standings, ended = run(Board(*noisy), Pace(0.5, 2 * 10**9, 10**8, 0))
    assert ended == "time"
    assert len(standings.left) == 6
    standings, ended = run(Board(*noisy), Pace(0.5, 0, 10**8, 0))
    assert (ended, standings.rounds) == ("time", 3)


@pytest.mark.parametrize(
    "drift",
    [
        lambda now: 1 + now / 2e9,  # warms up: half as fast after two seconds
        lambda now: 2.5 if now % 4 * 10**8 < 10**8 else 1.0,
        lambda now: 1 + 0.5 * math.sin(now / 3e7),
    ],
)
def test_what_befalls_the_board_befalls_all_alike(drift: Callable[[int], float]) -> None:
    takes = [
        lambda rng, now, m=m: m * drift(now) * math.exp(rng.normal(0, 0.02))
        for m in (1.2e6, 1.0e6, 1.4e6)
    ]
    standings, ended = run(Board(*takes))
    assert (standings.left, ended) == ([1], "one left")


def test_rare_long_calls_do_not_hide_the_better_median() -> None:
    def tailed(rng: np.random.Generator, now: int) -> float:
        return 1e6 * (20 if rng.random() < 0.1 else 1) * math.exp(rng.normal(0, 0.02))

    assert run(Board(around(1.2e6), tailed))[0].left == [1]


def test_the_ninth_tenth_looks_at_the_tail() -> None:
    def tailed(rng: np.random.Generator, now: int) -> float:
        return 1e6 * (3 if rng.random() < 0.3 else 1) * math.exp(rng.normal(0, 0.02))

    board = Board(around(1.2e6), tailed)
    standings, _ = run(board, Pace(0.9, 10**12, 10**8, 0))
    assert standings.left == [0]
    assert Pace(0.9, 1, 1, 0).level(range(1, 11)) == 9


def test_every_round_has_every_cell_once_with_as_many_calls() -> None:
    asked: list[tuple[int, int]] = []
    board = Board(around(1e6, 0.3), around(1e6, 0.3), around(1e6, 0.3))

    def window(cell: int, calls: int) -> Sequence[int] | None:
        asked.append((cell, calls))
        return board.window(cell, calls)

    standings = Standings(range(3))
    pace = Pace(0.5, 10**9, 10**8, 0)
    race(standings, dict.fromkeys(range(3), 1e6), window, pace, clock=board.clock)
    rounds = [asked[i : i + 3] for i in range(0, len(asked), 3)]
    assert len(rounds) > 5
    assert all(sorted(cell for cell, _ in one) == [0, 1, 2] for one in rounds)
    assert all(len({calls for _, calls in one}) == 1 for one in rounds)
    assert len({tuple(cell for cell, _ in one) for one in rounds}) > 2


def test_a_cell_that_fails_is_out_and_the_others_go_on() -> None:
    board = Board(around(1e6), around(1.3e6), around(1.6e6))
    board.breaks = {1: 2}
    standings, ended = run(board)
    assert standings.dropped[1] == Dropped(None, None, 2)
    assert (standings.left, ended) == ([0], "one left")


def test_who_lost_to_a_cell_that_fails_later_comes_back() -> None:
    board = Board(around(1e6), around(1.3e6), around(1.6e6))
    standings = Standings(range(3))
    for _ in range(20):
        standings.add({0: 1e6, 1: 1.3e6, 2: 1.6e6})
    standings.sift()
    assert standings.left == [0]
    board.breaks = {0: 0}
    first = dict.fromkeys(range(3), 1e6)
    ended = race(standings, first, board.window, PACE, clock=board.clock)
    assert (standings.left, ended) == ([1], "one left")


def test_nobody_is_left_where_all_fail() -> None:
    board = Board(around(1e6), around(1.3e6))
    board.breaks = {0: 1, 1: 2}
    assert run(board)[0].left == []


def test_limits_are_differences_that_a_fair_coin_would_not_leave_behind() -> None:
    apart = np.arange(1.0, 31.0)
    low, high = limits(apart, 1)
    rank = int(low) - 1
    assert high == 30 - rank

    def refuted(s: int) -> bool:
        return 2**30 / (31 * math.comb(30, s)) >= 1 / ALPHA

    assert refuted(rank)
    assert not refuted(rank + 1)
    assert limits(apart[:5], 1) == (-math.inf, math.inf)
    assert limits(apart, 1000)[0] < low


@pytest.mark.parametrize("comparisons", [1, 10, 50])
def test_looking_after_every_round_refutes_the_truth_as_seldom_as_promised(
    comparisons: int,
) -> None:
    def ever(refuted: Callable[[int], int]) -> float:
        """Share of 20,000 fair coins that are refuted at any of 200 looks."""
        rng = np.random.default_rng(1)
        tails = np.cumsum(rng.random((20_000, 200)) < 0.5, axis=1)
        looks = np.arange(1, 201)
        rarer = np.minimum(tails, looks - tails)
        return float((rarer <= [refuted(int(n)) for n in looks]).any(axis=1).mean())

    def ours(n: int) -> int:
        low, _ = limits(np.arange(n, dtype=float), comparisons)
        return -1 if low == -math.inf else int(low)

    promised = ALPHA / comparisons
    assert ever(ours) <= promised + 3 * math.sqrt(promised / 20_000)
    if comparisons == 1:  # what is said of one look is false of two hundred
        assert ever(lambda n: ranks(n, 0.5)[0] - 1 if n >= 6 else -1) > 0.25
