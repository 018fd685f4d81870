"""Newest frame only: what a live source does not wait for, it drops and counts."""

import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from edgeface.camera.frame import Frame
from edgeface.camera.reader import Reader

# How often a wait for a frame looks whether it was told to stop; a signal handler must not take the
# lock that would wake it.
_GLANCE_S = 0.25
_PATIENCE_S = 12.0


class NewestFrames:
    """A live source: a thread drains the reader and keeps only the newest frame.

    The thread blocks in `Reader.read` and never spins: a busy thread costs its neighbours five
    milliseconds a turn (the interpreter's switch interval).

    Args:
        open_reader: Opens the reader; called when the context is entered.
        name: What it is called before it is open.
    """

    def __init__(self, open_reader: Callable[[], Reader], name: str) -> None:
        self.name = name
        self.fps: float | None = None
        self.dropped = 0
        self._open_reader = open_reader
        self._changed = threading.Condition()
        self._slot: Frame | None = None
        self._ended = False
        self._error: Exception | None = None
        self._stopped = False

    def __enter__(self) -> Self:
        self._reader = self._open_reader()
        self.name, self.fps = self._reader.name, self._reader.fps
        self._thread = threading.Thread(target=self._drain, name=f"read {self.name}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._reader.wake()
        self._thread.join(_PATIENCE_S)
        if not self._thread.is_alive():  # to release a capture that is being read would crash
            self._reader.close()

    def __iter__(self) -> Iterator[Frame]:
        """The newest frame each time; frames that came meanwhile are dropped and counted.

        Raises:
            SourceError: The reader failed; the last frame before that is handed out first.
        """
        while True:
            with self._changed:
                while self._slot is None and not self._ended and not self._stopped:
                    self._changed.wait(_GLANCE_S)
                frame, self._slot = self._slot, None
            if self._stopped:
                return
            if frame is None:
                if self._error is not None:
                    raise self._error
                return
            yield frame

    def stop(self) -> None:
        """See `edgeface.camera.frame.FrameSource.stop`."""
        self._stopped = True

    def _drain(self) -> None:
        index = 0
        try:
            while not self._stopped:
                taken = self._reader.read()
                if taken is None:
                    return
                picture, captured_ns, position_ns = taken
                with self._changed:
                    self.dropped += self._slot is not None
                    self._slot = Frame(picture, index, captured_ns, position_ns)
                    self._changed.notify()
                index += 1
        except Exception as error:  # it belongs to whoever iterates, not to this thread
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()
