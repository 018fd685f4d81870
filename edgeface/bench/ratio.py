"""The ratio of two medians, and how sure it is: one cell beside another, or beside another day.

Calls of one turn resemble each other, and so do turns of one process. An interval that took calls
for independent would be far too narrow, so whole processes are drawn with replacement, and of each
of them whole windows: the two-stage bootstrap of Davison and Hinkley, Bootstrap Methods and their
Application, section 3.8, as Kalibera and Jones use it for ratios of running times (Rigorous
Benchmarking in Reasonable Time, ISMM 2013). With so few windows its percentiles would be too
narrow; they are widened as Hesterberg's expanded percentile interval (What Teachers Should Know
about the Bootstrap, The American Statistician 69:4, 2015).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.report import Cell, Window
from edgeface.student import t95

LEAST_WINDOWS = 4
DRAWS = 2000
_RANKS = 2048  # so finely the samples are told apart by rank: 0.05 % of a rank
_STEP = 500  # draws at a time, for memory

Way = Literal["faster", "slower", "no change to be told"]
Change = Literal["reproduced", "differs", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Median of one cell over that of another.

    Attributes:
        value: Above 1: the first takes longer.
        low: Of the 95 % interval; None where there are fewer than `LEAST_WINDOWS` windows.
        high: Its other end.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def way(self) -> Way:
        """What the interval shows: all of it below 1, all above, or neither."""
        if self.low is None or self.high is None or self.low <= 1 <= self.high:
            return "no change to be told"
        return "faster" if self.high < 1 else "slower"

    def within(self, margin: float) -> Change:
        """Whether the two are the same up to a margin.

        Args:
            margin: 0.05: from 1 / 1.05 to 1.05 counts as the same.

        Returns:
            ``reproduced``: the whole interval is within; ``differs``: all of it is outside.
        """
        if self.low is None or self.high is None:
            return "cannot tell"
        least, most = 1 / (1 + margin), 1 + margin
        if least <= self.low and self.high <= most:
            return "reproduced"
        return "differs" if self.high < least or self.low > most else "cannot tell"


def ratio(cell: Cell, base: Cell, *, paired: bool) -> Ratio | None:
    """How many times as long ``cell`` takes as ``base``, by their medians.

    Args:
        cell: What is held against the other.
        base: What it is held against.
        paired: Both were measured in one run, in turns: the same rounds are drawn of both, so that
            what the board did meanwhile cancels out. Where their windows do not go together, as
            after an interruption, they are drawn apart.

    Returns:
        None where one of the two has too few samples for a median.
    """
    over, under = cell.quantile_ms(0.5), base.quantile_ms(0.5)
    if over is None or not under:
        return None
    value = over / under
    fewest = min(len(cell.windows), len(base.windows))
    if fewest < LEAST_WINDOWS:
        return Ratio(value)
    draw = np.random.default_rng(0)
    shapes = _shape(cell.windows), _shape(base.windows)
    if paired and shapes[0] == shapes[1]:
        counts = _drawn(shapes[0], draw)
        logs = np.log(_medians(cell.windows, counts)) - np.log(_medians(base.windows, counts))
    else:
        logs = np.log(_medians(cell.windows, _drawn(shapes[0], draw)))
        logs -= np.log(_medians(base.windows, _drawn(shapes[1], draw)))
    tail = _tail(fewest)
    low, high = (math.exp(float(q)) for q in np.quantile(logs, (tail, 1 - tail)))
    return Ratio(value, min(low, value), max(high, value))


def _shape(windows: Sequence[Window]) -> tuple[int, ...]:
    """How many windows each process took, in the order of the processes."""
    processes = [w.process for w in windows]
    return tuple(processes.count(p) for p in sorted(set(processes)))


def _drawn(shape: tuple[int, ...], draw: np.random.Generator) -> NDArray[np.int64]:
    """(DRAWS, windows): how often each window is drawn; windows stand process by process."""
    starts = np.concatenate([[0], np.cumsum(shape)])
    counts = np.zeros((DRAWS, starts[-1]), np.int64)
    chosen = draw.integers(len(shape), size=(DRAWS, len(shape)))
    for process, windows in enumerate(shape):
        times = (chosen == process).sum(axis=1) * windows
        part = draw.multinomial(times, np.full(windows, 1 / windows))
        counts[:, starts[process] : starts[process + 1]] = part
    return counts


def _medians(windows: Sequence[Window], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(DRAWS,) median of all samples of the windows that were drawn, in ns."""
    ordered = sorted(windows, key=lambda w: w.process)  # stable: in turn within a process
    pooled = np.sort(np.concatenate([w.samples_ns for w in ordered]))
    edges = np.unique(pooled[np.linspace(0, len(pooled) - 1, min(len(pooled), _RANKS)).astype(int)])
    held = np.stack(
        [np.searchsorted(np.sort(w.samples_ns), edges, side="right") for w in ordered]
    )  # (windows, edges): samples of a window up to an edge
    found = np.empty(len(counts), np.intp)
    for at in range(0, len(counts), _STEP):
        below = counts[at : at + _STEP] @ held
        found[at : at + _STEP] = (2 * below >= below[:, -1:]).argmax(axis=1)
    medians: NDArray[np.float64] = np.maximum(edges[found], 1).astype(np.float64)
    return medians


def _tail(windows: int) -> float:
    """Share to leave out at either end, smaller than 2.5 % the fewer windows there are."""
    widened = math.sqrt(windows / (windows - 1)) * t95(windows - 1)
    return NormalDist().cdf(-widened)
