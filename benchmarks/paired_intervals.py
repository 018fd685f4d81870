"""Intervals of a paired difference that edgeface does not take; `coverage.py` shows why.

All take numbers of pictures as arrays: both right, lost, gained, both wrong; the difference is
(gained - lost) / n.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Ends = tuple[Counts, Counts]
Z = 1.959963984540054


def wald(both: Counts, lost: Counts, gained: Counts, neither: Counts) -> Ends:
    """By the estimated variance."""
    n = both + lost + gained + neither
    difference = (gained - lost) / n
    half = Z * np.sqrt(lost + gained - (gained - lost) ** 2 / n) / n
    return difference - half, difference + half


def wald_with_continuity(both: Counts, lost: Counts, gained: Counts, neither: Counts) -> Ends:
    """The same, wider by a picture on either side (Fleiss 1981)."""
    low, high = wald(both, lost, gained, neither)
    n = both + lost + gained + neither
    return low - 1 / n, high + 1 / n


def agresti_min(both: Counts, lost: Counts, gained: Counts, neither: Counts) -> Ends:
    """Half a picture more in each cell (Agresti & Min 2005, Stat. Med. 24:729)."""
    return wald(both + 0.5, lost + 0.5, gained + 0.5, neither + 0.5)


def bonett_price(both: Counts, lost: Counts, gained: Counts, neither: Counts) -> Ends:
    """One lost and one gained picture more (Bonett & Price 2012, J. Educ. Behav. Stat. 37:479)."""
    n = both + lost + gained + neither + 2
    down, up = (lost + 1) / n, (gained + 1) / n
    half = Z * np.sqrt((down + up - (up - down) ** 2) / n)
    return up - down - half, up - down + half


def newcombe(both: Counts, lost: Counts, gained: Counts, neither: Counts) -> Ends:
    """Wilson's intervals of both accuracies, squared and added (Newcombe 1998, method 10)."""
    n = both + lost + gained + neither
    file, reference = both + gained, both + lost
    (low, high), (low_reference, high_reference) = _wilson(file, n), _wilson(reference, n)
    product = both * neither - lost * gained
    product = np.where(product > n / 2, product - n / 2, np.where(product >= 0, 0, product))
    margins = file * (n - file) * reference * (n - reference)
    phi = np.where(margins > 0, product / np.sqrt(np.where(margins > 0, margins, 1)), 0)
    difference = (gained - lost) / n
    down = _added(file / n - low, high_reference - reference / n, phi)
    up = _added(high - file / n, reference / n - low_reference, phi)
    return difference - down, difference + up


def unpaired(both: Counts, lost: Counts, gained: Counts, neither: Counts) -> Ends:
    """As if the files had been tried on different pictures: wrong here, to see that it shows."""
    n = both + lost + gained + neither
    file, reference = (both + gained) / n, (both + lost) / n
    half = Z * np.sqrt((file * (1 - file) + reference * (1 - reference)) / n)
    return file - reference - half, file - reference + half


def _wilson(hits: Counts, n: Counts) -> Ends:
    share, zz = hits / n, Z * Z / n
    half = Z * np.sqrt(share * (1 - share) / n + zz / (4 * n))
    return (share + zz / 2 - half) / (1 + zz), (share + zz / 2 + half) / (1 + zz)


def _added(one: Counts, other: Counts, phi: Counts) -> Counts:
    return np.asarray(np.sqrt(np.maximum(0, one**2 - 2 * phi * one * other + other**2)))


OTHERS: dict[str, Callable[[Counts, Counts, Counts, Counts], Ends]] = {
    "Wald": wald,
    "Wald with continuity": wald_with_continuity,
    "Agresti-Min": agresti_min,
    "Bonett-Price": bonett_price,
    "Newcombe 10": newcombe,
    "unpaired Wald": unpaired,
}
