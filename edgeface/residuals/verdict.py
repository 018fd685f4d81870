"""What a change of the L2 error means, in one line.

With an interval of the change as a share of the reference's L2 error, from ``low`` to ``high``, and
a margin that counts for nothing:

- **loses**: ``low`` > 0. Also where the loss is smaller than the margin, and where an answer is no
  number.
- **gains**: ``high`` < 0.
- **no loss found**: ``high`` ≤ margin, and none of the above. What the data could have shown is the
  larger of ``high`` and of half the width of the interval.
- **cannot tell**: everything else.
"""

import math

from edgeface.errors import UsageError
from edgeface.residuals.change import Comparison
from edgeface.verdicts import Kind, Verdict, alike, at_least, wanted

MARGIN = 0.02  # of the L2 error of the reference


def judge(compared: Comparison, margin: float = MARGIN) -> Verdict:
    """Say what a change of the error means.

    Args:
        compared: A file against the reference.
        margin: The loss that counts for nothing, as a share of the reference's L2 error.

    Raises:
        UsageError: The margin is not above 0.
    """
    if not margin > 0:
        msg = f"a margin of {100 * margin:g} %: it has to be above 0"
        raise UsageError(msg, remedy="2 % of the error is the default")
    if not math.isfinite(compared.l2):
        return Verdict("loses", "loses: an answer is no number", margin, within_margin=False)
    if not math.isfinite(compared.l2_change):
        words = "cannot tell: an answer of the reference is no number"
        return Verdict("cannot tell", words, margin, within_margin=False)
    reference = compared.l2 - compared.l2_change
    if not reference > 1e-12 * compared.l2:  # it hits every point: no share can be told
        kind: Kind = "loses" if compared.l2 > 0 else "no loss found"
        words = f"{kind}: an L2 error of {compared.l2:.4g} where the reference has none"
        return Verdict(kind, words, margin, within_margin=compared.l2 == 0)
    low, change, high = (
        value / reference
        for value in (compared.l2_change_low, compared.l2_change, compared.l2_change_high)
    )
    kind = _kind(low, high, margin)
    return Verdict(
        kind, _words(kind, low, change, high, margin, compared.n), margin, high <= margin
    )


def _kind(low: float, high: float, margin: float) -> Kind:
    if low > 0:
        return "loses"
    if high < 0:
        return "gains"
    return "no loss found" if high <= margin else "cannot tell"


def _words(kind: Kind, low: float, change: float, high: float, margin: float, n: int) -> str:
    half = (high - low) / 2
    if kind == "no loss found":
        if high <= 0 and half <= 0:
            return "no loss found: the errors are the same"
        return f"no loss found (the data could have shown {at_least(100 * max(high, half))} %)"
    if kind == "cannot tell":
        if math.isinf(half):
            return "cannot tell: a single point"
        finer = wanted(change, low, high, margin)
        resolved, would = alike(100 * half, 100 * finer)
        needed = math.ceil(n * (half / finer) ** 2)
        return f"cannot tell: {n:,} points resolve {resolved} %; {needed:,} would resolve {would}"
    ends = (low, high) if kind == "loses" else (-high, -low)
    size, least, most = alike(100 * abs(change), 100 * ends[0], 100 * ends[1])
    return f"{kind} {size} % (95 %: {least}–{most})"
