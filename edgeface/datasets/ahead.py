"""Doing the next few steps in another thread while somebody works on this one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Asked = TypeVar("Asked")
Made = TypeVar("Made")
NAME = "edgeface-ahead"


def ahead(
    make: Callable[[Asked], Made], items: Iterable[Asked], *, most: int, threads: int = 1
) -> Iterator[Made]:
    """What ``make`` makes of every item, in their order, begun before it is asked for.

    Whoever stops early, or is stopped by an error, leaves no thread behind. What ``make`` raises is
    raised where its result is asked for.

    Args:
        make: Called in another thread.
        items: Taken in the thread that iterates.
        most: Results that wait at most.
        threads: How many call ``make``.
    """
    waiting: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix=NAME)
    try:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
