"""A video of the loop, with what was seen drawn into it."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from edgeface.camera.frame import Result
from edgeface.errors import EdgefaceError, UsageError
from edgeface.images import Picture

# Those that OpenCV's wheels write without any codec of the system.
CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
UNSTATED_FPS = 15.0


class Video:
    """Writes a clip beside its place and renames it when it is complete.

    For a frame that the source dropped the one before is repeated, so that the clip runs at the
    speed of what was filmed. Its size is that of the first frame, less one pixel where that is odd;
    frames of another size are resized to it.

    Args:
        path: Ends in one of `CODECS`.
        fps: Of the source; `UNSTATED_FPS` where it states none.
        draw: Draws a result.
        force: Replace what is there.

    Raises:
        UsageError: The suffix is unknown, or the file exists and ``force`` is off.
    """

    def __init__(
        self,
        path: Path,
        fps: float | None,
        draw: Callable[[Result], Picture],
        *,
        force: bool = False,
    ) -> None:
        check_video(path, force=force)
        self.path, self._draw, self._fps = path, draw, fps or UNSTATED_FPS
        self._beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._last: tuple[int, Picture] | None = None
        self.frames = 0

    def __enter__(self) -> Self:
        """Find out whether the folder can be written.

        Raises:
            EdgefaceError: It cannot.
        """
        try:
            self._beside.touch(exist_ok=False)
        except OSError as error:
            raise self._cannot(error.strerror or str(error)) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the clip and give it its name; if the block raised, nothing is left.

        Raises:
            EdgefaceError: Not every frame arrived on the disk.
        """
        try:
            if self._writer is not None:
                self._writer.release()
                if kind is None:
                    self._check_arrived()
                    self._beside.replace(self.path)
        except OSError as wrong:
            raise self._cannot(wrong.strerror or str(wrong)) from wrong
        finally:
            self._beside.unlink(missing_ok=True)

    def __call__(self, result: Result) -> None:
        """Write one result.

        Raises:
            EdgefaceError: The writer does not open.
        """
        picture = self._draw(result)
        if self._writer is None:
            self._writer = self._open(picture)
        if (picture.shape[1], picture.shape[0]) != self._size:
            resized = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
            picture = np.asarray(resized, np.uint8)
        if self._last is not None:
            index, before = self._last
            for _ in range(result.frame.index - index - 1):
                self._write(before)
        self._write(picture)
        self._last = (result.frame.index, picture)

    def _open(self, picture: Picture) -> cv2.VideoWriter:
        rows, columns = picture.shape[:2]
        self._size = (max(2, columns // 2 * 2), max(2, rows // 2 * 2))
        codec = CODECS[self.path.suffix.lower()]
        fourcc = cv2.VideoWriter.fourcc(*codec)
        place = str(self._beside.absolute())
        writer = cv2.VideoWriter(place, cv2.CAP_FFMPEG, fourcc, self._fps, self._size)
        if not writer.isOpened():
            reason = f"OpenCV does not open a writer for {codec} at {self._size}"
            raise self._cannot(reason)
        return writer

    def _write(self, picture: Picture) -> None:
        assert self._writer is not None
        self._writer.write(picture)
        self.frames += 1

    def _check_arrived(self) -> None:
        """OpenCV's writer says nothing, of a full disk neither: look at what it left."""
        written = cv2.VideoCapture(str(self._beside.absolute()), cv2.CAP_FFMPEG)
        try:
            stated = written.get(cv2.CAP_PROP_FRAME_COUNT) if written.isOpened() else 0
            arrived = max(0, round(stated))  # of a cut Matroska file it states a nonsense below 0
        finally:
            written.release()
        # Matroska states a length, from which the number of frames follows but for one or two.
        allowed = 2 if self.path.suffix.lower() == ".mkv" else 0
        if abs(arrived - self.frames) > allowed:
            reason = f"{arrived} of {self.frames} frames arrived; is the disk full?"
            raise self._cannot(reason)

    def _cannot(self, reason: str) -> EdgefaceError:
        msg = f"the video {self.path} cannot be written ({reason})"
        return EdgefaceError(msg, remedy="free some space, or choose another place with --video")


def check_video(path: Path, *, force: bool) -> None:
    """Say before the loop that a video cannot be written there.

    Raises:
        UsageError: The suffix is none of `CODECS`; or something is there and ``force`` is off.
    """
    if path.suffix.lower() not in CODECS:
        msg = f"{path}: a video ends in {', '.join(CODECS)}"
        raise UsageError(msg)
    if path.is_dir() or (os.path.lexists(path) and not force):
        msg = f"{path} exists already"
        raise UsageError(msg, remedy="name another file, or add --force to replace it")
