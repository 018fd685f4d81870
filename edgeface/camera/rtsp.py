"""Network cameras that speak RTSP, through the FFmpeg that comes with OpenCV."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edgeface.camera import capture
from edgeface.camera.delay import LeastDelay
from edgeface.camera.frame import Given
from edgeface.camera.reader import Taken
from edgeface.camera.url import parse_address
from edgeface.errors import SourceError

# isort: split
import cv2

OPEN_TIMEOUT_S = 10.0
# A silent stream takes it twice: after the first, OpenCV hands out what the decoder held back.
READ_TIMEOUT_S = 5.0
OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"  # the one way to hand options to OpenCV's FFmpeg
_OPENING = threading.Lock()


class RtspReader:
    """A stream over UDP without buffering, or over TCP.

    TCP starts about a second behind, because the server sends what it has; UDP loses packets rather
    than time, which shows as smears in the picture. One thread decodes: FFmpeg holds one frame back
    for each further one. ``OPENCV_FFMPEG_CAPTURE_OPTIONS`` of the environment is taken as it is, if
    it is set.

    Args:
        url: ``rtsp://USER:PASSWORD@HOST/PATH``.
        tcp: For networks that let no UDP through.
        clock: Monotonic, ns.

    Raises:
        SourceError: Nobody answers, or with no pictures.
    """

    reopened = 0

    def __init__(
        self, url: str, *, tcp: bool = False, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.name = parse_address(url).shown
        self._clock, self._delay = clock, LeastDelay()
        self._woken = threading.Event()
        params = [cv2.CAP_PROP_N_THREADS, 1]
        params += [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(OPEN_TIMEOUT_S * 1e3)]
        params += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(READ_TIMEOUT_S * 1e3)]
        with _options(tcp):
            self._capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, params)
        if not self._capture.isOpened():
            msg = f"{self.name} does not open"
            raise SourceError(msg, remedy=_remedy(tcp))
        self.fps = capture.stated_fps(self._capture)
        height, width = capture.stated_size(self._capture)
        codec = capture.stated_pixels(self._capture, "RTSP")
        by = "TCP" if tcp else "UDP"
        self.given = Given(height, width, self.fps, f"{codec} over {by}", "bgr", "stream")
        self._frames = 0

    def read(self) -> Taken | None:
        """See `Reader.read`.

        Raises:
            SourceError: The stream stopped.
        """
        picture = capture.read_next(self._capture, self.name)
        now = self._clock()
        if picture is None:
            if self._woken.is_set():
                return None
            what = "stopped" if self._frames else "opens and gives no picture"
            msg = f"{self.name} {what}"
            raise SourceError(msg, remedy="" if self._frames else "add --rtsp-tcp")
        self._frames += 1
        carried_ns = capture.position_ns(self._capture)
        if not carried_ns or carried_ns < 0:
            return Taken(lambda: picture, now)
        return Taken(lambda: picture, self._delay(carried_ns, now), stamp="stream")

    def wake(self) -> None:
        """See `Reader.wake`: FFmpeg gives a waiting read up by itself after `READ_TIMEOUT_S`."""
        self._woken.set()

    def close(self) -> None:
        """See `Reader.close`."""
        self._capture.release()


@contextmanager
def _options(tcp: bool) -> Iterator[None]:
    """Set what FFmpeg is told while it opens a stream; it is of the whole process."""
    with _OPENING:
        if OPTIONS in os.environ:
            yield
            return
        os.environ[OPTIONS] = (
            "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay"
            if tcp
            else "rtsp_transport;udp|fflags;nobuffer|flags;low_delay"
        )
        try:
            yield
        finally:
            del os.environ[OPTIONS]


def _remedy(tcp: bool) -> str:
    check = "check the address, user and password with: ffplay -rtsp_transport tcp ADDRESS"
    return check if tcp else f"try --rtsp-tcp if the network lets no UDP through; {check}"
