"""OpenCV's frontal Haar cascade: the detector whose boxes all others answer in."""

from pathlib import Path

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np

from edgeface.errors import DetectorError
from edgeface.geometry import Detections, no_detections
from edgeface.vision.search import best_first, failed, shrink

# Chosen by comparison with YuNet, on 197 LFW pictures (every eighth) with 224 faces, and 109 frames
# of six clips with 140: this finds 198 with 0.02 false ones a picture, and 103 with two false, in
# 33 ms of one busy core at 640x480. Steps of 1.1 and three neighbours: 198 with 0.05, and 108 with
# one, in 58 ms. haarcascade_frontalface_default so: 200 with 0.15, and 116 with eleven. A false
# face would get a name.
HAAR_FILE = "haarcascade_frontalface_alt2.xml"
HAAR_STEP = 1.2
HAAR_NEIGHBOURS = 2
HAAR_LEAST_SIDE_PX = 32


class Haar:
    """OpenCV's frontal cascade: it needs no file of its own and finds upright, frontal faces."""

    name = "haar"

    def __init__(self) -> None:
        if not hasattr(cv2, "CascadeClassifier") or not hasattr(cv2, "data"):
            msg = f"OpenCV {cv2.__version__} has no Haar cascades (they left with version 5)"
            raise DetectorError(msg, remedy="pip install 'opencv-python-headless>=4.14,<5'")
        path = Path(cv2.data.haarcascades) / HAAR_FILE  # type: ignore[attr-defined]
        self._cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else None
        if self._cascade is None or self._cascade.empty():
            msg = f"{path}: the Haar cascade of OpenCV {cv2.__version__} is missing or broken"
            remedy = "pip install --force-reinstall 'opencv-python-headless>=4.14,<5'"
            raise DetectorError(msg, remedy=remedy)

    def detect(self, picture: Picture) -> Detections:
        """See `Detector.detect`; scores are the stage sums of the cascade."""
        small, scale = shrink(picture)
        least = (HAAR_LEAST_SIDE_PX, HAAR_LEAST_SIDE_PX)
        try:
            gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
            found, _, weights = self._cascade.detectMultiScale3(  # type: ignore[union-attr]
                gray, HAAR_STEP, HAAR_NEIGHBOURS, 0, least, outputRejectLevels=True
            )
        except cv2.error as error:
            raise failed(self.name, picture, error) from error
        if not len(found):
            return no_detections()
        rectangles = np.asarray(found, np.float32)
        boxes = np.concatenate([rectangles[:, :2], rectangles[:, :2] + rectangles[:, 2:]], axis=1)
        return best_first(boxes * scale, np.asarray(weights, np.float32).ravel())
