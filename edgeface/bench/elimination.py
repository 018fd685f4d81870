"""Finding the fastest of many by successive elimination, with limits that hold at every look.

All cells that are left have one window a round, in an order drawn anew, with equally many calls.
What the board does to a round meets all of them, so cells are compared within rounds. Two that are
equally fast are equally likely to be the slower one of a round, whatever the latencies are like;
that, and no distribution, is what the limits stand on. See decision 23.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.tuned import Ending

ALPHA = 0.05  # that the fastest is dropped, over all looks and all cells
NEAR = 1.02  # nobody cares for less
CLOSE = 1.05  # what the choice may be slower than the best
LEAST_ROUNDS = 3
LEAST_CALLS = 64  # of the fastest, so that its 90th percentile may be told
_MOST_CALLS = 512  # a window; more rounds tell more than longer windows

Clock = Callable[[], int]
# (cell, calls) → the nanoseconds of every call, or None where the cell failed.
Window = Callable[[int, int], Sequence[int] | None]


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long one cell takes as another: the estimate and its limits."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a cell is out.

    Attributes:
        by: The cell that is surely faster; None of a cell that failed.
        ratio: To it; None where the first look was enough, and of a cell that failed.
        rounds: After how many.
    """

    by: int | None
    ratio: Ratio | None
    rounds: int


class Standings:
    """Who is left, and how they compare.

    Args:
        cells: Numbers of those that take part.
    """

    def __init__(self, cells: Sequence[int]) -> None:
        self.left = list(cells)
        self.dropped: dict[int, Dropped] = {}
        self._comparisons = max(len(cells) - 1, 1)
        self._levels: dict[int, list[float]] = {cell: [] for cell in cells}

    @property
    def rounds(self) -> int:
        """That all who are left have been through."""
        return len(self._levels[self.left[0]]) if self.left else 0

    def rounds_of(self, cell: int) -> int:
        """That a cell has been through."""
        return len(self._levels.get(cell, ()))

    def add(self, latencies: Mapping[int, float]) -> None:
        """One round: the latency of everybody who is left, in any unit."""
        for cell in self.left:
            self._levels[cell].append(math.log(max(latencies[cell], 1e-9)))

    def ratio(self, one: int, other: int) -> Ratio | None:
        """How one compares with another over the rounds that both were in; None without any."""
        a, b = self._levels.get(one, []), self._levels.get(other, [])
        shared = min(len(a), len(b))
        if not shared:
            return None
        apart = np.sort(np.subtract(a[:shared], b[:shared]))
        low, high = limits(apart, self._comparisons)
        return Ratio(math.exp(low), math.exp(float(np.median(apart))), math.exp(min(high, 700.0)))

    def ranked(self) -> list[int]:
        """Those left, the fastest first, by the median of their place within the rounds."""
        table = np.asarray([self._levels[cell] for cell in self.left])
        if not table.size:
            return list(self.left)
        place = np.median(table - np.median(table, axis=0), axis=1)
        return [self.left[i] for i in np.argsort(place, kind="stable")]

    def sift(self) -> None:
        """Drop whoever is surely more than 2 % slower than the fastest."""
        fastest, *others = self.ranked()
        for cell in others:
            found = self.ratio(cell, fastest)
            if found is not None and found.low > NEAR:
                self.left.remove(cell)
                self.dropped[cell] = Dropped(fastest, found, self.rounds)

    def settled(self) -> Ending | None:
        """Whether there is nothing more to be found out."""
        if len(self.left) == 1:
            return "one left"
        fastest, *others = self.ranked()
        found = [self.ratio(cell, fastest) for cell in others]
        return "close" if all(r is not None and r.high < CLOSE for r in found) else None

    def fail(self, cell: int) -> None:
        """Take out a cell that failed; whoever lost to it alone is back, and all begin anew."""
        self.left.remove(cell)
        self.dropped[cell] = Dropped(None, None, len(self._levels[cell]))
        back = [c for c, why in self.dropped.items() if why.by == cell]
        for one in back:
            del self.dropped[one]
        if back:
            self.left += back
            for one in self.left:
                self._levels[one] = []


