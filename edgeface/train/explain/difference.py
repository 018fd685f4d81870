"""How far what a file computes is from what the network computes, layer by layer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one tensor to the network's own, over all its numbers.

    Attributes:
        largest: The largest absolute difference.
        mean: The mean absolute difference.
        sqnr_db: Signal-to-quantisation-noise ratio in decibels, ``10 log10(Σ x² / Σ (x - q)²)``: 6
            dB more are one bit more. None where it has no value: there is no difference at all, or
            the network itself computes nothing but zeros.
    """

    largest: float
    mean: float
    sqnr_db: float | None

    @property
    def exact(self) -> bool:
        """Whether every number is the very same."""
        return self.largest == 0


def difference(values: NDArray[np.float32], reference: NDArray[np.float32]) -> Difference:
    """Hold a file's tensor against the network's.

    Args:
        values: Of the file, in any shape.
        reference: Of the network, in the same shape.
    """
    wrong = values.astype(np.float64) - reference
    noise = float(np.square(wrong).sum())
    signal = float(np.square(reference.astype(np.float64)).sum())
    apart = np.abs(wrong)
    sqnr = float(10 * np.log10(signal / noise)) if noise > 0 and signal > 0 else None
    return Difference(float(apart.max()), float(apart.mean()), sqnr)
