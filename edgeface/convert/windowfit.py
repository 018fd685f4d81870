"""What the window detector has to be told, measured on the held-back pictures of its run.

Where a face is in its window: Haar looks at the same faces. Which score is a face: scenes are laid
out of pictures without one, side by side, and searched as a photograph is. Such a scene is full of
seams and of what was hard to tell from faces: at a score of `HIT` it holds about six times as many
mistakes as photographs of its size (157 of LFW), which the rule below takes into account.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edgeface.images import Colour, Pixels  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np

from edgeface.errors import ConversionError
from edgeface.geometry import iou
from edgeface.train.prepare import Reader
from edgeface.vision.haar import Haar
from edgeface.vision.hits import HIT
from edgeface.vision.window import Window

SCENES, ROWS, COLUMNS = 40, 7, 10
# At most one false face in four scenes.
MOST_FALSE = 0.25
LOOKED_AT = 300
LEAST_PLACED = 10
# Haar searches from 32 px on, a face fills two thirds of its picture of 64 px.
ENLARGED = (2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 3.75)
SAME_PLACE_IOU = 0.4


@dataclass(frozen=True, slots=True)
class Fit:
    """A threshold, and what it was measured to do; see `edgeface.bundle.WindowFile`."""

    threshold: float
    faces: int
    found: int
    scenes: int
    false: int


def in_bgr(pixels: Pixels, colour: Colour) -> Pixels:
    """Pixels of a network as pictures: (n, h, w, c) → (n, h, w, 3), blue-green-red."""
    if colour == "gray":
        return np.repeat(pixels, 3, axis=3)
    return np.ascontiguousarray(pixels[..., ::-1]) if colour == "rgb" else pixels


def face_place(window: Window, faces: Pixels) -> tuple[float, float, float] | None:
    """Where Haar's square is in what the window detector answers for the same face.

    Both look at every face, enlarged by one of several factors, so that the sizes that are searched
    fall on it in every way. A network answers best for windows a little tighter than its pictures.

    Args:
        window: The detector, with windows themselves as its boxes.
        faces: (n, h, w, 3), blue-green-red.

    Returns:
        Side of the square, and the place of its middle from the left and from the top: medians, as
        shares of the window's side. None: they find too few in common.
    """
    haar, found = Haar(), []
    chosen = faces[np.linspace(0, len(faces) - 1, min(LOOKED_AT, len(faces))).astype(int)]
    for number, face in enumerate(chosen):
        factor = ENLARGED[number % len(ENLARGED)]
        resized = cv2.resize(face, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
        large = np.asarray(resized, np.uint8)
        square, best = haar.detect(large).boxes, window.candidates(large).boxes[:1]
        if len(square) != 1 or not len(best):
            continue
        side = best[0, 2] - best[0, 0]
        middle = (square[0, :2] + square[0, 2:]) / 2
        found.append([(square[0, 2] - square[0, 0]) / side, *((middle - best[0, :2]) / side)])
    if len(found) < LEAST_PLACED:
        return None
    return tuple(round(float(v), 4) for v in np.median(found, axis=0))  # type: ignore[return-value]


def laid_out(tiles: Pixels, rows: int, columns: int) -> Pixels:
    """Rows times columns pictures (n, h, w, c) side by side: (rows h, columns w, c)."""
    _, height, width, channels = tiles.shape
    grid = tiles.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grid.reshape(rows * height, columns * width, channels))


def scenes(others: Pixels, seed: int = 0) -> Iterator[Pixels]:
    """Pictures laid out at random, half of them mirrored, every second scene at twice the size."""
    rng = np.random.default_rng(seed)
    for number in range(SCENES):
        tiles = others[rng.integers(len(others), size=ROWS * COLUMNS)]
        mirrored = rng.random(len(tiles)) < 0.5
        tiles[mirrored] = tiles[mirrored, :, ::-1]
        scene = laid_out(tiles, ROWS, COLUMNS)
        if number % 2:
            rows, columns = scene.shape[:2]
            part = scene[: rows // 2, : columns // 2]
            resized = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_LINEAR)
            scene = np.asarray(resized, np.uint8)
        yield scene


def fit(window: Window, faces: Pixels, others: Pixels, teller: Reader) -> Fit:
    """The least score at which scenes without a face hold no more false faces than `MOST_FALSE`.

    Args:
        window: The detector; its own threshold does not count here.
        faces: (n, h, w, 3), blue-green-red, held back.
        others: The same, without a face.
        teller: Is told how it goes on.

    Raises:
        ConversionError: There is nothing to fit on.
    """
    if not len(faces) or not len(others):
        msg = f"{len(faces)} faces and {len(others)} other pictures are held back; both are needed"
        raise ConversionError(msg, remedy="train with more pictures, or with --validation 0.3")
    laid = teller.track(list(scenes(others)), f"fitting the window detector, {window.facts.scheme}")
    false = np.sort(np.concatenate([window.candidates(scene).scores for scene in laid]))[::-1]
    most = int(MOST_FALSE * SCENES)
    threshold = HIT if len(false) <= most else float(np.nextafter(false[most], np.float32(1)))
    found = sum(_finds(window, face, threshold) for face in faces)
    return Fit(threshold, len(faces), found, SCENES, int((false >= threshold).sum()))


def _finds(window: Window, face: Pixels, threshold: float) -> bool:
    """Whether a face is found where it stands."""
    facts, side = window.facts, face.shape[0]
    centre = np.asarray([facts.face_x, facts.face_y, facts.face_x, facts.face_y])
    half = np.asarray([-1, -1, 1, 1]) * facts.face_side / 2
    expected = np.asarray([(centre + half) * side], np.float32)
    found = window.candidates(face)
    found = found[found.scores >= threshold]
    return bool(len(found)) and bool(iou(expected, found.boxes).max() >= SAME_PLACE_IOU)