def limits(apart: NDArray[Any], comparisons: int) -> tuple[float, float]:
    """Limits of the median of paired differences that hold at all looks at once.

    A difference of t is refuted when, of n signs of ``apart - t``, s are minus and ``2**n / ((n +
    1) * comb(n, s))`` reaches ``comparisons / ALPHA``. That quotient is how well the signs go with
    a coin of any bias, all of them equally likely before, over a fair one: of a fair coin it is a
    martingale that starts at 1, and by Ville's inequality reaches 1 / p with probability p at most
    in all of time. Robbins (1970), Statistical methods related to the law of the iterated
    logarithm, Annals of Mathematical Statistics 41.

    Args:
        apart: (n,), sorted.
        comparisons: Among which the error is divided.

    Returns:
        (low, high), two of the differences; minus and plus infinity while there are too few.
    """
    rank = _rank(len(apart), comparisons)
    if rank is None:
        return -math.inf, math.inf
    return float(apart[rank]), float(apart[-1 - rank])


@lru_cache(maxsize=8192)
def _rank(n: int, comparisons: int) -> int | None:
    """The most signs of the rarer kind that refute a fair coin after n tosses."""
    needed = math.log(comparisons / ALPHA)
    found = None
    for s in range(n // 2 + 1):
        log_choose = math.lgamma(n + 1) - math.lgamma(s + 1) - math.lgamma(n - s + 1)
        if n * math.log(2) - math.log(n + 1) - log_choose < needed:
            break
        found = s
    return found


@dataclass(frozen=True, slots=True)
class Pace:
    """How the rounds go.

    Attributes:
        share: What of a window counts: 0.5 its median, 0.9 its ninth tenth.
        until_ns: When the time is up, on the clock.
        round_ns: How long a round should take.
        seed: Of the order.
    """

    share: float
    until_ns: int
    round_ns: int
    seed: int

    @property
    def least(self) -> int:
        """Calls a window."""
        return 3 if self.share == 0.5 else 10

    def level(self, samples: Sequence[int]) -> float:
        """What counts of a window, in nanoseconds."""
        if self.share == 0.5:
            return float(np.median(samples))
        return float(sorted(samples)[math.ceil(self.share * len(samples) - 1e-9) - 1])


def race(
    standings: Standings,
    latency_ns: Mapping[int, float],
    window: Window,
    pace: Pace,
    *,
    clock: Clock,
    tell: Callable[[Standings], None] = lambda standings: None,
) -> Ending:
    """Rounds until one is left, those left are close, or the time is up; at least three.

    Args:
        standings: Who takes part; holds the result.
        latency_ns: A first estimate for each.
        window: Times a cell.
        pace: How.
        clock: Nanoseconds.
        tell: Is shown the standings after every round.

    Returns:
        Why it ended. Nobody is left where all failed.
    """
    rng, latest, calls_of, took = np.random.default_rng(pace.seed), dict(latency_ns), 0, 0
    while standings.left:
        began = clock()
        if standings.rounds >= LEAST_ROUNDS:
            ended = standings.settled()
            if ended is not None and calls_of >= LEAST_CALLS:
                return ended
            if began + took > pace.until_ns:
                return "time" if ended is None else ended
        each = sum(latest[cell] for cell in standings.left)
        calls = min(max(int(pace.round_ns / max(each, 1.0)), pace.least), _MOST_CALLS)
        found: dict[int, float] = {}
        for number in rng.permutation(len(standings.left)):
            cell = standings.left[number]
            samples = window(cell, calls)
            if samples:
                found[cell] = latest[cell] = pace.level(samples)
        for cell in [c for c in standings.left if c not in found]:
            standings.fail(cell)
        if all(cell in found for cell in standings.left) and standings.left:
            standings.add(found)
            standings.sift()
            calls_of += calls
        took = clock() - began
        tell(standings)
    return "time"
