"""What is said of a difference: four kinds, and numbers that claim no more than was shown.

When each is said stands with the measure: `edgeface.evaluate.verdict` for names,
`edgeface.residuals.verdict` for numbers.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["no loss found", "loses", "gains", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a file against the reference.

    Attributes:
        kind: One of four.
        words: A line, such as ``loses 1.3 points (95 %: 0.7–1.9)``.
        margin: The loss that counts for nothing: points of accuracy, or a share of the error.
        within_margin: Whether a loss beyond the margin is ruled out: the whole interval is above
            it. For gates; a file may lose, and be within.
    """

    kind: Kind
    words: str
    margin: float
    within_margin: bool


def wanted(loss: float, least: float, most: float, margin: float) -> float:
    """What would have to be resolved to tell, where it cannot be told yet.

    The margin; or, where that is resolved, what leaves the interval of the same loss on one side of
    none or of the margin.

    Args:
        loss: As found.
        least: The end of its interval where less is lost; below 0 is a gain, and so it is here.
        most: The other end; above the margin, and above the loss.
        margin: The loss that counts for nothing.

    Returns:
        Half the width of that interval; no more than half the width of this one, and no less than a
        quarter of the margin.
    """
    half = (most - least) / 2
    if half > margin:
        return margin
    shrunk_to_margin = (margin - loss) / (most - loss)
    shrunk_to_none = loss / (loss - least) if loss > 0 else 0.0
    return half * max(shrunk_to_margin, shrunk_to_none)


def alike(*numbers: float) -> tuple[str, ...]:
    """Numbers with one to three decimals: none shows as zero, no two different ones as equal."""
    for decimals in (1, 2):
        texts = tuple(f"{number:.{decimals}f}" for number in numbers)
        if len(set(texts)) == len(set(numbers)) and all(
            number == 0 or float(text) != 0 for number, text in zip(numbers, texts, strict=True)
        ):
            return texts
    return tuple(f"{number:.3f}" for number in numbers)


def at_least(number: float) -> str:
    """A number rounded up, so that it never claims more than was shown."""
    decimals = 1 if number >= 0.1 else 2
    text = f"{number:.{decimals}f}"
    return text if float(text) >= number else f"{number + 10**-decimals / 2:.{decimals}f}"
