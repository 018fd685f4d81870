"""Is a converted file still the network that was trained? Asked of every file, before it is kept.

A converter can write a file without weights, with a clipped input or of the wrong output, and
report no error; only running it beside the network shows that.
"""

import numpy as np
from numpy.typing import NDArray

from edgeface import evaluate
from edgeface.bundle import Scheme
from edgeface.errors import ConversionError

# The largest difference of a probability, over all pictures that are compared. float32: another
# order of additions. int8: a limit that a wrong scaling, a missing input range or an empty file
# breaks at once (they differ by 0.5 and more); how much a sound file loses is measured beside it,
# and limited by the gates of a recipe. The others lie between, and are told from broken files by
# the same distance: seen with MobileNet 0.005 in float16, 0.08 in dynamic, 0.14 in int16x8.
BOUND: dict[Scheme, float] = {
    "float32": 1e-4,
    "float16": 0.1,
    "dynamic": 0.35,
    "int8": 0.35,
    "int16x8": 0.35,
}
# The same for the mean over pictures and classes: a single picture on the fence may move far in
# int8, all of them together may not.
MEAN_BOUND: dict[Scheme, float] = {
    "float32": 1e-5,
    "float16": 0.004,
    "dynamic": 0.04,
    "int8": 0.04,
    "int16x8": 0.04,
}


def check(
    name: str,
    scheme: Scheme,
    probs: evaluate.Probs,
    reference: evaluate.Probs,
    *,
    bounded: bool = True,
    rounded: float = 0.0,
) -> float:
    """Hold the answers of a file against those of the trained network.

    Args:
        name: Of the file, for the error.
        scheme: Of the file.
        probs: Its answers, (n, classes).
        reference: The network's.
        bounded: Whether it may not differ by more than a sound file does; else how far it may is
            asked elsewhere.
        rounded: By how much more the sum of its answers may be off, because they are stored in
            steps.

    Returns:
        The largest difference.

    Raises:
        ConversionError: The file answers NaN, sums that are not 1, or too differently.
    """
    largest = evaluate.parity(probs, reference)
    if not np.isfinite(largest):
        msg = f"{name}: answers that are not numbers"
        raise ConversionError(msg, remedy="the converter wrote a broken file; please report this")
    sums = probs.sum(axis=1)
    if np.abs(sums - 1).max() > 0.05 + rounded:
        msg = f"{name}: probabilities that sum to {sums.min():.3f} to {sums.max():.3f}, not to 1"
        raise ConversionError(msg, remedy="the converter wrote a broken file; please report this")
    mean = float(np.abs(probs - reference).mean())
    if bounded and (largest > BOUND[scheme] or mean > MEAN_BOUND[scheme]):
        msg = (
            f"{name} is not the network that was trained: a probability differs by {largest:.4f} "
            f"(bound {BOUND[scheme]:g}), all by {mean:.5f} on the mean ({MEAN_BOUND[scheme]:g})"
        )
        raise ConversionError(msg, remedy="calibrate on more pictures, or export without --int8")
    return largest


def moves(probs: NDArray[np.float32]) -> bool:
    """Whether a network tells pictures apart at all; one that does not proves nothing."""
    return bool(np.ptp(probs, axis=0).max() > 1e-3)
