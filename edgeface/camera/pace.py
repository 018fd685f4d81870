"""Whether what arrives is fresh, told by whether it had to be waited for."""

import statistics
from collections import deque

# Shorter than this nothing was waited for: it lay in a queue.
WAITED_NS = 4_000_000
HELD_UP_NS = 250_000_000


class Pace:
    """Notices that a reader was held up, and when it has caught up again.

    Frames without a time of their own look fresh whenever they are read. But a queue runs dry: as
    soon as something had to be waited for, what comes is new. Whoever was away for much longer than
    frames are apart is behind until then. Of a camera that paused itself that costs one frame.
    """

    def __init__(self) -> None:
        self.behind = False
        self._intervals_ns: deque[int] = deque(maxlen=9)
        self._frame_ns: int | None = None
        self._came_ns: int | None = None

    def came(self, asked_ns: int, came_ns: int, frames: int) -> bool:
        """Take note of a read.

        Args:
            asked_ns: When it began.
            came_ns: When it returned.
            frames: How many frames it completed.

        Returns:
            Whether the reader has caught up with this read: what it brought is new, and all that
            came before is not.
        """
        gap = 0 if self._came_ns is None else came_ns - self._came_ns
        was_behind, self._came_ns = self.behind, came_ns
        caught_up = was_behind and came_ns - asked_ns >= WAITED_NS
        if was_behind:
            self.behind = not caught_up
        else:
            self.behind = gap > max(HELD_UP_NS, 3 * self._interval_ns())
        if frames:
            if self._frame_ns is not None and not was_behind:
                self._intervals_ns.append(came_ns - self._frame_ns)
            self._frame_ns = came_ns
        return caught_up

    def _interval_ns(self) -> float:
        return statistics.median(self._intervals_ns) if self._intervals_ns else 0.0
