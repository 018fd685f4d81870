"""Intervals of a share: so many of n."""

import math

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054  # of the standard normal, 97.5 %
_HALVINGS = 60  # of an interval no longer than 1: below the last digit of a float


def wilson(hits: float, n: float, z: float = Z) -> tuple[float, float]:
    """The score interval of a share, 95 % by default (Wilson 1927, JASA 22:209).

    It covers the true share in 95 of 100 samples on the mean over shares, in fewer near 0 and 1.

    Args:
        hits: How many of ``n``.
        n: Above 0. Not whole where pictures count for less than one each.
        z: Standard normal quantile.
    """
    p, zz = hits / n, z * z / n
    middle, half = p + zz / 2, z * math.sqrt(p * (1 - p) / n + zz / (4 * n))
    return max(0.0, (middle - half) / (1 + zz)), min(1.0, (middle + half) / (1 + zz))


def clopper_pearson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share (Clopper & Pearson 1934, Biometrika 26:404).

    It never covers the true share in fewer than 95 of 100 samples, and mostly in more: for a limit
    that is promised, such as a false-accept rate.

    Args:
        hits: How many of ``n``.
        n: At least 1.
        confidence: 0 to 1.
    """
    tail = (1 - confidence) / 2
    high = _highest(hits, n, tail)
    return 1 - _highest(n - hits, n, tail), high


def _highest(hits: int, n: int, tail: float) -> float:
    """The share with which so few hits or fewer come up in ``tail`` of all samples."""
    if hits == n:
        return 1.0
    k = np.arange(hits + 1)
    ways = _log_ways(n)[: hits + 1]
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        share = (low + high) / 2
        few = float(np.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share)).sum())
        low, high = (share, high) if few > tail else (low, share)
    return (low + high) / 2


def _log_ways(n: int) -> NDArray[np.float64]:
    """Logarithms of n over 0, 1 … n: (n + 1,)."""
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    return np.asarray(factorials[n] - factorials - factorials[::-1], np.float64)
