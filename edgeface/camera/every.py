"""Every frame of something that does not run away."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from edgeface.camera.frame import Frame, Given
from edgeface.camera.reader import Reader


class EveryFrame:
    """Every frame of a reader in its order, none dropped.

    Args:
        open_reader: Opens the reader; called when the context is entered.
        name: What it is called before it is open.
    """

    dropped = 0
    reopened = 0

    def __init__(self, open_reader: Callable[[], Reader], name: str) -> None:
        self.name = name
        self.fps: float | None = None
        self.given: Given | None = None
        self._open_reader = open_reader
        self._index = 0
        self._stopped = False

    def __enter__(self) -> Self:
        self._reader = self._open_reader()
        self.name, self.fps, self.given = self._reader.name, self._reader.fps, self._reader.given
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.close()

    def __iter__(self) -> Self:
        """See `edgeface.camera.frame.FrameSource`."""
        return self

    def __next__(self) -> Frame:
        """The next frame.

        Raises:
            SourceError: See `edgeface.camera.frame.FrameSource`.
        """
        taken = None if self._stopped else self._reader.read()
        if taken is None:
            raise StopIteration
        index, self._index = self._index, self._index + 1
        return Frame(
            taken.develop(), index, taken.captured_ns, taken.position_ns, stamp=taken.stamp
        )

    def stop(self) -> None:
        """See `edgeface.camera.frame.FrameSource.stop`."""
        self._stopped = True
