"""What of a frame is searched for faces, and at what size."""

from collections.abc import Iterable

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np

from edgeface.errors import UsageError
from edgeface.geometry import Detections
from edgeface.vision.detect import Detector
from edgeface.vision.haar import HAAR_LEAST_SIDE_PX
from edgeface.vision.motion import Region
from edgeface.vision.track import Box

Share = tuple[float, float, float, float]

_LEAST_SIDE_PX = 48  # of a region: less holds no face that a detector finds
_ALMOST_ALL = 0.6  # of the whole; a part beyond it saves too little to be worth its edges
_GROWN = 0.5  # sides of a face, around one that a region touches


def check_region(region: Share) -> Share:
    """Say that a region is none.

    Raises:
        UsageError: It does not lie in the frame, or has no size.
    """
    x0, y0, x1, y1 = region
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        msg = f"region {','.join(f'{v:g}' for v in region)}: no part of a frame"
        remedy = "name left,top,right,bottom as shares of it, for example 0,0.25,1,1"
        raise UsageError(msg, remedy=remedy)
    return region


def pixels_of(region: Share, shape: tuple[int, ...]) -> Region:
    """A region in whole pixels of a frame of this (height, width, …)."""
    rows, columns = shape[:2]
    x0, y0 = int(region[0] * columns), int(region[1] * rows)
    x1, y1 = round(region[2] * columns), round(region[3] * rows)
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def covering(
    moved: Region | None, wanted: Iterable[Box], faces: Iterable[Box], whole: Region
) -> Region | None:
    """The part of a frame to search, so that it cuts through no face.

    Args:
        moved: Where something moved.
        wanted: Boxes to look at in any case.
        faces: Boxes of all known faces.
        whole: What may be searched at all.

    Returns:
        A part of ``whole``, or ``whole`` where little would be saved; None: nothing to search.
    """
    parts: list[Box] = [_grown(box) for box in wanted]
    if moved is not None:
        parts.append(moved)
    if not parts:
        return None
    part = _around(parts)
    part = _around([part, *(_grown(f) for f in faces if _meet(_grown(f), part))])
    x0, y0 = max(int(part[0]), whole[0]), max(int(part[1]), whole[1])
    x1, y1 = min(int(part[2]) + 1, whole[2]), min(int(part[3]) + 1, whole[3])
    if min(x1 - x0, y1 - y0) <= 0:
        return None  # it lies outside of what may be searched
    if min(x1 - x0, y1 - y0) < _LEAST_SIDE_PX:
        return whole
    size = (whole[2] - whole[0]) * (whole[3] - whole[1])
    return whole if (x1 - x0) * (y1 - y0) > _ALMOST_ALL * size else (x0, y0, x1, y1)


def _grown(box: Box) -> Box:
    by = _GROWN * max(box[2] - box[0], box[3] - box[1])
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _around(boxes: list[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _meet(box: Box, other: Box) -> bool:
    apart = box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
    return not apart


def search(
    detector: Detector, picture: Picture, region: Region, least_face_px: int = 0
) -> Detections:
    """Find the faces of a part of a picture.

    Args:
        detector: Finds them.
        picture: (height, width, 3) uint8, blue-green-red.
        region: xyxy in pixels; faces whose centre lies outside of it are left out.
        least_face_px: Smaller ones are left out. From twice the smallest that Haar finds the part
            is shrunk by a whole number first, which makes the search as much faster.

    Returns:
        In pixels of the picture.

    Raises:
        DetectorError: The detector failed on it.
    """
    x0, y0, x1, y1 = region
    part = picture[y0:y1, x0:x1]
    step = max(1, least_face_px // HAAR_LEAST_SIDE_PX)
    step = min(step, max(1, min(part.shape[:2]) // _LEAST_SIDE_PX))
    if step > 1:
        rows, columns = part.shape[0] // step, part.shape[1] // step
        even = part[: rows * step, : columns * step]
        part = np.asarray(cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    found = detector.detect(part)
    if not len(found):
        return found
    corner = np.asarray([x0, y0], np.float32)
    boxes = found.boxes * np.float32(step) + np.tile(corner, 2)
    marks = None if found.landmarks is None else found.landmarks * np.float32(step) + corner
    placed = Detections(np.asarray(boxes, np.float32), found.scores, marks)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((middle >= corner) & (middle < np.asarray([x1, y1], np.float32))).all(axis=1)
    large = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) >= least_face_px
    keep = inside & large
    return placed if keep.all() else placed[keep]
