"""Quantiles of latencies by order statistics: no distribution assumed, no value invented.

The intervals take the samples as independent draws. Latencies of one process are not quite that,
which is why they are taken in windows spread over the run and judged for drift as well.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

CONFIDENCE = 0.95
# Fewest samples for a quantile. The median: from six on there is a 95 % interval. The others: that
# many, and the second largest sample lies above the quantile with 99 % confidence, which is the
# early-stopping rule of MLPerf Inference.
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
