"""Opening a source by what was written on the command line: a camera, a clip, a folder."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from edgeface.camera.frame import Frame, FrameSource
from edgeface.camera.newest import NewestFrames
from edgeface.camera.reader import CameraReader, ClipReader, PacedReader
from edgeface.errors import SourceError, UsageError
from edgeface.images import SUFFIXES, read_picture

_CAMERA = re.compile(r"(?:/dev/video)?([0-9]{1,3})")
_STILLS = SUFFIXES - {".gif"}


class Clip:
    """Every frame of a clip, none dropped. GIFs are clips."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.fps: float | None = None
        self.dropped = 0
        self._path = path
        self._stopped = False

    def __enter__(self) -> Self:
        self._reader = ClipReader(self._path)
        self.fps = self._reader.fps
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.close()

    def __iter__(self) -> Iterator[Frame]:
        """See `edgeface.camera.frame.FrameSource`."""
        index = 0
        while not self._stopped and (taken := self._reader.read()) is not None:
            picture, captured_ns, position_ns = taken
            yield Frame(picture, index, captured_ns, position_ns)
            index += 1

    def stop(self) -> None:
        """See `edgeface.camera.frame.FrameSource.stop`."""
        self._stopped = True


class Pictures:
    """The pictures of a folder in the order of their names, or a single one."""

    def __init__(self, path: Path, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.name = str(path)
        self.fps: float | None = None
        self.dropped = 0
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


def open_source(spec: str, *, live: bool = False) -> FrameSource:
    """Find out what a source is; it is opened when its context is entered.

    Args:
        spec: A camera (``0`` or ``/dev/video0``), a clip, a folder of pictures or one picture.
        live: Play a clip in real time, newest frame only, as if it were a camera.

    Raises:
        UsageError: There is nothing of that name, or it cannot be played live.
    """
    camera = _CAMERA.fullmatch(spec)
    if camera:
        device = int(camera[1])
        return NewestFrames(lambda: CameraReader(device), f"/dev/video{device}")
    path = Path(spec)
    if not spec or not path.exists():
        msg = f"--source {spec}: no such camera, clip or folder"
        raise UsageError(msg, remedy="0 is the first camera; otherwise name a clip or a folder")
    if path.is_dir() or path.suffix.lower() in _STILLS:
        if live:
            msg = f"--source {spec}: pictures have no frames per second to be played live at"
            raise UsageError(msg, remedy="leave --live out")
        return Pictures(path)
    if live:
        return NewestFrames(lambda: PacedReader(ClipReader(path)), str(path))
    return Clip(path)


def _stills(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in _STILLS and p.is_file())
