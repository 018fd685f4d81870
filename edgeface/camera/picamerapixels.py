"""From the memory of Picamera2's buffers to pictures: formats, padding, colour order."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2

# What Picamera2 calls RGB888 is blue, green, red in memory, and BGR888 the other way round: the
# names are libcamera's (DRM's), which count from the highest byte.
ORDER = {"RGB888": "bgr", "BGR888": "rgb", "YUV420": "yuv"}


@dataclass(frozen=True, slots=True)
class Stream:
    """What the camera was really configured to for one of its streams."""

    name: str
    pixels: str
    height: int
    width: int


def to_bgr(mapped: Any, stream: Stream) -> Picture:
    """A copy of a mapped buffer in blue-green-red, without the padding of its rows.

    Args:
        mapped: Of RGB888 and BGR888 (height, width or more, 3), of YUV420 (height * 3 / 2, stride)
            uint8, all of I420's planes with rows of the same length.
        stream: What it is of.
    """
    if stream.pixels == "YUV420":
        whole = cv2.cvtColor(mapped, cv2.COLOR_YUV2BGR_I420)
        cut = whole[: stream.height, : stream.width]
        return np.ascontiguousarray(cut, np.uint8)
    cut = mapped[: stream.height, : stream.width]
    if stream.pixels == "BGR888":
        return np.asarray(cv2.cvtColor(cut, cv2.COLOR_RGB2BGR), np.uint8)
    return np.array(cut, np.uint8, order="C")
