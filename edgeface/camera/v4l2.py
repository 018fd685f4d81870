"""Cameras through Video4Linux2: USB cameras, and whatever else is a /dev/video*."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edgeface.camera import capture
from edgeface.camera.frame import Given
from edgeface.camera.reader import Taken
from edgeface.errors import SourceError

# OpenCV waits so many seconds for a frame, whole ones only, and reads this once: short, so that a
# thread that waits for a camera which gives nothing can be ended.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")

# isort: split
import cv2

CAMERA_SIZE = (480, 640)
PATIENCE_S = 10.0
# A read that fails at once is an unplugged camera, one that took this long waited for a frame.
_WAITED_S = 0.5
# A driver's timestamp is believed if it lies so little in the past; some use another clock.
_BELIEVABLE_NS = 10 * 10**9


class CameraReader:
    """A camera through OpenCV's V4L2 backend.

    Args:
        device: Its number, as in ``/dev/video0``.
        size: Height and width to ask for, in pixels.
        fps: Frames per second to ask for; None leaves them to the driver.
        pixels: Four letters to ask for (``MJPG``, ``YUYV``); None leaves it to OpenCV.
        say: Takes a line for a person: that it gives something else than it was asked for.
        clock: Monotonic, ns.

    Raises:
        SourceError: It does not open.
    """

    reopened = 0

    def __init__(
        self,
        device: int,
        *,
        size: tuple[int, int] = CAMERA_SIZE,
        fps: float | None = None,
        pixels: str | None = None,
        say: Callable[[str], None] = lambda text: None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = f"/dev/video{device}"
        self._clock = clock
        self._woken = threading.Event()
        self._capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            msg = f"camera {self.name} does not open"
            raise SourceError(msg, remedy=_remedy(self.name))
        # The format first: which sizes and rates there are depends on it.
        if pixels is not None:
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*pixels))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[1])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[0])
        if fps is not None:
            self._capture.set(cv2.CAP_PROP_FPS, fps)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self.fps = capture.stated_fps(self._capture)
        height, width = capture.stated_size(self._capture)
        got = capture.stated_pixels(self._capture, "V4L2")
        self.given = Given(height, width, self.fps, got, "bgr", "driver")
        if different := _different(self.given, size, fps, pixels):
            say(f"{self.name} gives {self.given}; it was asked for {different}")
        self._frames = 0

    def read(self) -> Taken | None:
        """See `Reader.read`; it never ends by itself.

        Raises:
            SourceError: The camera gives no more pictures, unplugged for example.
        """
        waited = 0.0
        while True:
            asked_ns = self._clock()
            picture = capture.read_next(self._capture, self.name)
            now = self._clock()
            if self._woken.is_set():
                return None
            if picture is not None:
                break
            took_s = (now - asked_ns) / 1e9
            waited += took_s
            if took_s < _WAITED_S or waited >= PATIENCE_S:
                self._gone(waited)
        self._frames += 1
        # The driver's own timestamp, on the monotonic clock: it is right for buffered frames too.
        taken_ns = capture.position_ns(self._capture) or 0
        if taken_ns > 0 and 0 <= now - taken_ns < _BELIEVABLE_NS:
            return Taken(lambda: picture, taken_ns, stamp="driver")
        return Taken(lambda: picture, now)

    def _gone(self, waited: float) -> None:
        what = "stopped" if self._frames else "opens and gives no picture"
        silent = f" and {waited:.0f} s of silence" if waited > _WAITED_S else ""
        msg = f"camera {self.name} {what} after {self._frames} frames{silent}"
        raise SourceError(msg, remedy="check the cable, and that no other program uses it")

    def wake(self) -> None:
        """See `Reader.wake`: a read waits a second at most."""
        self._woken.set()

    def close(self) -> None:
        """See `Reader.close`."""
        self._capture.release()


def _different(
    given: Given, size: tuple[int, int], fps: float | None, pixels: str | None
) -> str | None:
    """What was asked for, if something else came."""
    same = (given.height, given.width) in (size, (0, 0))
    same &= fps is None or given.fps is None or abs(given.fps - fps) < 0.5
    same &= pixels is None or given.pixels in (pixels, "V4L2")
    if same:
        return None
    rate = "" if fps is None else f" at {fps:g} fps"
    return f"{size[1]}x{size[0]}{'' if pixels is None else f' {pixels}'}{rate}"


def _remedy(name: str) -> str:
    found = sorted(str(p) for p in Path("/dev").glob("video*"))
    if not found:
        return "there is no /dev/video* at all: plug a camera in, or name a clip with --source"
    if name not in found:
        return f"the cameras here are {', '.join(found)}"
    if not os.access(name, os.R_OK | os.W_OK):
        return f"no permission for {name}: sudo usermod -aG video $USER, and log in again"
    return (
        "another program may be using it, or it is no camera (try the next number); the camera"
        " on a Raspberry Pi's ribbon cable is --source picamera"
    )
