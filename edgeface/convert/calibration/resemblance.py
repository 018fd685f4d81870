"""Are the calibration pictures like those that the accuracy is measured on? By simple statistics.

With some hundred pictures a test finds differences that change nothing: the draw is balanced over
the classes and the evaluation side is not. So what decides is not whether a difference is real but
how large it is: the share of pairs, one picture of either set, in which the calibration picture has
the larger value (McGraw and Wong, "A common language effect size statistic", 1992; it is the area
under the ROC curve of telling the two sets apart by that value). Chance is held off by permuting
the pictures between the two sets, for all statistics at once (Westfall and Young, "Resampling-Based
Multiple Testing", 1993).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface.images import Pixels

# How well one statistic may tell the two sets apart, 0.5 to 1, and how rarely chance does: draws
# from training sides against the held-back sides stay far below both (decision 15).
WARNS, STOPS = 0.75, 0.97
CHANCE = 0.005
PERMUTATIONS = 1000
LEAST = 8  # of either set; four against four cannot be told from chance
_BLOCK = 256  # pictures at a time, as float32

BRIGHTNESS, CONTRAST = "brightness", "contrast"
OF_RANGE = (BRIGHTNESS, CONTRAST)  # what moves the ranges of a network


@dataclass(frozen=True, slots=True)
class Difference:
    """How well one statistic tells two sets of pictures apart.

    Attributes:
        statistic: In words.
        calibration: Median over the calibration pictures, in levels of 0 to 255 or a share.
        evaluation: Median over the evaluation pictures.
        apart: Share of pairs that it orders the same way, 0.5 (nothing) to 1 (all).
        chance: How often sets that differ by nothing look as different, 0 to 1.
    """

    statistic: str
    calibration: float
    evaluation: float
    apart: float
    chance: float


def statistics(pixels: Pixels) -> dict[str, NDArray[np.float64]]:
    """What is compared of every picture: name → (n,).

    Args:
        pixels: (n, height, width, channels) uint8.
    """
    blocks = [_of_block(pixels[at : at + _BLOCK]) for at in range(0, len(pixels), _BLOCK)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _of_block(pixels: Pixels) -> dict[str, NDArray[np.float64]]:
    values = pixels.astype(np.float32)
    gray = values.mean(axis=3)
    across, down = np.abs(np.diff(gray, axis=2)), np.abs(np.diff(gray, axis=1))
    contrast = gray.std(axis=(1, 2))
    found = {
        BRIGHTNESS: gray.mean(axis=(1, 2)),
        CONTRAST: contrast,
        "share of dark pixels": (gray < 32).mean(axis=(1, 2)),
        "share of bright pixels": (gray > 223).mean(axis=(1, 2)),
        # By contrast: else it would say the same once more.
        "sharpness": (across.mean(axis=(1, 2)) + down.mean(axis=(1, 2))) / (contrast + 1.0),
    }
    if pixels.shape[3] > 1:
        found["first against last channel"] = (values[..., 0] - values[..., -1]).mean(axis=(1, 2))
    return {name: np.asarray(value, np.float64) for name, value in found.items()}


def compare(calibration: Pixels, evaluation: Pixels, seed: int) -> tuple[Difference, ...]:
    """What tells the two sets apart, best first; nothing where there are too few pictures.

    Args:
        calibration: (n, height, width, channels) uint8, without the black and the white one.
        evaluation: (m, height, width, channels) uint8.
        seed: Of the permutations.
    """
    if min(len(calibration), len(evaluation)) < LEAST:
        return ()
    ours, theirs = statistics(calibration), statistics(evaluation)
    ranks = np.stack([_ranks(np.concatenate([ours[n], theirs[n]])) for n in ours])
    n, total = len(calibration), ranks.shape[1]
    far = np.abs(_apart(ranks[:, :n].sum(axis=1), n, total) - 0.5)
    rng = np.random.default_rng(seed)
    drawn = np.zeros((PERMUTATIONS, total))
    for row in drawn:
        row[rng.permutation(total)[:n]] = 1
    largest = np.abs(_apart(ranks @ drawn.T, n, total) - 0.5).max(axis=0)
    found = [
        Difference(
            name,
            float(np.median(ours[name])),
            float(np.median(theirs[name])),
            float(0.5 + own),
            float((1 + (largest >= own - 1e-9).sum()) / (1 + PERMUTATIONS)),
        )
        for name, own in zip(ours, far, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: -one.apart))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, the mean of them where values are equal."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[which.ravel()], np.float64)


def _apart(ranks: NDArray[np.float64], n: int, total: int) -> NDArray[np.float64]:
    """From sums of the ranks of n of them (Mann and Whitney 1947) to the share of pairs."""
    return np.asarray((ranks - n * (n + 1) / 2) / (n * (total - n)))
