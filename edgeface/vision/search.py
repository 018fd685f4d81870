"""What detectors share: the copy of a picture that is searched, and the order of what is found."""

from typing import Any

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np

from edgeface.errors import DetectorError
from edgeface.geometry import Detections, area

# Pictures are searched in a copy of at most this many pixels on the longer side, in training and on
# the device alike: a camera's 640x480 as it is, a photograph of any size at a bounded cost.
SEARCH_SIDE_PX = 960


def shrink(picture: Picture) -> tuple[Picture, float]:
    """A copy of at most `SEARCH_SIDE_PX`, and the factor that leads back; small ones as they are.

    As in `images.crop`: an area mean by a whole number, the rest linearly, the same on every board.
    """
    rows, columns = picture.shape[:2]
    longest = max(rows, columns)
    if longest <= SEARCH_SIDE_PX:
        return picture, 1.0
    step = longest // SEARCH_SIDE_PX
    if step > 1 and min(rows, columns) >= step:
        whole = picture[: rows // step * step, : columns // step * step]
        size = (whole.shape[1] // step, whole.shape[0] // step)
        picture = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
    scale = longest / SEARCH_SIDE_PX
    size = (max(1, round(columns / scale)), max(1, round(rows / scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8), scale


def best_first(boxes: Any, scores: Any, landmarks: Any = None) -> Detections:
    """Sorted by score, then size, then place: OpenCV's threads find them in any order.

    Boxes are rounded to quarters of a pixel, which are the same number in float32, in float64 and
    in two decimals: a box that was written down leads to the same crop, byte for byte.
    """
    boxes = np.asarray(np.round(np.asarray(boxes, np.float64) * 4) / 4, np.float32)
    scores = np.asarray(scores, np.float32)
    order = np.lexsort((boxes[:, 0], boxes[:, 1], -area(boxes), -scores))
    marks = None if landmarks is None else np.asarray(landmarks, np.float32)[order]
    return Detections(boxes[order], scores[order], marks)


def failed(name: str, picture: Picture, error: cv2.error) -> DetectorError:
    """What is raised where OpenCV gave up on a picture."""
    reason = " ".join(str(error).split())[:200]
    size = f"{picture.shape[1]}x{picture.shape[0]} px"
    return DetectorError(f"detector {name} failed on a picture of {size} ({reason})")
