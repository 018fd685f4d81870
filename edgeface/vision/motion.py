"""Where something moved: what need not be searched costs nothing.

A frame is compared with the one that was last searched, not with the one before, so that what
moves slowly adds up. Compared is one green pixel of every eighth row and column, smoothed: 4,800
values of a frame of 640x480. What all of them share, a lamp or a cloud, is no motion; noise is what
the quiet half of them shows.
"""

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np
from numpy.typing import NDArray

STEP_PX = 8
# Grey levels: noise of a camera in the dark has a deviation of about four after smoothing.
LEAST_CHANGE = 8.0
NOISE_TIMES = 5.0
LEAST_CELLS = 3  # a face of 32 pixels has sixteen
AROUND_PX = 64  # around what moved: a head that turns shows at its edges

Region = tuple[int, int, int, int]


class MotionGate:
    """Compares frames with the one that was last searched.

    Args:
        full_s: All of the frame is searched after so long, whatever moved.
    """

    def __init__(self, full_s: float = 1.0) -> None:
        self._full_s = full_s
        self._seen: NDArray[np.int16] | None = None
        self._now: NDArray[np.int16] | None = None
        self._full_at_s = 0.0

    def moved(self, picture: Picture, at_s: float) -> Region | None:
        """Where to search: xyxy in whole pixels, all of the frame or a part; None: nowhere.

        Args:
            picture: (height, width, 3) uint8, blue-green-red.
            at_s: When it was taken, in seconds.
        """
        rows, columns = picture.shape[:2]
        thin = picture[STEP_PX // 2 :: STEP_PX, STEP_PX // 2 :: STEP_PX, 1]
        self._now = np.asarray(cv2.blur(np.ascontiguousarray(thin), (3, 3)), np.int16)
        seen = self._seen
        due = not 0 <= at_s - self._full_at_s < self._full_s
        if seen is None or seen.shape != self._now.shape or due or not self._now.size:
            return 0, 0, columns, rows
        change = self._now - seen
        change -= np.int16(_middle(change))
        np.abs(change, out=change)
        cells = change > max(LEAST_CHANGE, NOISE_TIMES * _middle(change))
        if np.count_nonzero(cells) < LEAST_CELLS:
            return None
        high, wide = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
        return (
            max(int(wide[0]) * STEP_PX - AROUND_PX, 0),
            max(int(high[0]) * STEP_PX - AROUND_PX, 0),
            min((int(wide[-1]) + 1) * STEP_PX + AROUND_PX, columns),
            min((int(high[-1]) + 1) * STEP_PX + AROUND_PX, rows),
        )

    def searched(self, region: Region, at_s: float, *, whole: bool) -> None:
        """Tell what of the last frame was searched.

        Args:
            region: As it was searched.
            at_s: Of the frame.
            whole: Whether that is all of the frame.
        """
        if self._now is None:
            return
        if whole or self._seen is None or self._seen.shape != self._now.shape:
            self._seen, self._full_at_s = self._now, at_s
            return
        # Around it nothing moved by much; what crept there goes on adding up.
        x0, y0, x1, y1 = (v // STEP_PX for v in region)
        self._seen[y0 : y1 + 1, x0 : x1 + 1] = self._now[y0 : y1 + 1, x0 : x1 + 1]


def _middle(values: NDArray[np.int16]) -> int:
    """The median; by a partition of whole numbers."""
    flat = values.ravel()
    return int(np.partition(flat, flat.size // 2)[flat.size // 2])
