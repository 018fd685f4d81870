"""What is asked of a source, besides where it is."""

import re
from dataclasses import dataclass

from edgeface.errors import UsageError

Size = tuple[int, int]

_SIZE = re.compile(r"([0-9]{2,5})[x×]([0-9]{2,5})")
MOST_PX = 16_384


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a source; None leaves it to the source.

    Attributes:
        live: Play a clip in real time, newest frame only, as if it were a camera.
        size: Height and width in pixels.
        lores: Of Picamera2's low-resolution stream, which is then the one that is looked at.
        fps: Frames per second.
        pixels: V4L2's four letters, such as ``MJPG``.
        tcp: RTSP over TCP.
        apart: The camera in a process of its own.
    """

    live: bool = False
    size: Size | None = None
    lores: Size | None = None
    fps: float | None = None
    pixels: str | None = None
    tcp: bool = False
    apart: bool = False

    def __post_init__(self) -> None:
        if self.fps is not None and not 0 < self.fps <= 1000:
            msg = f"--fps {self.fps:g}: more than 0 and at most 1000 frames per second"
            raise UsageError(msg)
        if self.pixels is not None and not re.fullmatch(r"[A-Z0-9]{3}[A-Z0-9 ]", self.pixels):
            msg = f"--pixel-format {self.pixels!r}: four capital letters, such as MJPG or YUYV"
            raise UsageError(msg)


def read_size(text: str, option: str) -> Size:
    """``640x480`` as height and width.

    Raises:
        UsageError: It is none.
    """
    found = _SIZE.fullmatch(text.strip().lower())
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (16 <= width <= MOST_PX and 16 <= height <= MOST_PX):
        msg = f"{option} {text}: a size is WIDTHxHEIGHT in pixels"
        raise UsageError(msg, remedy=f"for example {option} 640x480")
    return height, width
