"""Finding faces: detectors behind one seam, all of them answering in one convention of boxes.

A network is trained on crops around boxes, so boxes of another size or place are other pictures to
it. Every detector here answers in the convention of OpenCV's frontal Haar cascade.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from edgeface.errors import UsageError
from edgeface.geometry import Boxes, Detections, area
from edgeface.images import Picture
from edgeface.vision.haar import Haar
from edgeface.vision.window import Window
from edgeface.vision.yunet import YuNet

DOMINANT = 2.5
WITH_FILE = ("yunet", "window")


class Detector(Protocol):
    """Something that finds faces. Not safe for use by two threads at once."""

    @property
    def name(self) -> str:
        """``haar``, ``yunet``, ``window`` or ``none``: what manifests call it."""

    def detect(self, picture: Picture) -> Detections:
        """Find the faces of one picture.

        Args:
            picture: (height, width, 3) uint8, blue-green-red.

        Returns:
            Squares in the Haar convention, the surest first; the same for the same picture. They
            may reach over the edge of the picture.

        Raises:
            DetectorError: OpenCV or the runtime failed on this picture.
        """


class NoDetector:
    """The whole picture is the face: the largest centred square of it, with score 1."""

    name = "none"

    def detect(self, picture: Picture) -> Detections:
        """See `Detector.detect`; it is always one box."""
        rows, columns = picture.shape[:2]
        side = min(rows, columns)
        left, top = (columns - side) / 2, (rows - side) / 2
        box = np.asarray([[left, top, left + side, top + side]], np.float32)
        return Detections(box, np.ones(1, np.float32))


# A new detector is one file and one line.
DETECTORS: dict[str, Callable[[Path | None], Detector]] = {
    "haar": lambda model: Haar(),
    "yunet": YuNet,
    "window": Window,
    "none": lambda model: NoDetector(),
}


def open_detector(name: str, model: Path | None = None) -> Detector:
    """Open a detector.

    Args:
        name: One of `DETECTORS`.
        model: YuNet's ONNX file, or a window file or a bundle with one; the others take none.

    Raises:
        UsageError: No such detector, or a file for one that takes none.
        DetectorError: It cannot be opened; the remedy says what is missing.
    """
    if name not in DETECTORS:
        msg = f"unknown detector {name!r}; known: {', '.join(DETECTORS)}"
        raise UsageError(msg)
    if model is not None and name not in WITH_FILE:
        msg = f"detector {name} takes no model file, {model} was given"
        remedy = f"add --detector {' or '.join(WITH_FILE)}, or leave --detector-model out"
        raise UsageError(msg, remedy=remedy)
    return DETECTORS[name](model)


def find_one_face(
    found: Detections, picture_shape: tuple[int, ...]
) -> tuple[Boxes | None, Literal["one", "none", "several"]]:
    """The face that a photograph of one person shows.

    It is the only one, or one `DOMINANT` times as large in area as every other. Of several that are
    nearer in size none is taken, wherever it stands in the picture: it may be anybody.

    Args:
        found: What a detector found.
        picture_shape: (height, width, …) of the picture; boxes centred outside of it do not count.

    Returns:
        The box (4,) float32 xyxy where there is one, and which of the three it is.
    """
    centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    limit = np.asarray([picture_shape[1], picture_shape[0]])
    found = found[np.all((centres >= 0) & (centres < limit), axis=1)]
    if not len(found):
        return None, "none"
    areas = area(found.boxes)
    largest, *rest = np.argsort(-areas, kind="stable")
    if rest and areas[largest] < DOMINANT * areas[rest[0]]:
        return None, "several"
    return found.boxes[largest], "one"
