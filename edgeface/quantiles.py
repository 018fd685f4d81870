"""Quantiles of latencies by order statistics: no distribution assumed, no value invented.

`quantile_interval` takes the samples as independent draws. Calls of one turn resemble each other,
so that it is too narrow for latencies; `window_interval` counts turns instead, and is what reports
show. How often each covers the truth: ``benchmarks/quantile_coverage.py``.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from edgeface.student import t95

CONFIDENCE = 0.95
# Fewest samples for a quantile. The median: from six on there is a 95 % interval. The others: that
# many, and the second largest sample lies above the quantile with 99 % confidence, which is the
# early-stopping rule of MLPerf Inference.
LEAST_WINDOWS = 4  # below it nothing can be said about how windows differ
LEAST = {0.5: 6, 0.9: 64, 0.95: 130, 0.99: 662, 0.999: 6636}


def quantile(samples: Sequence[int], share: float) -> int | None:
    """The smallest sample that at least ``share`` of all samples do not exceed.

    Args:
        samples: In any order.
        share: A key of `LEAST`.

    Returns:
        One of the samples; None where there are fewer than ``LEAST[share]``.
    """
    n = len(samples)
    if n < LEAST[share]:
        return None
    rank = math.ceil(share * n - 1e-9)
    return int(np.partition(np.asarray(samples), rank - 1)[rank - 1])


def quantile_interval(samples: Sequence[int], share: float) -> tuple[int, int] | None:
    """Two samples between which the quantile lies with at least 95 % confidence.

    Returns:
        (low, high); None where `quantile` gives None.
    """
    n = len(samples)
    if n < LEAST[share]:
        return None
    low, high = ranks(n, share)
    ordered = np.sort(np.asarray(samples))
    return int(ordered[low - 1]), int(ordered[high - 1])


def window_interval(windows: Sequence[Sequence[int]], share: float) -> tuple[int, int] | None:
    """Two samples between which the quantile lies with about 95 % confidence, counted by windows.

    How many samples of each window lie up to the quantile tells how sure its rank is: the windows
    are clusters of a sample, and the interval is Woodruff's (Confidence Intervals for Medians and
    Other Position Measures, Journal of the American Statistical Association 47, 1952) with the
    variance of a ratio and Student's t of windows - 1. It is never narrower than
    `quantile_interval`, which it is below `LEAST_WINDOWS` windows.

    Args:
        windows: Samples, window by window.
        share: A key of `LEAST`.

    Returns:
        (low, high); None where there are fewer than ``LEAST[share]`` samples, or where the windows
        differ so much that the samples do not bound the quantile.
    """
    samples = np.concatenate([np.asarray(w, np.int64) for w in windows]) if windows else np.empty(0)
    at, n = quantile(samples, share), len(samples)  # type: ignore[arg-type]
    if at is None:
        return None
    low, high = ranks(n, share)
    if len(windows) >= LEAST_WINDOWS:
        half = n * t95(len(windows) - 1) * _share_error(windows, at)
        low = min(low, math.floor(n * share - half))
        high = max(high, math.ceil(n * share + half) + 1)
        if low < 1 or high > n:
            return None
    ordered = np.sort(samples)
    return int(ordered[low - 1]), int(ordered[high - 1])


def _share_error(windows: Sequence[Sequence[int]], at: int) -> float:
    """Standard error of the share of samples below ``at``, from how the windows differ.

    A clock with coarse steps gives many samples that are equal: whether those at ``at`` count is
    decided for the worse.
    """
    held = [np.asarray(w) for w in windows]
    sizes, k = np.array([len(w) for w in held], np.float64), len(held)
    errors = []
    for counts in ([(w <= at).sum() for w in held], [(w < at).sum() for w in held]):
        off = np.array(counts) - sizes * np.sum(counts) / sizes.sum()
        errors.append(float(np.sqrt(k / (k - 1) * np.sum(off**2)) / sizes.sum()))
    return max(errors)


def median_interval(samples: Sequence[int]) -> tuple[int, int]:
    """`quantile_interval` of the median, of six samples or more."""
    found = quantile_interval(samples, 0.5)
    if found is None:
        msg = f"{len(samples)} samples have no 95 % interval of the median"
        raise ValueError(msg)
    return found


@lru_cache(maxsize=1024)
def ranks(n: int, share: float) -> tuple[int, int]:
    """The ranks, from 1, whose samples enclose the quantile.

    How many of n samples lie below the quantile is binomial (n, share). The low rank leaves at most
    2.5 % on its side, the high one on the other: David and Nagaraja, Order Statistics, section 7.1.
    """
    k = np.arange(n + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    log_choose = log_factorial[n] - log_factorial - log_factorial[::-1]
    below = np.cumsum(np.exp(log_choose + k * math.log(share) + (n - k) * math.log1p(-share)))
    tail = (1 - CONFIDENCE) / 2
    low = int(np.searchsorted(below, tail, side="right"))
    high = int(np.searchsorted(below, 1 - tail, side="left")) + 1
    return max(low, 1), min(high, n)
