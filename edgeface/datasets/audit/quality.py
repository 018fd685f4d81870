"""What can be seen of one picture by itself: how large, how sharp and how well exposed it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edgeface.images import Picture, Preprocess  # first: it silences OpenCV before OpenCV is loaded
from edgeface.vision.quality import BRIGHT_ABOVE, DARK_BELOW, LEAST_SHARPNESS
from edgeface.vision.quality import sharpness as sharpness

# isort: split
import cv2
import numpy as np
from numpy.typing import NDArray

Flaw = Literal["small", "blurred", "dark", "bright", "clipped", "faint"]
FLAWS: tuple[Flaw, ...] = ("small", "blurred", "dark", "bright", "clipped", "faint")

FAINT_BELOW = 16  # between the two
CLIPPED_SHARE = 0.5
_BLACK, _WHITE = 4, 251
_ENOUGH_PX = 128  # a side, of pixels that are counted
_MARGIN = 0.2  # of each side that does not count, where no face is known


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one picture, or of the face in it.

    Attributes:
        side_px: The side of the square that a network is shown, in pixels of the picture.
        sharpness: Of what the network is shown of it, see `sharpness`: about 1 for most, 0.2 for
            what is out of focus.
        low: The grey level that a tenth of the pixels is darker than.
        high: The grey level that a tenth of the pixels is brighter than.
        clipped: Share of pixels that are black or white.
    """

    side_px: int
    sharpness: float
    low: int
    high: int
    clipped: float


def measure(picture: Picture, box: NDArray[np.floating] | None, shown: Preprocess) -> Quality:
    """Measure a picture.

    Args:
        picture: (height, width, 3) uint8, blue-green-red.
        box: (4,) xyxy of its face in pixels, which alone is then measured; None: there is none, or
            nobody looked.
        shown: What a network is shown of it: its size, and the margin around a box.
    """
    gray = np.asarray(cv2.cvtColor(_part(picture, box), cv2.COLOR_BGR2GRAY), np.uint8)
    seen = gray if box is not None else _middle(gray)
    step = max(1, min(seen.shape) // _ENOUGH_PX)
    levels = np.bincount(seen[::step, ::step].ravel(), minlength=256)
    up_to = np.cumsum(levels) / levels.sum()
    side = min(picture.shape[:2]) if box is None else _side(box) * (1 + 2 * shown.margin)
    return Quality(
        side_px=round(side),
        sharpness=sharpness(gray, max(shown.height, shown.width)),
        low=int(np.searchsorted(up_to, 0.1)),
        high=int(np.searchsorted(up_to, 0.9)),
        clipped=float(up_to[_BLACK] + 1 - up_to[_WHITE - 1]),
    )


def _side(box: NDArray[np.floating]) -> float:
    return float(max(box[2] - box[0], box[3] - box[1]))


def _part(picture: Picture, box: NDArray[np.floating] | None) -> Picture:
    if box is None:
        return picture
    rows, columns = picture.shape[:2]
    left, top = int(np.clip(box[0], 0, columns - 1)), int(np.clip(box[1], 0, rows - 1))
    right, bottom = (int(np.ceil(v)) for v in box[2:])
    return picture[top : max(bottom, top + 1), left : max(right, left + 1)]


def _middle(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = (int(side * _MARGIN) for side in gray.shape)
    return gray[rows : gray.shape[0] - rows, columns : gray.shape[1] - columns]


def flaws(quality: Quality, size_px: int) -> dict[Flaw, tuple[float, str]]:
    """What is wrong: flaw → (how bad, more is worse; in words).

    Args:
        quality: Of the picture.
        size_px: Side of the network's input.
    """
    told: dict[Flaw, tuple[bool, float, Callable[[], str]]] = {
        "small": (
            quality.side_px < size_px,
            -quality.side_px,
            lambda: f"{quality.side_px} px, less than {size_px}",
        ),
        "blurred": (
            quality.sharpness < LEAST_SHARPNESS,
            -quality.sharpness,
            lambda: f"sharpness {quality.sharpness:.2f}",
        ),
        "dark": (
            quality.high < DARK_BELOW,
            -quality.high,
            lambda: f"90 % at most {quality.high} of 255",
        ),
        "bright": (
            quality.low > BRIGHT_ABOVE,
            quality.low,
            lambda: f"90 % at least {quality.low} of 255",
        ),
        "clipped": (
            quality.clipped > CLIPPED_SHARE,
            quality.clipped,
            lambda: f"{100 * quality.clipped:.0f} % black or white",
        ),
        "faint": (
            quality.high - quality.low < FAINT_BELOW,
            quality.low - quality.high,
            lambda: f"{quality.high - quality.low} of 255 levels",
        ),
    }
    return {flaw: (worse, said()) for flaw, (is_so, worse, said) in told.items() if is_so}
