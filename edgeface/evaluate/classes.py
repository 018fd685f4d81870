"""Which classes lost? The paired counts class by class, and where the answers went."""

import numpy as np
from numpy.typing import NDArray

from edgeface.evaluate.answered import Probs, Truth, best, confusion
from edgeface.evaluate.paired import Paired, holm, pair


def per_class(probs: Probs, reference: Probs, truth: Truth) -> dict[int, Paired]:
    """A file against the reference on the pictures of each class.

    Args:
        probs: (n, classes) of the file.
        reference: The same of the reference.
        truth: (n,).

    Returns:
        Class number → its difference. Classes without a picture are not in it. With many classes
        one of them may look lost by chance: `suspects` takes that into account.
    """
    right, right_reference = best(probs) == truth, best(reference) == truth
    return {
        int(number): pair(right[truth == number], right_reference[truth == number])
        for number in np.unique(truth)
    }


def suspects(classes: dict[int, Paired], level: float = 0.05) -> dict[int, float]:
    """The classes that lost or gained more than chance, given how many classes were looked at.

    Args:
        classes: As `per_class` gives them.
        level: How often at most any class is named where none has changed.

    Returns:
        Class number → p-value adjusted by Holm's method.
    """
    adjusted = holm([paired.p for paired in classes.values()])
    return {number: p for number, p in zip(classes, adjusted, strict=True) if p <= level}


def confusion_change(probs: Probs, reference: Probs, truth: Truth) -> NDArray[np.int64]:
    """(classes, classes): confusion of the file minus that of the reference; rows as there."""
    return confusion(probs, truth) - confusion(reference, truth)
