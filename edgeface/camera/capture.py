"""OpenCV's VideoCapture, with its complaints as our errors."""

import math
import os
from typing import Any

from edgeface.errors import SourceError
from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # quiet: a broken clip is an error of ours

import cv2
import numpy as np


def read_next(capture: Any, name: str) -> Picture | None:
    """The next picture of an open capture; None where there is none.

    Raises:
        SourceError: OpenCV cannot decode it.
    """
    try:
        there, picture = capture.read()
    except cv2.error as error:
        msg = f"{name}: a frame cannot be decoded ({' '.join(str(error).split())[:200]})"
        raise SourceError(msg) from error
    return np.asarray(picture, np.uint8) if there else None


def position_ns(capture: Any) -> int | None:
    """The time of the frame that was read last, as the file, stream or driver has it."""
    position = float(capture.get(cv2.CAP_PROP_POS_MSEC))
    return round(position * 1e6) if math.isfinite(position) else None


def stated_fps(capture: Any) -> float | None:
    """Frames per second; None where none are stated, or none that can be."""
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return fps if 0 < fps <= 1000 else None


def stated_size(capture: Any) -> tuple[int, int]:
    """Height and width; 0 where they are not known."""
    stated = (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)
    height, width = (float(capture.get(what)) for what in stated)
    if not (math.isfinite(height) and math.isfinite(width)):
        return 0, 0
    return max(0, round(height)), max(0, round(width))


def stated_pixels(capture: Any, otherwise: str) -> str:
    """The four letters of the format or codec."""
    code = float(capture.get(cv2.CAP_PROP_FOURCC))
    if not math.isfinite(code) or code <= 0:
        return otherwise
    letters = (int(code) >> shift & 0xFF for shift in (0, 8, 16, 24))
    text = "".join(chr(c) for c in letters if 32 < c < 127)
    return text or otherwise
