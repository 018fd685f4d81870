"""Which grey levels calibration pictures reach: pictures that were scaled before show it there."""

import numpy as np
from numpy.typing import NDArray

from edgeface.calibration import Finding
from edgeface.images import Pixels

# The pixels at either end that do not count: a hot pixel reaches no level.
TAIL = 0.001
# Of what the evaluation pictures span. Draws from one set span 0.9 of each other (decision 15).
LEAST_SPAN = 0.6
# Pictures of nothing but a few levels were scaled to 0 and 1, or turned into signed numbers.
LEAST_LEVELS = 0.25
# Where both sets end early, the camera may have been dark: told, not stopped.
DARKEST, BRIGHTEST = 64, 192

_SCALED = "give pictures of 0 to 255 as a camera has them; the network scales them itself"


def check(calibration: Pixels, evaluation: Pixels) -> list[Finding]:
    """Wrong scaling, or a range that both sets do not reach.

    Args:
        calibration: (n, height, width, channels) uint8, without the black and the white one.
        evaluation: (m, height, width, channels) uint8.
    """
    ours, theirs = counts_of(calibration), counts_of(evaluation)
    low, high = ends(ours)
    if high <= 1:
        top = int(np.flatnonzero(ours).max())
        said = f"no pixel is above {top}: pictures that were divided by 255 before"
        return [Finding("wrong scaling", "error", said, _SCALED)]
    held_low, held_high = ends(theirs)
    if high - low < LEAST_SPAN * (held_high - held_low):
        said = (
            f"pixels of {low} to {high}, of the pictures held back {held_low} to {held_high}: "
            "they were scaled or darkened before"
        )
        return [Finding("wrong scaling", "error", said, _SCALED)]
    few, many = used(ours), used(theirs)
    if few < LEAST_LEVELS * many:
        said = f"{few} different levels, of the pictures held back {many}"
        return [Finding("wrong scaling", "error", said, _SCALED)]
    if low > DARKEST or high < BRIGHTEST:
        said = f"pixels of {low} to {high} only; black and white are added"
        remedy = "add pictures of other light, where the camera will see it"
        return [Finding("clipped range", "warning", said, remedy)]
    return []


def counts_of(pixels: Pixels) -> NDArray[np.intp]:
    """How many pixels have each level: (256,)."""
    return np.bincount(pixels.ravel(), minlength=256)


def ends(counts: NDArray[np.intp]) -> tuple[int, int]:
    """The levels between which all pixels but the tails lie."""
    reached = np.cumsum(counts) / max(int(counts.sum()), 1)
    return int(np.searchsorted(reached, TAIL, "right")), int(np.searchsorted(reached, 1 - TAIL))


def used(counts: NDArray[np.intp]) -> int:
    """How many levels hold all pixels but the tails, the fullest first."""
    shares = np.cumsum(np.sort(counts)[::-1]) / max(int(counts.sum()), 1)
    return int(np.searchsorted(shares, 1 - TAIL)) + 1
