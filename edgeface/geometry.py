"""Boxes: what detectors return, and what is done with rectangles.

A box is ``(x0, y0, x1, y1)`` in pixels, float32, the far corner excluded; x to the right, y down.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector found in one picture, the best first.

    Attributes:
        boxes: (n, 4) float32, xyxy, pixels of the picture that was searched. Every detector here
            returns squares in one convention, that of OpenCV's frontal Haar cascade (brows to lower
            lip), so that a network may be trained on crops of one detector and run behind another.
        scores: (n,) float32, higher is surer; comparable within one detector only.
        landmarks: (n, 5, 2) float32, x and y of the right eye, the left eye, the nose, and the
            right and left corner of the mouth; None of detectors that give none.
    """

    boxes: Boxes
    scores: NDArray[np.float32]
    landmarks: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.scores), 4) or self.scores.ndim != 1:
            msg = f"boxes {self.boxes.shape} do not go with scores {self.scores.shape}"
            raise ValueError(msg)
        if self.landmarks is not None and self.landmarks.shape != (len(self.scores), 5, 2):
            msg = f"landmarks {self.landmarks.shape} do not go with scores {self.scores.shape}"
            raise ValueError(msg)

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, keep: NDArray[Any]) -> "Detections":
        """The detections that an index or boolean array keeps."""
        marks = None if self.landmarks is None else self.landmarks[keep]
        return Detections(self.boxes[keep], self.scores[keep], marks)


def no_detections() -> Detections:
    """A Detections with nothing in it."""
    return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


def area(boxes: Boxes) -> NDArray[np.float32]:
    """Areas in square pixels, (n,); an inside-out box has none."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def iou(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Intersection over union of every box of ``a`` (n, 4) with every box of ``b`` (m, 4): (n, m).

    Two boxes without area have an overlap of 0.
    """
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    inter = sides[..., 0] * sides[..., 1]
    union = area(a)[:, None] + area(b)[None, :] - inter
    return np.asarray(
        np.divide(inter, union, out=np.zeros_like(inter), where=union > 0), np.float32
    )


def nms(found: Detections, max_iou: float = 0.3) -> Detections:
    """Keep the best of every group of boxes that overlap by more than ``max_iou``."""
    order = np.argsort(-found.scores, kind="stable")
    overlap = iou(found.boxes, found.boxes)
    keep: list[int] = []
    for i in order:
        if all(overlap[i, k] <= max_iou for k in keep):
            keep.append(int(i))
    return found[np.asarray(keep, np.intp)]


def clip(boxes: Boxes, height: int, width: int) -> Boxes:
    """Boxes cut to a picture of ``height`` by ``width`` pixels."""
    limit = np.asarray([width, height, width, height], np.float32)
    return np.asarray(np.clip(boxes, 0, limit), np.float32)


def square(boxes: Boxes) -> Boxes:
    """The square around the centre of each box whose side is the mean of its width and height."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).mean(axis=1, keepdims=True) / 2
    return np.asarray(np.concatenate([centre - half, centre + half], axis=1), np.float32)
