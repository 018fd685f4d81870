"""The YuNet network through OpenCV, its answer brought to Haar's boxes."""

from pathlib import Path
from typing import Any

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np

from edgeface.errors import DetectorError
from edgeface.geometry import Detections, no_detections
from edgeface.vision.search import best_first, failed, shrink

YUNET_LEAST_SCORE = 0.7
YUNET_MAX_IOU = 0.3
YUNET_MAX_BYTES = 64 * 1024 * 1024

# From YuNet's answer to the Haar square, medians over 622 LFW pictures with one face for either
# (`python benchmarks/detector_boxes.py lfw_dev_ids --yunet FILE --every 2`): its side, and how far
# its centre lies below the middle of the eyes, both per mean of YuNet's width and height. Sideways
# the eyes place it with a deviation of 0.022, the centre of YuNet's box with one of 0.069.
YUNET_SIDE = 1.037
YUNET_BELOW_EYES = 0.110

_REMEDY = (
    "download face_detection_yunet_2023mar.onnx from the OpenCV model zoo "
    "(github.com/opencv/opencv_zoo) and name it with --detector-model"
)


class YuNet:
    """The YuNet network through OpenCV: faster than Haar, and not only frontal faces.

    Args:
        model: Its ONNX file, for example ``face_detection_yunet_2023mar.onnx``.

    Raises:
        DetectorError: The file is not given, missing, or not YuNet's.
    """

    name = "yunet"

    def __init__(self, model: Path | None) -> None:
        if not hasattr(cv2, "FaceDetectorYN"):
            msg = f"OpenCV {cv2.__version__} has no FaceDetectorYN"
            raise DetectorError(msg, remedy="pip install 'opencv-python-headless>=4.14,<5'")
        content = _read_model(model)
        try:
            self._net: Any = cv2.FaceDetectorYN.create(
                "onnx",
                np.frombuffer(content, np.uint8),
                np.zeros(0, np.uint8),
                (320, 320),
                YUNET_LEAST_SCORE,
                YUNET_MAX_IOU,
            )
            # Whatever parses is taken until it is asked: a file that is another network fails here.
            self._net.detect(np.zeros((320, 320, 3), np.uint8))
        except cv2.error as error:
            msg = f"{model}: not a YuNet ONNX file that OpenCV {cv2.__version__} can run"
            raise DetectorError(msg, remedy=_REMEDY) from error

    def detect(self, picture: Picture) -> Detections:
        """See `Detector.detect`; scores are YuNet's, 0 to 1."""
        small, scale = shrink(picture)
        try:
            self._net.setInputSize((small.shape[1], small.shape[0]))
            _, found = self._net.detect(small)
        except cv2.error as error:
            raise failed(self.name, picture, error) from error
        if found is None:
            return no_detections()
        # Columns: x, y, width, height, right eye x y, left eye x y, nose, mouth …, score.
        eyes = (found[:, 4:6] + found[:, 6:8]) / 2
        size = found[:, 2:4].mean(axis=1, keepdims=True)
        centre = eyes + size * np.asarray([0, YUNET_BELOW_EYES], np.float32)
        half = size * (YUNET_SIDE / 2)
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        marks = found[:, 4:14].reshape(-1, 5, 2) * scale
        return best_first(boxes * scale, found[:, 14], marks)


def _read_model(model: Path | None) -> bytes:
    if model is None:
        msg = "detector yunet needs its model file and none was given"
        raise DetectorError(msg, remedy=_REMEDY)
    try:
        if model.stat().st_size > YUNET_MAX_BYTES:
            msg = f"{model}: {model.stat().st_size} bytes; YuNet's file is far under a megabyte"
            raise DetectorError(msg, remedy=_REMEDY)
        return model.read_bytes()
    except OSError as error:
        msg = f"{model}: the detector's model file cannot be read ({error.strerror})"
        raise DetectorError(msg, remedy=_REMEDY) from error
