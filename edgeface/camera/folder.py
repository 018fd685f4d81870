"""Pictures as a source: those of a folder, or one."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from edgeface.camera.frame import Frame, Given
from edgeface.errors import SourceError
from edgeface.images import SUFFIXES, read_picture

STILLS = SUFFIXES - {".gif"}


class Pictures:
    """The pictures of a folder in the order of their names, or a single one."""

    fps: float | None = None
    given: Given | None = None
    dropped = 0
    reopened = 0

    def __init__(self, path: Path, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.name = str(path)
        self._path, self._clock = path, clock
        self._files: Iterator[tuple[int, Path]] = iter(())
        self._stopped = False

    def __enter__(self) -> Self:
        files = [self._path] if self._path.is_file() else _stills(self._path)
        if not files:
            msg = f"{self._path}: a folder without pictures"
            raise SourceError(msg, remedy="name a folder that holds pictures, or a clip")
        self._files = enumerate(files)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files = iter(())

    def __iter__(self) -> Iterator[Frame]:
        """See `edgeface.camera.frame.FrameSource`."""
        return self

    def __next__(self) -> Frame:
        """The next picture. Not a generator: that would end with the first broken one.

        Raises:
            InputError: It is broken; the next may be whole.
        """
        if self._stopped:
            raise StopIteration
        index, path = next(self._files)
        return Frame(read_picture(path), index, self._clock(), file=path.name)

    def stop(self) -> None:
        """See `edgeface.camera.frame.FrameSource.stop`."""
        self._stopped = True


def _stills(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in STILLS and p.is_file())
