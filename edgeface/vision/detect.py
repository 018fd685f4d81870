"""Finding faces: detectors behind one seam, all of them answering in one convention of boxes.

A network is trained on crops around boxes, so boxes of another size or place are other pictures to
it. Every detector here answers in the convention of OpenCV's frontal Haar cascade.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np

from edgeface.errors import DetectorError, UsageError
from edgeface.geometry import Boxes, Detections, area, no_detections

# Pictures are searched in a copy of at most this many pixels on the longer side, in training and on
# the device alike: a camera's 640x480 as it is, a photograph of any size at a bounded cost.
SEARCH_SIDE_PX = 960

# Chosen by comparison with YuNet, on 197 LFW pictures (every eighth) with 224 faces, and 109 frames
# of six clips with 140: this finds 198 with 0.02 false ones a picture, and 103 with two false, in
# 33 ms of one busy core at 640x480. Steps of 1.1 and three neighbours: 198 with 0.05, and 108 with
# one, in 58 ms. haarcascade_frontalface_default so: 200 with 0.15, and 116 with eleven. A false
# face would get a name.
HAAR_FILE = "haarcascade_frontalface_alt2.xml"
HAAR_STEP = 1.2
HAAR_NEIGHBOURS = 2
HAAR_LEAST_SIDE_PX = 32

YUNET_LEAST_SCORE = 0.7
YUNET_MAX_IOU = 0.3
YUNET_MAX_BYTES = 64 * 1024 * 1024

# From YuNet's answer to the Haar square, medians over 622 LFW pictures with one face for either
# (`python benchmarks/detector_boxes.py lfw_dev_ids --yunet FILE --every 2`): its side, and how far
# its centre lies below the middle of the eyes, both per mean of YuNet's width and height. Sideways
# the eyes place it with a deviation of 0.022, the centre of YuNet's box with one of 0.069.
YUNET_SIDE = 1.037
YUNET_BELOW_EYES = 0.110

DOMINANT = 2.5


class Detector(Protocol):
    """Something that finds faces. Not safe for use by two threads at once."""

    @property
    def name(self) -> str:
        """``haar``, ``yunet`` or ``none``: what manifests call it."""

    def detect(self, picture: Picture) -> Detections:
        """Find the faces of one picture.

        Args:
            picture: (height, width, 3) uint8, blue-green-red.

        Returns:
            Squares in the Haar convention, the surest first; the same for the same picture. They
            may reach over the edge of the picture.

        Raises:
            DetectorError: OpenCV failed on this picture.
        """


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
        small, scale = _shrink(picture)
        least = (HAAR_LEAST_SIDE_PX, HAAR_LEAST_SIDE_PX)
        try:
            gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
            found, _, weights = self._cascade.detectMultiScale3(  # type: ignore[union-attr]
                gray, HAAR_STEP, HAAR_NEIGHBOURS, 0, least, outputRejectLevels=True
            )
        except cv2.error as error:
            raise _failed(self.name, picture, error) from error
        if not len(found):
            return no_detections()
        rectangles = np.asarray(found, np.float32)
        boxes = np.concatenate([rectangles[:, :2], rectangles[:, :2] + rectangles[:, 2:]], axis=1)
        return _best_first(boxes * scale, np.asarray(weights, np.float32).ravel())


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
            raise DetectorError(msg, remedy=_YUNET_REMEDY) from error

    def detect(self, picture: Picture) -> Detections:
        """See `Detector.detect`; scores are YuNet's, 0 to 1."""
        small, scale = _shrink(picture)
        try:
            self._net.setInputSize((small.shape[1], small.shape[0]))
            _, found = self._net.detect(small)
        except cv2.error as error:
            raise _failed(self.name, picture, error) from error
        if found is None:
            return no_detections()
        # Columns: x, y, width, height, right eye x y, left eye x y, nose, mouth …, score.
        eyes = (found[:, 4:6] + found[:, 6:8]) / 2
        size = found[:, 2:4].mean(axis=1, keepdims=True)
        centre = eyes + size * np.asarray([0, YUNET_BELOW_EYES], np.float32)
        half = size * (YUNET_SIDE / 2)
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        return _best_first(boxes * scale, found[:, 14])


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


_YUNET_REMEDY = (
    "download face_detection_yunet_2023mar.onnx from the OpenCV model zoo "
    "(github.com/opencv/opencv_zoo) and name it with --detector-model"
)

# A new detector is one class and one line.
DETECTORS: dict[str, Callable[[Path | None], Detector]] = {
    "haar": lambda model: Haar(),
    "yunet": YuNet,
    "none": lambda model: NoDetector(),
}


def open_detector(name: str, model: Path | None = None) -> Detector:
    """Open a detector.

    Args:
        name: One of `DETECTORS`.
        model: YuNet's ONNX file; the others take none.

    Raises:
        UsageError: No such detector, or a file for one that takes none.
        DetectorError: It cannot be opened; the remedy says what is missing.
    """
    if name not in DETECTORS:
        msg = f"unknown detector {name!r}; known: {', '.join(DETECTORS)}"
        raise UsageError(msg)
    if model is not None and name != "yunet":
        msg = f"detector {name} takes no model file, {model} was given"
        raise UsageError(msg, remedy="add --detector yunet, or leave --detector-model out")
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


def _shrink(picture: Picture) -> tuple[Picture, float]:
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


def _best_first(boxes: Any, scores: Any) -> Detections:
    """Sorted by score, then size, then place: OpenCV's threads find them in any order.

    Boxes are rounded to quarters of a pixel, which are the same number in float32, in float64 and
    in two decimals: a box that was written down leads to the same crop, byte for byte.
    """
    boxes = np.asarray(np.round(np.asarray(boxes, np.float64) * 4) / 4, np.float32)
    scores = np.asarray(scores, np.float32)
    order = np.lexsort((boxes[:, 0], boxes[:, 1], -area(boxes), -scores))
    return Detections(boxes[order], scores[order])


def _read_model(model: Path | None) -> bytes:
    if model is None:
        msg = "detector yunet needs its model file and none was given"
        raise DetectorError(msg, remedy=_YUNET_REMEDY)
    try:
        if model.stat().st_size > YUNET_MAX_BYTES:
            msg = f"{model}: {model.stat().st_size} bytes; YuNet's file is far under a megabyte"
            raise DetectorError(msg, remedy=_YUNET_REMEDY)
        return model.read_bytes()
    except OSError as error:
        msg = f"{model}: the detector's model file cannot be read ({error.strerror})"
        raise DetectorError(msg, remedy=_YUNET_REMEDY) from error


def _failed(name: str, picture: Picture, error: cv2.error) -> DetectorError:
    reason = " ".join(str(error).split())[:200]
    size = f"{picture.shape[1]}x{picture.shape[0]} px"
    return DetectorError(f"detector {name} failed on a picture of {size} ({reason})")
