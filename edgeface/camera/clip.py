"""Clips: every frame as fast as it is asked for, or in real time as if from a camera."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edgeface.camera import capture
from edgeface.camera.frame import Given
from edgeface.camera.reader import Reader, Taken
from edgeface.errors import SourceError

# isort: split
import cv2

# A clip that cannot be decoded at its own speed is played slower rather than ever later.
_BEHIND_NS = 2 * 10**9


class ClipReader:
    """A clip, through the FFmpeg that comes with OpenCV: every frame as fast as it is asked for.

    Raises:
        SourceError: It is missing, or no clip.
    """

    reopened = 0

    def __init__(self, path: Path, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.name = str(path)
        self._clock = clock
        # An absolute path is never taken for a protocol or an option.
        self._capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            msg = f"{path}: not a clip that OpenCV reads, or a broken one"
            raise SourceError(msg, remedy="convert it, for example: ffmpeg -i CLIP clip.mp4")
        self.fps = capture.stated_fps(self._capture)
        height, width = capture.stated_size(self._capture)
        codec = capture.stated_pixels(self._capture, "clip")
        self.given = Given(height, width, self.fps, codec, "bgr", "read")
        frames = float(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._stated_s = frames / self.fps if self.fps and abs(frames) < 1e12 else 0.0
        self._frames, self._position_s = 0, 0.0

    def read(self) -> Taken | None:
        """See `Reader.read`.

        Raises:
            SourceError: It holds no frame, or ends well before the length that it states.
        """
        picture = capture.read_next(self._capture, self.name)
        if picture is None:
            self._check_complete()
            return None
        self._frames += 1
        position = capture.position_ns(self._capture)
        if position is not None:
            self._position_s = position / 1e9
        return Taken(lambda: picture, self._clock(), position)

    def _check_complete(self) -> None:
        """FFmpeg ends a file that was cut off like one that is whole."""
        remedy = "copy the clip again from where it came"
        if not self._frames:
            msg = f"{self.name}: no frame of it can be read"
            raise SourceError(msg, remedy=remedy)
        # Half a second and a twentieth: the length is often stated a frame or two too long.
        if self._stated_s - self._position_s > 0.5 + self._stated_s / 20:
            msg = (
                f"{self.name} is cut off or damaged: it ends at {self._position_s:.1f} s of the"
                f" {self._stated_s:.1f} s that it states"
            )
            raise SourceError(msg, remedy=remedy)

    def wake(self) -> None:
        """See `Reader.wake`: reading a file does not wait."""

    def close(self) -> None:
        """See `Reader.close`."""
        self._capture.release()


class PacedReader:
    """A clip in real time: a frame comes when its moment has come, as from a camera.

    Args:
        clip: A reader that states places in the clip, or at least frames per second.
        clock: Monotonic, ns.
    """

    reopened = 0

    def __init__(self, clip: Reader, clock: Callable[[], int] = time.monotonic_ns) -> None:
        if clip.fps is None:
            msg = f"{clip.name} states no frames per second, so it cannot be played in real time"
            raise SourceError(msg, remedy="leave --live out")
        self.name, self.fps = clip.name, clip.fps
        self.given = None if clip.given is None else replace(clip.given, stamp="stream")
        self._clip, self._clock = clip, clock
        self._woken = threading.Event()
        self._start: int | None = None
        self._frames = 0

    def read(self) -> Taken | None:
        """See `Reader.read`; a frame was taken when its moment in the clip came.

        If whoever reads was held up, frames come late and say so by their age.
        """
        taken = self._clip.read()
        if taken is None:
            return None
        now, position = self._clock(), taken.position_ns
        position = round(self._frames * 1e9 / self.fps) if position is None else position
        self._frames += 1
        if self._start is None or now - (self._start + position) > _BEHIND_NS:
            self._start = now - position
        due = self._start + position
        while (left := due - self._clock()) > 0:
            if self._woken.wait(left / 1e9):
                taken.discard()
                return None
        return replace(taken, captured_ns=due, position_ns=position, stamp="stream")

    def wake(self) -> None:
        """See `Reader.wake`."""
        self._woken.set()
        self._clip.wake()

    def close(self) -> None:
        """See `Reader.close`."""
        self._clip.close()
