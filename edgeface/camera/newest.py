"""Newest frame only: what a live source does not wait for, it drops and counts."""

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from edgeface.camera.frame import Frame, Given
from edgeface.camera.reader import Reader, Taken

# How often a wait for a frame looks whether it was told to stop; a signal handler must not take the
# lock that would wake it.
_GLANCE_S = 0.25
# Whoever pressed Ctrl-C is not kept waiting by a camera that gives nothing.
_PATIENCE_S = 0.6

# A frame that is older than this, and that came at once or much too late, lay in a queue while this
# process was held up: fresher ones lie behind it.
STALE_NS = 250_000_000
_USUAL_INTERVAL_NS = 10**9 / 30


@dataclass(frozen=True, slots=True)
class _Newest:
    """What the thread took last, and when it put it here."""

    index: int
    taken: Taken
    put_ns: int


class NewestFrames:
    """A live source: a thread drains the reader and keeps only the newest frame.

    The thread blocks in `Reader.read` and never spins: a busy thread costs its neighbours five
    milliseconds a turn (the interpreter's switch interval). What is dropped is never decoded where
    the reader can put that off.

    Args:
        open_reader: Opens the reader; called when the context is entered.
        name: What it is called before it is open.
        clock: Monotonic, ns; the same that the reader's times are of.
    """

    def __init__(
        self,
        open_reader: Callable[[], Reader],
        name: str,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = name
        self.fps: float | None = None
        self.given: Given | None = None
        self.dropped = 0
        self._open_reader, self._clock = open_reader, clock
        self._reader: Reader | None = None
        self._changed = threading.Condition()
        self._slot: _Newest | None = None
        self._intervals_ns: deque[int] = deque(maxlen=9)
        self._put_ns: int | None = None
        self._ended = False
        self._error: Exception | None = None
        self._stopped = False

    @property
    def reopened(self) -> int:
        """See `edgeface.camera.frame.FrameSource.reopened`."""
        return 0 if self._reader is None else self._reader.reopened

    def __enter__(self) -> Self:
        self._reader = reader = self._open_reader()
        self.name, self.fps, self.given = reader.name, reader.fps, reader.given
        self._thread = threading.Thread(
            target=self._drain, args=(reader,), name=f"read {self.name}", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._reader is not None
        self.stop()
        self._reader.wake()
        self._thread.join(_PATIENCE_S)
        with self._changed:
            left, self._slot = self._slot, None
        if left is not None:
            left.taken.discard()
        if not self._thread.is_alive():  # to release a capture that is being read would crash
            self._reader.close()

    def __iter__(self) -> Self:
        """See `edgeface.camera.frame.FrameSource`."""
        return self

    def __next__(self) -> Frame:
        """The newest frame; those that came meanwhile are dropped and counted.

        Not a generator: that would end with the first broken frame.

        Raises:
            InputError: The frame is broken; the next may be whole.
            SourceError: The reader failed; the last frame before that is handed out first.
        """
        found = self._wait()
        if found is None:
            if self._error is not None and not self._stopped:
                raise self._error
            raise StopIteration
        taken = found.taken
        return Frame(
            taken.develop(), found.index, taken.captured_ns, taken.position_ns, stamp=taken.stamp
        )

    def _wait(self) -> _Newest | None:
        """The newest frame, once there is a fresh one; None at the end."""
        while not self._stopped:
            with self._changed:
                found, self._slot = self._slot, None
                if found is None:
                    if self._ended:
                        return None
                    self._changed.wait(_GLANCE_S)
                    continue
                if self._ended or not self._overtaken(found):
                    return found
                self.dropped += 1
            found.taken.discard()
        return None

    def stop(self) -> None:
        """See `edgeface.camera.frame.FrameSource.stop`."""
        self._stopped = True

    def _drain(self, reader: Reader) -> None:
        index = 0
        try:
            while not self._stopped:
                asked_ns = self._clock()
                taken = reader.read()
                if taken is None:
                    return
                index += taken.skipped
                queued = self._lay_in_a_queue(taken, asked_ns)
                with self._changed:
                    self.dropped += taken.skipped + queued
                if queued:
                    taken.discard()
                else:
                    self._put(index, taken)
                index += 1
        except Exception as error:  # it belongs to whoever iterates, not to this thread
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()

    def _put(self, index: int, taken: Taken) -> None:
        now = self._clock()
        with self._changed:
            before, self._slot = self._slot, _Newest(index, taken, now)
            self.dropped += before is not None
            if self._put_ns is not None:
                self._intervals_ns.append(now - self._put_ns)
            self._put_ns = now
            self._changed.notify()
        if before is not None:
            before.taken.discard()

    def _interval_ns(self) -> float:
        """Between two frames: as they came of late, or else as the source states it."""
        if self._intervals_ns:
            return statistics.median(self._intervals_ns)
        return 1e9 / self.fps if self.fps else _USUAL_INTERVAL_NS

    def _overtaken(self, newest: _Newest) -> bool:
        """Whether a newer one should long have come: both threads were held up, or the source."""
        return self._clock() - newest.put_ns > self._patience_ns()

    def _patience_ns(self) -> float:
        """What no wait for a frame of this source takes."""
        return max(STALE_NS, 3 * self._interval_ns())

    def _lay_in_a_queue(self, taken: Taken, asked_ns: int) -> bool:
        """Whether a fresher frame is behind this one; a source that is always late is not meant."""
        now = self._clock()
        if now - taken.captured_ns <= STALE_NS:
            return False
        took = now - asked_ns
        # At once: it was there. Very late: this thread was held up while it waited.
        return took < self._interval_ns() / 2 or took > self._patience_ns()
