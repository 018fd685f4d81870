"""The pictures that set the ranges of int8: a seeded draw from the training side, with all classes.

Black and white are always added: a range that was only seen between two greys clips the others.
"""

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import ConversionError
from edgeface.images import Pixels


def draw(truth: NDArray[np.intp], most: int, seed: int) -> NDArray[np.intp]:
    """Choose pictures for calibration, evenly over the classes.

    Args:
        truth: (n,) class numbers of the training side.
        most: How many to take; all of them where there are fewer.
        seed: Of the draw.

    Returns:
        Their positions, sorted.

    Raises:
        ConversionError: There is nothing to draw from.
    """
    if not len(truth) or most < 1:
        msg = f"int8 needs calibration pictures; {min(len(truth), most)} were given"
        raise ConversionError(msg, remedy="export from a run whose training pictures are there")
    rng = np.random.default_rng(seed)
    queues = [rng.permutation(np.flatnonzero(truth == c)).tolist() for c in np.unique(truth)]
    chosen: list[int] = []
    while len(chosen) < min(most, len(truth)):
        for queue in queues:
            if queue and len(chosen) < most:
                chosen.append(queue.pop())
    return np.sort(np.asarray(chosen, np.intp))


def with_black_and_white(pixels: Pixels) -> Pixels:
    """The pictures, and one of all 0 and one of all 255."""
    black = np.zeros((1, *pixels.shape[1:]), np.uint8)
    return np.concatenate([pixels, black, np.full_like(black, 255)])
