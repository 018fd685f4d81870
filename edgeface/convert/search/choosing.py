"""Which of several tries is the result, and how few layers in float will do."""

from collections.abc import Callable, Sequence

from edgeface.convert.search.tries import RUNGS, Try

SAME_SIZE = 1.1


def choose(tries: Sequence[Try]) -> int:
    """Which of several tries is the result.

    Of those that keep the gates: the smallest, and of those within `SAME_SIZE` of it the lowest
    rung, the smallest there, the first; and those that keep them surely before those that may do so
    by luck. Where none does: the nearest to the trained network.

    Among many tries one may gain answers by luck and look sure, however far it is from the network.
    So a float16 file that keeps the gates, is smaller and is nearer takes its place.
    """
    kept = [i for i, one in enumerate(tries) if one.will_do]
    kept = kept or [i for i, one in enumerate(tries) if one.kept]
    if not kept:
        return max(range(len(tries)), key=lambda i: (tries[i].nearness, -i))
    least = min(tries[i].size_bytes for i in kept)
    near = [i for i in kept if tries[i].size_bytes <= SAME_SIZE * least]
    found = min(near, key=lambda i: (RUNGS.index(tries[i].rung), tries[i].size_bytes, i))
    halves = [i for i, one in enumerate(tries) if one.scheme == "float16" and one.kept]
    return next((i for i in halves if _outdoes(tries[i], tries[found])), found)


def _outdoes(one: Try, other: Try) -> bool:
    nearer = one.agreement > other.agreement and one.divergence < other.divergence
    return nearer and one.size_bytes < other.size_bytes


def fewest(order: Sequence[str], keeps: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """The fewest layers in float that keep the gates, not all of them.

    Doubles the number taken from the head of ``order`` until it will do, bisects between the last
    two, and gives back what need not be there, the one that suffers least first.

    Args:
        order: Layers, the one that suffers most first.
        keeps: Tries a set of layers.

    Returns:
        The layers; empty where not even all but one will do.
    """
    most = len(order) - 1
    low, high = 0, min(1, most)
    while not high or not keeps(order[:high]):
        if high == most:
            return ()
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if keeps(order[:middle]) else (middle, high)
    chosen = list(order[:high])
    # The last one is needed: without it the bisection would have ended below.
    for layer in reversed(chosen[:-1]):
        without = [name for name in chosen if name != layer]
        if keeps(without):
            chosen = without
    return tuple(chosen)
