"""What is read one frame after the other, blocking until there is one: clips and V4L2 cameras."""

import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from edgeface.errors import SourceError
from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # quiet: a broken clip is an error of ours

import cv2
import numpy as np

CAMERA_SIZE = (640, 480)
# A driver's timestamp is believed if it lies so little in the past; some use another clock.
_BELIEVABLE_NS = 10 * 10**9

Taken = tuple[Picture, int, int | None]


class Reader(Protocol):
    """Reads frames. One thread reads; `close` comes when it has ended."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    @property
    def fps(self) -> float | None:
        """Frames per second as stated by the source."""

    def read(self) -> Taken | None:
        """Wait for the next frame.

        Returns:
            Its picture, when it was taken (monotonic, ns), its place in the clip (ns) or None;
            None alone at the end.

        Raises:
            SourceError: The source failed.
        """

    def wake(self) -> None:
        """Let a `read` that waits return soon; called by another thread."""

    def close(self) -> None:
        """Release what is open."""


class ClipReader:
    """A clip, through the FFmpeg that comes with OpenCV: every frame as fast as it is asked for.

    Raises:
        SourceError: It is missing, or no clip.
    """

    def __init__(self, path: Path, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.name = str(path)
        self._clock = clock
        # An absolute path is never taken for a protocol or an option.
        self._capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            msg = f"{path}: not a clip that OpenCV reads, or a broken one"
            raise SourceError(msg, remedy="convert it, for example: ffmpeg -i CLIP clip.mp4")
        self.fps = _fps(self._capture)
        frames = float(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._stated_s = frames / self.fps if self.fps and math.isfinite(frames) else 0.0
        self._frames, self._position_s = 0, 0.0

    def read(self) -> Taken | None:
        """See `Reader.read`.

        Raises:
            SourceError: It holds no frame, or ends well before the length that it states.
        """
        picture = _read(self._capture, self.name)
        if picture is None:
            self._check_complete()
            return None
        self._frames += 1
        position = float(self._capture.get(cv2.CAP_PROP_POS_MSEC))
        if not math.isfinite(position):
            return picture, self._clock(), None
        self._position_s = position / 1e3
        return picture, self._clock(), round(position * 1e6)

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

    def __init__(self, clip: Reader, clock: Callable[[], int] = time.monotonic_ns) -> None:
        if clip.fps is None:
            msg = f"{clip.name} states no frames per second, so it cannot be played in real time"
            raise SourceError(msg, remedy="leave --live out")
        self.name, self.fps = clip.name, clip.fps
        self._clip, self._clock = clip, clock
        self._woken = threading.Event()
        self._start: int | None = None
        self._frames = 0

    def read(self) -> Taken | None:
        """See `Reader.read`; a frame was taken when its moment came, or later when it was read."""
        taken = self._clip.read()
        if taken is None:
            return None
        picture, now, position = taken
        position = round(self._frames * 1e9 / self.fps) if position is None else position
        self._frames += 1
        if self._start is None:
            self._start = now - position
        due = self._start + position
        while (left := due - self._clock()) > 0:
            if self._woken.wait(left / 1e9):
                return None
        return picture, max(due, now), position

    def wake(self) -> None:
        """See `Reader.wake`."""
        self._woken.set()

    def close(self) -> None:
        """See `Reader.close`."""
        self._clip.close()


class CameraReader:
    """A camera through Video4Linux2.

    Args:
        device: Its number, as in ``/dev/video0``.
        clock: Monotonic, ns.

    Raises:
        SourceError: It does not open.
    """

    def __init__(self, device: int, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.name = f"/dev/video{device}"
        self._clock = clock
        self._capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            msg = f"camera {self.name} does not open"
            raise SourceError(msg, remedy=_camera_remedy(self.name))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, CAMERA_SIZE[0])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, CAMERA_SIZE[1])
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self.fps = _fps(self._capture)
        self._frames = 0

    def read(self) -> Taken | None:
        """See `Reader.read`; it never ends by itself.

        Raises:
            SourceError: The camera gives no more pictures, unplugged for example.
        """
        picture = _read(self._capture, self.name)
        now = self._clock()
        if picture is None:
            what = "stopped" if self._frames else "opens and gives no picture"
            msg = f"camera {self.name} {what} after {self._frames} frames"
            raise SourceError(msg, remedy="check the cable, and that no other program uses it")
        self._frames += 1
        # The driver's own timestamp, on the monotonic clock: it is right for buffered frames too.
        stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        taken = round(stamp * 1e6) if math.isfinite(stamp) else 0
        return picture, taken if 0 <= now - taken < _BELIEVABLE_NS else now, None

    def wake(self) -> None:
        """See `Reader.wake`: OpenCV gives a waiting read up by itself after ten seconds at most."""

    def close(self) -> None:
        """See `Reader.close`."""
        self._capture.release()


def _read(capture: Any, name: str) -> Picture | None:
    try:
        there, picture = capture.read()
    except cv2.error as error:
        msg = f"{name}: a frame cannot be decoded ({' '.join(str(error).split())[:200]})"
        raise SourceError(msg) from error
    return np.asarray(picture, np.uint8) if there else None


def _fps(capture: Any) -> float | None:
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return fps if 0 < fps <= 1000 else None


def _camera_remedy(name: str) -> str:
    found = sorted(str(p) for p in Path("/dev").glob("video*"))
    if not found:
        return "there is no /dev/video* at all: plug a camera in, or name a clip with --source"
    if name not in found:
        return f"the cameras here are {', '.join(found)}"
    if not os.access(name, os.R_OK | os.W_OK):
        return f"no permission for {name}: sudo usermod -aG video $USER, and log in again"
    return "another program may be using it, or it is no camera (try the next number)"
