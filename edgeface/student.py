"""Quantiles of Student's t, without SciPy."""

import math
from functools import lru_cache

_HALVINGS = 80
_SERIES_FROM = 200  # from here on the series below is right to nine digits
_Z = 1.959963984540054  # of the standard normal, 97.5 %


@lru_cache(maxsize=1024)
def t95(freedom: int) -> float:
    """What 95 % of Student's t lie within, either side of zero.

    Exact up to 200 degrees of freedom (Abramowitz & Stegun 26.7.3 and 26.7.4, solved by halving),
    from there by Cornish and Fisher's series (Hill 1970, CACM 13:617).

    Args:
        freedom: Degrees of freedom, at least 1.
    """
    if freedom >= _SERIES_FROM:
        return _series(freedom)
    low, high = 0.0, 16.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < 0.95 else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """How often Student's t lies between -t and t."""
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for k in range(2 + odd, freedom + 1, 2):
        total += term
        term *= (k - 1) / k * cosine**2
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def _series(freedom: int) -> float:
    z, v = _Z, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )
