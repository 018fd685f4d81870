"""What a paired difference means, in one line.

With an interval from ``low`` to ``high``, a test with ``p`` and a margin that counts for nothing:

- **loses**: ``high`` < 0 and p ≤ 0.05. Also where the loss is smaller than the margin.
- **gains**: ``low`` > 0 and p ≤ 0.05.
- **no loss found**: ``low`` ≥ -margin, and none of the above, and ``high`` ≥ 0. What the data could
  have shown is the larger of `Paired.resolves_points` and of the largest loss in the interval.
- **cannot tell**: everything else: a loss beyond the margin is neither shown nor ruled out; or the
  interval shows a loss that the exact test does not.

So where nothing is lost, "loses" is said in at most 2.5 % of samples, by the exact test; where the
margin or more is lost, "no loss found" is in about as few (measured: docs/decisions/0012).
"""

from edgeface.evaluate.paired import Paired, check_points
from edgeface.verdicts import Kind, Verdict, alike, at_least, wanted

MARGIN = 0.5  # points
LEAST_MARGIN = 0.01
_LEVEL = 0.05


def judge(paired: Paired, margin: float = MARGIN) -> Verdict:
    """Say what a difference means.

    Args:
        paired: Of a file against the reference.
        margin: The loss that counts for nothing, in points.

    Raises:
        UsageError: The margin is below 0.01 points.
    """
    check_points(margin, LEAST_MARGIN)
    kind = kind_of(paired, margin)
    if kind == "no loss found":
        shown = max(paired.resolves_points, -paired.low)
        words = f"no loss found (the data could have shown {at_least(shown)} points)"
    elif kind == "cannot tell":
        words = f"cannot tell: {_wanting(paired, margin)}"
    else:
        ends = (paired.low, paired.high) if kind == "gains" else (-paired.high, -paired.low)
        size, low, high = alike(abs(paired.difference), *ends)
        words = f"{kind} {size} points (95 %: {low}–{high})"
    return Verdict(kind, words, margin, within_margin=paired.low >= -margin)


def kind_of(paired: Paired, margin: float = MARGIN) -> Kind:
    """Which of the four, as the head of this file defines them."""
    if paired.p <= _LEVEL and paired.high < 0:
        return "loses"
    if paired.p <= _LEVEL and paired.low > 0:
        return "gains"
    if paired.low >= -margin and paired.high >= 0:
        return "no loss found"
    return "cannot tell"


def _wanting(paired: Paired, margin: float) -> str:
    if paired.high < 0:
        return (
            f"{paired.lost} lost and {paired.gained} gained of {paired.n:,} pictures "
            f"may be chance (p = {paired.p:.2f})"
        )
    finer = wanted(-paired.difference, -paired.high, -paired.low, margin)
    resolved, would = alike(paired.resolves_points, finer)
    needed = f"{paired.needed(finer):,} would resolve {would}"
    return f"{paired.n:,} pictures resolve {resolved} points; {needed}"
