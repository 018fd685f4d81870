"""One file against the reference, on the same pictures."""

from dataclasses import dataclass

from edgeface.evaluate.answered import Probs, Truth, best, parity
from edgeface.evaluate.shares import wilson


@dataclass(frozen=True, slots=True)
class Comparison:
    """One file against the reference on the same pictures.

    Attributes:
        n: Pictures.
        accuracy: Of the file, 0 to 1.
        accuracy_low: Lower end of its 95 % interval.
        accuracy_high: Upper end.
        delta_points: Accuracy of the file minus the reference's, in percentage points.
        agreement: Share with the same best class as the reference, 0 to 1.
        flips: How many pictures have another best class than with the reference.
        lost: How many the reference has right and the file wrong.
        gained: How many the file has right and the reference wrong.
        parity: Largest difference of a probability.
    """

    n: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    delta_points: float
    agreement: float
    flips: int
    lost: int
    gained: int
    parity: float


def compare(probs: Probs, reference: Probs, truth: Truth) -> Comparison:
    """Hold a file's answers against a reference's, picture by picture."""
    answered, expected = best(probs), best(reference)
    right, right_reference = answered == truth, expected == truth
    n = len(truth)
    low, high = wilson(int(right.sum()), n)
    return Comparison(
        n=n,
        accuracy=float(right.mean()),
        accuracy_low=low,
        accuracy_high=high,
        delta_points=100 * float(right.mean() - right_reference.mean()),
        agreement=float((answered == expected).mean()),
        flips=int((answered != expected).sum()),
        lost=int((right_reference & ~right).sum()),
        gained=int((right & ~right_reference).sum()),
        parity=parity(probs, reference),
    )
