"""The window detector: a face / non-face network looks at every place of a picture, at every size.

It is the documented way to find faces with a classifier (Rowley, Baluja & Kanade 1998, PAMI 20:23),
with the network run over whole pictures at once instead of window by window.
"""

from collections.abc import Iterator
from pathlib import Path

from edgeface.images import Picture, Pixels  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.errors import BackendError, DetectorError
from edgeface.geometry import Boxes, Detections, no_detections
from edgeface.runtime.scan import Scan
from edgeface.vision import windowfile
from edgeface.vision.hits import HIT, group
from edgeface.vision.search import best_first, failed, shrink

# What is repeated of a picture's edges around it, as a share of the window: a face that fills a
# picture has nothing around it, and a window shows more than the face.
BORDER = 0.125


class Window:
    """A face / non-face network over an image pyramid. It finds faces like those of its training.

    The smallest face is as large as a face in its window; the picture is not magnified.

    Args:
        model: A window file, or a bundle with one.
        threads: Of the computation.

    Raises:
        DetectorError: The file is not given, missing, or no window file.
        BundleError: The bundle is damaged.
        BackendError: The runtime is not installed, or does not take the file.
    """

    name = "window"

    def __init__(self, model: Path | None, threads: int = 1) -> None:
        path, content, self.facts = windowfile.read(model)
        self._scan = Scan(content, str(path), self.facts.channels, threads)

    @property
    def margin(self) -> float:
        """What its boxes lack of its windows on every side, as a share of their own side."""
        return (1 / self.facts.face_side - 1) / 2

    def detect(self, picture: Picture) -> Detections:
        """See `edgeface.vision.detect.Detector.detect`; scores: of the network, up to 1."""
        found = self.candidates(picture)
        found = found[found.scores.astype(np.float64) >= self.facts.threshold]
        return best_first(found.boxes, found.scores)

    def candidates(self, picture: Picture) -> Detections:
        """Every group of hits, whatever its score; boxes in pixels of the picture."""
        try:
            small, scale = shrink(picture)
            hits = [self._hits(level, down, right) for level, down, right in self._levels(small)]
        except cv2.error as error:
            raise failed(self.name, picture, error) from error
        except BackendError as error:
            size = f"{picture.shape[1]}x{picture.shape[0]} px"
            msg = f"detector {self.name} failed on a picture of {size} ({error})"
            raise DetectorError(msg, remedy=error.remedy) from error
        if not hits:
            return no_detections()
        boxes, scores = (np.concatenate(part) for part in zip(*hits, strict=True))
        found = group(Detections(boxes, scores))
        return Detections(np.asarray(found.boxes * scale, np.float32), found.scores)

    def _levels(self, picture: Picture) -> Iterator[tuple[Pixels, float, float]]:
        """Smaller and smaller copies with a border, and the factors that lead back."""
        rows, columns = picture.shape[:2]
        side, border = self.facts.side, self._border
        in_colour = self._in_colour(picture)
        factor = 1.0
        while min(height := round(rows / factor), width := round(columns / factor)) >= side // 2:
            framed = cv2.copyMakeBorder(
                _resized(in_colour, height, width), *(border,) * 4, cv2.BORDER_REPLICATE
            )
            if min(framed.shape[:2]) >= side:
                level = framed[..., None] if framed.ndim == 2 else framed
                yield np.asarray(level, np.uint8), rows / height, columns / width
            factor *= self.facts.step

    @property
    def _border(self) -> int:
        return round(BORDER * self.facts.side)

    def _in_colour(self, picture: Picture) -> Pixels:
        if self.facts.colour == "gray":
            return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        return np.ascontiguousarray(picture[..., ::-1]) if self.facts.colour == "rgb" else picture

    def _hits(self, level: Pixels, down: float, right: float) -> tuple[Boxes, NDArray[np.float32]]:
        """Boxes of the windows that hit, in the Haar convention, and their scores."""
        facts, scores = self.facts, self._scan(level)
        at_y, at_x = np.nonzero(scores >= HIT)
        x = (at_x * facts.stride + facts.face_x * facts.side - self._border) * right
        y = (at_y * facts.stride + facts.face_y * facts.side - self._border) * down
        half = facts.face_side * facts.side * (right + down) / 4
        boxes = np.stack([x - half, y - half, x + half, y + half], axis=1)
        return np.asarray(boxes, np.float32), scores[at_y, at_x]


def _resized(picture: Pixels, height: int, width: int) -> Pixels:
    """As in `images.crop`: an area mean by a whole number, the rest linearly."""
    rows, columns = picture.shape[:2]
    step = min(rows // height, columns // width)
    if step > 1:
        whole = picture[: rows // step * step, : columns // step * step]
        size = (whole.shape[1] // step, whole.shape[0] // step)
        picture = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
    if picture.shape[:2] == (height, width):
        return picture
    size = (width, height)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)
