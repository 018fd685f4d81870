"""A live source that stops is opened again, as often as it takes."""

import threading
import time
from collections.abc import Callable

from edgeface.camera.frame import Given
from edgeface.camera.reader import Reader, Taken
from edgeface.errors import SourceError

FIRST_S, LONGEST_S = 0.5, 30.0
# A source has to have been back for so long before the waits begin anew: one that comes and goes
# every second is neither asked nor spoken of all the time.
STEADY_NS = 10 * 10**9


class Reopening:
    """A reader that opens another one, and again when that fails or ends.

    The first opening and the first frame are not tried twice: a source that was never there is an
    error of whoever named it. After that it is asked for at waits that double from `FIRST_S` to
    `LONGEST_S`, for ever. The loss is said once and the return once; in between there is nothing
    to say.

    Args:
        open_reader: Opens the source.
        say: Takes a line for a person.
        clock: Monotonic, ns.
        wait: Waits so many seconds and tells whether `wake` was called; for tests.

    Raises:
        SourceError: It does not open.
    """

    def __init__(
        self,
        open_reader: Callable[[], Reader],
        say: Callable[[str], None] = lambda text: None,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._open, self._say, self._clock = open_reader, say, clock
        self._woken = threading.Event()
        self._wait = wait or self._woken.wait
        self._reader: Reader | None = open_reader()
        self.name: str = self._reader.name
        self.fps: float | None = self._reader.fps
        self.given: Given | None = self._reader.given
        self.reopened = 0
        self._frames = 0
        self._tries = 0
        self._lost_ns: int | None = None
        self._back_ns: int | None = None

    def read(self) -> Taken | None:
        """See `Reader.read`; it ends only after `wake`.

        Raises:
            SourceError: The source opened and never gave a frame.
        """
        while not self._woken.is_set():
            if self._reader is None and not self._open_again():
                continue
            assert self._reader is not None
            try:
                taken = self._reader.read()
            except SourceError as error:
                if not self._frames:
                    raise
                self._lose(str(error))
                continue
            if self._woken.is_set():
                break
            if taken is not None:
                self._arrived()
                return taken
            if not self._frames:
                msg = f"{self.name} opens and ends without a frame"
                raise SourceError(msg, remedy="check what it gives, with another program")
            self._lose(f"{self.name} ended")
        return None

    def _lose(self, why: str) -> None:
        now = self._clock()
        if self._lost_ns is None:
            self._lost_ns = now
            if self._back_ns is None or now - self._back_ns >= STEADY_NS:
                self._tries = 0
            self._say(f"{why}; it is tried again until it is back, and the loop waits")
        assert self._reader is not None
        self._reader.close()
        self._reader = None

    def _open_again(self) -> bool:
        """Wait, and try once."""
        pause_s = min(FIRST_S * 2 ** min(self._tries, 16), LONGEST_S)
        self._tries += 1
        if self._wait(pause_s):
            return False
        try:
            reader = self._open()
        except SourceError:
            return False
        self._reader = reader  # before the flag is looked at: `wake` finds the one or the other
        if self._woken.is_set():
            reader.wake()
        return True

    def _arrived(self) -> None:
        self._frames += 1
        if self._lost_ns is None:
            return
        now = self._clock()
        self.reopened += 1
        self._say(f"{self.name} is back after {(now - self._lost_ns) / 1e9:.1f} s")
        self._lost_ns, self._back_ns = None, now

    def wake(self) -> None:
        """See `Reader.wake`."""
        self._woken.set()
        reader = self._reader
        if reader is not None:
            reader.wake()

    def close(self) -> None:
        """See `Reader.close`."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
