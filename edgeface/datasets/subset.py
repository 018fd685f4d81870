"""Taking a share of indivisible parts: the sum nearest to what is wanted, drawn by chance."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np


def draw_subset(
    sizes: Sequence[int], wanted: int, rng: np.random.Generator, *, least: int = 1, leave: int = 1
) -> list[int]:
    """Draw parts whose sizes add up to ``wanted``, or as near to it as any of them can.

    Which sums can be reached is computed exactly, a bit a sum, one size after the other from the
    smallest on. Then the number of parts of each size is drawn, from the largest on, near its share
    and so that the rest can still be made of smaller ones. The work grows with the number of
    different sizes, not with the number of parts.

    Args:
        sizes: Of the parts, each at least 1.
        wanted: The sum.
        rng: What decides among the parts.
        least: 1 where at least one part must be taken, 0 where none need be.
        leave: How many parts must be left at least, 0 to 2.

    Returns:
        The positions of the parts taken. Empty where ``least`` and ``leave`` ask for more than
        there is.
    """
    order = [int(i) for i in rng.permutation(len(sizes))]
    if len(sizes) < least + leave:
        return []
    of_size: dict[int, list[int]] = defaultdict(list)
    for i in order:
        of_size[sizes[i]].append(i)
    counts = {size: len(them) for size, them in of_size.items()}
    ascending = sorted(counts)
    reached = [1]  # bit s: the sum s can be made of parts of the sizes so far
    for size in ascending:
        reached.append(_with(reached[-1], size, counts[size]))
    total = sum(sizes)
    forbidden = {total - size for size in ascending} if leave > 1 else set()
    last = total - (1 if leave else 0)
    left = _nearest(reached[-1], wanted, least, last, forbidden)
    taken: list[int] = []
    below = total
    for number in reversed(range(len(ascending))):
        size = ascending[number]
        share = left / below * counts[size]
        drawn = int(share) + int(rng.random() < share % 1)
        k = _count(reached[number], left, size, counts[size], drawn)
        taken += of_size[size][:k]
        left -= k * size
        below -= counts[size] * size
    return taken


def _with(sums: int, size: int, count: int) -> int:
    """The sums that are reached with ``count`` further parts of one size."""
    step = 1
    while count:
        # 1, 2, 4, … and what is missing: every number of parts is a sum of some of these.
        several = min(step, count)
        sums |= sums << (several * size)
        count -= several
        step *= 2
    return sums


def _nearest(sums: int, wanted: int, least: int, last: int, forbidden: set[int]) -> int:
    """The reachable sum nearest to ``wanted``, of two that are as near the smaller."""
    for off in range(max(wanted, last) + 1):
        for sum_ in (wanted - off, wanted + off):
            if least <= sum_ <= last and sums >> sum_ & 1 and sum_ not in forbidden:
                return sum_
    return 0


def _count(smaller: int, left: int, size: int, there: int, drawn: int) -> int:
    """How many parts of a size are taken: near what was drawn, and so that the rest comes out."""
    for off in range(there + 1):
        for k in (drawn - off, drawn + off):
            if 0 <= k <= there and left >= k * size and smaller >> (left - k * size) & 1:
                return k
    msg = f"{left} cannot be reached"
    raise AssertionError(msg)
