"""From the clock of a sender to ours, by the quickest frame of the last minutes."""

WINDOW_NS = 60 * 10**9
# So far off, the sender's clock was set or began anew.
_JUMP_NS = 30 * 10**9


class LeastDelay:
    """When a frame was taken, from the time that it carries and the moment that it arrived.

    The sender's clock is not ours, but the difference between the two is arrival minus stamp minus
    the delay on the way; the frame that was quickest has the least delay, and that one is taken
    for none. So a frame that lay in a queue shows by how much; the delay that all of them have, on
    the wire and in the camera, is not seen. The quickest is looked for in the last one to two
    minutes, because two clocks drift apart by some milliseconds a minute at most (100 ppm: 6 ms).
    """

    def __init__(self) -> None:
        self._before: int | None = None
        self._least: int | None = None
        self._since_ns = 0

    def __call__(self, stamp_ns: int, arrived_ns: int) -> int:
        """When a frame was taken, on our clock, ns; never later than it arrived."""
        offset = arrived_ns - stamp_ns
        if self._least is not None and abs(offset - self._least) > _JUMP_NS:
            self._before = self._least = None
        if self._least is None:
            self._least, self._since_ns = offset, arrived_ns
        elif arrived_ns - self._since_ns > WINDOW_NS:
            self._before, self._least, self._since_ns = self._least, offset, arrived_ns
        self._least = min(self._least, offset)
        least = self._least if self._before is None else min(self._before, self._least)
        return stamp_ns + least
