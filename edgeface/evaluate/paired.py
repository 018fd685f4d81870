"""Two files on the same pictures: what one lost and gained, and how sure that is.

The interval of the difference is Tango's score interval, chosen by simulation
(docs/decisions/0012): where few pictures change, as is usual after quantisation, those that lean on
an estimated variance are too narrow, and empty where no picture changes. It takes the pictures for
independent of each other: twenty frames of one scene are worth one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import UsageError
from edgeface.evaluate.shares import Z

FINEST = 0.001  # points; less takes hundreds of thousands of pictures, of which none changes
_HALVINGS = 60  # of an interval no longer than 2: below the last digit of a float


@dataclass(frozen=True, slots=True)
class Paired:
    """A file against the reference, picture by picture; made by `pair` or `counted`.

    Attributes:
        n: Pictures.
        both_right: Both answer right.
        lost: The reference is right and the file wrong.
        gained: The file is right and the reference wrong.
        both_wrong: Both answer wrong, the same or not.
        difference: Accuracy of the file minus that of the reference, in percentage points.
        low: Lower end of its 95 % interval, in points.
        high: Upper end.
        p: Exact two-sided McNemar test of "lost and gained are equally likely", 0 to 1.
        resolves_points: Half the width of the interval: about the smallest difference that so many
            pictures, of which so many change, tell from none.
    """

    n: int
    both_right: int
    lost: int
    gained: int
    both_wrong: int
    difference: float
    low: float
    high: float
    p: float
    resolves_points: float

    def needed(self, points: float) -> int:
        """How many pictures would resolve a difference, if as many of 100 change as did here.

        Args:
            points: The wanted half width of the interval, at least `FINEST`.

        Returns:
            At least `n` where ``points`` is no more than `resolves_points`.

        Raises:
            UsageError: It is less.
        """
        check_points(points)
        few, many = 0, 1
        while self._half(many) > points:
            few, many = many, 2 * many
        while many - few > 1:
            middle = (few + many) // 2
            few, many = (middle, many) if self._half(middle) > points else (few, middle)
        return many

    def _half(self, n: int) -> float:
        scale = n / self.n
        low, high = interval(self.lost * scale, self.gained * scale, n)
        return 50 * (high - low)


def check_points(points: float, least: float = FINEST) -> None:
    """Say that a difference is too small to ask for.

    Raises:
        UsageError: It is below the least, or not a number.
    """
    if not points >= least:
        msg = f"{points:g} points: no difference below {least:g} can be told"
        raise UsageError(msg, remedy="0.5 points take a thousand pictures or several")


def pair(right: NDArray[np.bool_], reference: NDArray[np.bool_]) -> Paired:
    """Count what changed.

    Args:
        right: (n,) which pictures the file answers right; n is at least 1.
        reference: (n,) which ones the reference does. For strangers that get a name, or anything
            else that is so or not so of a picture, as well.
    """
    return counted(
        both_right=int((right & reference).sum()),
        lost=int((reference & ~right).sum()),
        gained=int((right & ~reference).sum()),
        both_wrong=int((~right & ~reference).sum()),
    )


def counted(*, both_right: int, lost: int, gained: int, both_wrong: int) -> Paired:
    """The same from the four counts, one of which is above 0."""
    n = both_right + lost + gained + both_wrong
    low, high = interval(lost, gained, n)
    return Paired(
        n=n,
        both_right=both_right,
        lost=lost,
        gained=gained,
        both_wrong=both_wrong,
        difference=100 * (gained - lost) / n,
        low=100 * low,
        high=100 * high,
        p=mcnemar(lost, gained),
        resolves_points=50 * (high - low),
    )


def mcnemar(lost: int, gained: int) -> float:
    """The exact two-sided test that lost and gained pictures are equally likely, 0 to 1.

    Twice the share of fair coin series that show as few heads as the rarer of the two, or fewer
    (McNemar 1947, Psychometrika 12:153, with the binomial instead of chi squared). The commonest
    term is taken from whole numbers, so that thousands of changed pictures are exact too.
    """
    rarer, changed = min(lost, gained), lost + gained
    if 2 * rarer >= changed - 1:  # the two halves meet, or overlap
        return 1.0
    term, total = 1.0, 0.0
    for k in range(rarer, -1, -1):  # relative to the term at `rarer`, falling
        total += term
        term *= k / (changed - k + 1)
        if term < 1e-18 * total:
            break
    share: float = math.comb(changed, rarer) / 2**changed
    return min(1.0, 2 * total * share)


def interval(lost: float, gained: float, n: float, z: float = Z) -> tuple[float, float]:
    """The score interval of (gained - lost) / n (Tango 1998, Statistics in Medicine 17:891).

    All differences that a score test would not reject; its variance is the one that the difference
    under test implies, so that it is not empty where nothing changed.

    Args:
        lost: How many of n; not whole where a larger sample is planned.
        gained: How many others of n.
        n: Above 0.
        z: Standard normal quantile, 95 % by default.

    Returns:
        Shares, -1 to 1.
    """
    return -_highest(gained, lost, n, z), _highest(lost, gained, n, z)


def _highest(lost: float, gained: float, n: float, z: float) -> float:
    low, high = (gained - lost) / n, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _score(lost, gained, n, middle) > z else (middle, high)
    return (low + high) / 2


def _score(lost: float, gained: float, n: float, difference: float) -> float:
    """By how many standard errors the counts fall short of a difference."""
    # The likeliest share of lost pictures given the difference is the root of a x² + b x + c.
    a, b = 2 * n, (2 * n - gained + lost) * difference - lost - gained
    c = -lost * difference * (1 - difference)
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    share = -2 * c / (b + root) if b > 0 else (root - b) / (2 * a)  # either way no cancellation
    variance = n * (2 * share + difference * (1 - difference))
    short = n * difference - (gained - lost)
    return short / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, short)


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values of several tests for there being several (Holm 1979, Scand. J. Stat. 6:65).

    With forty classes two are below 0.05 by chance; of the adjusted ones, any is in 5 % of cases.
    """
    found = [0.0] * len(ps)
    least = 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        least = max(least, min(1.0, (len(ps) - rank) * ps[i]))
        found[i] = least
    return tuple(found)
