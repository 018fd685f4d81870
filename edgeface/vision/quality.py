"""Is a face good enough to be recognised? What is not would vote for anybody.

Measured is the crop that the network is shown, which is at hand, and the landmarks of detectors
that give them.
"""

from dataclasses import dataclass
from typing import Any, Literal

from edgeface.images import Pixels, Preprocess  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np
from numpy.typing import NDArray

Refusal = Literal["small", "blurred", "dark", "bright", "turned", "covered", "no number"]

# Measured at 64 px on 400 pictures each of ORL, the Simpsons, faces of 64 px, and LFW, as a whole
# and as cut around their faces: 0 to 0.3 % are below it as they are, 93 to 100 % once blurred by a
# Gaussian with a sigma of 2 % of their longer side, 11 to 80 % with 1.5 %.
LEAST_SHARPNESS = 0.4
# Of the middle of a picture, where no part of a set above but night scenes and drawings on white
# reach them: the darkest hundredth of its faces has skin that is dark, not a light that is missing.
DARK_BELOW = 70  # nine tenths are as dark or darker
BRIGHT_ABOVE = 185  # nine tenths are as bright or brighter
_MIDDLE = 0.2  # of each side of a crop that does not count for the light
_MEASURED_PX = 64  # a side, of the copy that sharpness is measured in


@dataclass(frozen=True, slots=True)
class Gates:
    """What a face must be to be voted on.

    Attributes:
        least_share: Side of the square that is cut, over that of the network's input: what is
            magnified more than twice has nothing to tell two people by.
        sharpness: See `sharpness`.
        dark_below: Grey level that a tenth of the crop has to reach.
        bright_above: Grey level that a tenth of the crop has to stay below.
        most_turn: See `turn`; 0.45 is about 40 degrees.
        most_covered: Share of a box that a larger face's box may hide.
    """

    least_share: float = 0.5
    sharpness: float = LEAST_SHARPNESS
    dark_below: int = DARK_BELOW
    bright_above: int = BRIGHT_ABOVE
    most_turn: float = 0.45
    most_covered: float = 0.3


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one face.

    Attributes:
        share: Side of the square that was cut over that of the network's input.
        sharpness: See `sharpness`: about 1 for most faces, 0.2 for what is out of focus.
        low: Grey level that a tenth of the middle is darker than.
        high: Grey level that a tenth of the middle is brighter than.
        turn: See `turn`; 0 where the detector gives no landmarks.
        covered: Share of the box that larger faces' boxes hide.
    """

    share: float
    sharpness: float
    low: int
    high: int
    turn: float = 0.0
    covered: float = 0.0

    def refusal(self, gates: Gates) -> Refusal | None:
        """Why it is not voted on; None where it is."""
        if self.share < gates.least_share:
            return "small"
        if self.covered > gates.most_covered:
            return "covered"
        if self.high < gates.dark_below:
            return "dark"
        if self.low > gates.bright_above:
            return "bright"
        if self.sharpness < gates.sharpness:
            return "blurred"
        return "turned" if self.turn > gates.most_turn else None

    @property
    def weight(self) -> float:
        """How much it counts, 0 to 1, by size and sharpness."""
        return min(1.0, self.share) * min(1.0, self.sharpness)


def measure(
    pixels: Pixels,
    side_px: float,
    to: Preprocess,
    landmarks: NDArray[Any] | None = None,
    covered: float = 0.0,
) -> Quality:
    """Measure a face.

    Args:
        pixels: (height, width, channels) uint8, its crop.
        side_px: Side of the square that was cut, in pixels of the frame.
        to: How it was cut.
        landmarks: (5, 2) of the face: right eye, left eye, nose, and the corners of the mouth.
        covered: Share of its box that larger faces hide.
    """
    gray = _gray(pixels, to)
    rows, columns = (round(side * _MIDDLE) for side in gray.shape)
    middle = gray[rows : gray.shape[0] - rows : 2, columns : gray.shape[1] - columns : 2]
    levels = np.sort(middle, axis=None)
    longer = max(to.height, to.width)
    return Quality(
        share=side_px / longer,
        # What was magnified is measured as it was.
        sharpness=sharpness(gray, min(longer, max(8, round(side_px)), _MEASURED_PX)),
        low=int(levels[levels.size // 10]),
        high=int(levels[levels.size * 9 // 10]),
        turn=0.0 if landmarks is None else turn(landmarks),
        covered=covered,
    )


def _gray(pixels: Pixels, to: Preprocess) -> NDArray[np.uint8]:
    if to.colour == "gray":
        return pixels[..., 0]
    code = cv2.COLOR_RGB2GRAY if to.colour == "rgb" else cv2.COLOR_BGR2GRAY
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def turn(landmarks: NDArray[Any]) -> float:
    """How far a face is turned aside: 0 frontal, 0.35 at about 30 degrees, over 1 in profile.

    It is how far the nose lies beside the middle of the eyes, along the line through them, per
    distance of the eyes.

    Args:
        landmarks: (5, 2); the first three are the eyes and the nose.
    """
    right, left, nose = (np.asarray(p, np.float64) for p in landmarks[:3])
    axis = left - right
    length = float(axis @ axis)
    return abs(float((nose - (right + left) / 2) @ axis)) / length if length > 0 else np.inf


def sharpness(gray: NDArray[np.uint8], side_px: int) -> float:
    """How fine the finest of a picture is, whatever its contrast.

    It is the energy of the second differences over that of the first, along the axis where it is
    less, in a copy of the network's size: what is blurred by a pixel of a telephone's twelve
    megapixels is sharp to a network.

    The variance of the Laplacian (Pech-Pacheco and others, "Diatom autofocusing in brightfield
    microscopy", 2000) grows with contrast and with what is shown. Over the energy of the gradient
    it is a mean square frequency, which does not; and the worse axis tells a smear that one
    direction hides.

    Args:
        gray: (height, width) uint8.
        side_px: Longer side of the copy; a smaller picture is taken as it is.
    """
    by = side_px / max(gray.shape)
    if by < 1:
        size = (max(1, round(gray.shape[1] * by)), max(1, round(gray.shape[0] * by)))
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    if min(gray.shape) < 3:
        return 2.0  # nothing can be told of three pixels
    values = gray.astype(np.float32)
    return min(_fineness(values), _fineness(values.T))


def _fineness(values: NDArray[np.float32]) -> float:
    first = np.diff(values, axis=1)
    second = np.diff(first, axis=1)
    # A flat picture is not blurred: it is faint.
    changes = float(np.mean(first**2))
    return 2.0 if changes < 0.05 else float(np.mean(second**2)) / changes
