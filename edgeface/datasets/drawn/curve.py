"""Drawn points: a bent curve with noise, of the kind that the documented regression is about.

The points of the documented system are not to be had. These are of its kind: a smooth curve of one
number, a large range of y, a straight line that fails. They were chosen by what can be known
without training anything: of 120 points the best straight line has an L2 error of 845 on the mean
(760 to 920 in nine draws of ten), near the 856 that is recorded of the single layer, and the noise
alone has one of 8 √120 = 88, so that an error below 200 can be reached and does not come by itself.
"""

import numpy as np

from edgeface.datasets.points import LEAST, MOST, Numbers, Points
from edgeface.errors import UsageError

COUNT, NOISE = 120, 8.0
LOW, HIGH = -10.0, 10.0


def curve(x: Numbers) -> Numbers:
    """The curve without noise: x³/2 - x²/2 + 5x + 30, from -570 to 530 over -10 to 10."""
    return np.asarray(x**3 / 2 - x**2 / 2 + 5 * x + 30, np.float64)


def draw_points(count: int = COUNT, noise: float = NOISE, seed: int = 0) -> Points:
    """Points on the curve, x drawn evenly between -10 and 10 and sorted.

    Args:
        count: How many.
        noise: Standard deviation of what is added to y, normal, in the unit of y.
        seed: Of the draw.

    Raises:
        UsageError: Too few, too many, or a noise that is no deviation.
    """
    if not LEAST <= count <= MOST:
        msg = f"{count} points: {LEAST} to {MOST} are possible"
        raise UsageError(msg)
    if not 0 <= noise <= 1e6:
        msg = f"noise {noise}: a standard deviation from 0 to 1000000"
        raise UsageError(msg)
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(LOW, HIGH, count))
    y = curve(x) + rng.normal(0, noise, count)
    # As many digits as a measurement would be written with.
    return Points(np.round(x, 4)[:, None], np.round(y, 3), ("x",), "y")
