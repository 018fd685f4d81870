"""Whether the figures of a cell may be quoted: pure functions over the stored windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeface.quantiles import LEAST, median_interval
from edgeface.report.window import Window

Word = Literal["VALID", "UNSTEADY", "INVALID"]

# The rules, in one place.
DRIFT = 0.05
OFF = 0.10
OFF_SHARE = 0.25
LEAST_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a cell's figures may be quoted, if not, why, and what would help.

    Attributes:
        word: VALID; UNSTEADY: the samples do not agree with each other; INVALID: they were taken
            while something held the machine back, or not to the end.
        reason: Empty where it is VALID.
        remedy: What to do; empty where it is VALID.
    """

    word: Word
    reason: str = ""
    remedy: str = ""


def judge(windows: Sequence[Window]) -> Verdict:
    """VALID, or UNSTEADY with the reason.

    UNSTEADY means one of:

    - there are fewer than `LEAST_WINDOWS` windows, or fewer than six samples in one;
    - the median of the second half of the windows is more than `DRIFT` away from that of the
      first half, and the 95 % intervals of the two do not meet;
    - more than `OFF_SHARE` of the windows lie, with the whole 95 % interval of their median,
      more than `OFF` away from the median of all samples.
    """
    samples = [w.samples_ns for w in windows]
    if len(samples) < LEAST_WINDOWS or min(map(len, samples)) < LEAST[0.5]:
        held = f"{len(samples)} windows, {sum(map(len, samples))} samples"
        return Verdict("UNSTEADY", f"too little to tell ({held})", "measure for longer")
    return _drift(samples) or _disturbed(samples) or Verdict("VALID")


def _drift(windows: Sequence[tuple[int, ...]]) -> Verdict | None:
    half = len(windows) // 2
    first = [s for w in windows[:half] for s in w]
    second = [s for w in windows[-half:] for s in w]
    change = float(np.median(second) / max(np.median(first), 1)) - 1
    (low_1, high_1), (low_2, high_2) = median_interval(first), median_interval(second)
    if abs(change) <= DRIFT or (low_2 <= high_1 and low_1 <= high_2):
        return None
    way = "slower" if change > 0 else "faster"
    reason = f"the second half ran {abs(change):.0%} {way} than the first"
    return Verdict("UNSTEADY", reason, "end what else runs here and measure again")


def _disturbed(windows: Sequence[tuple[int, ...]]) -> Verdict | None:
    middle = float(np.median([s for w in windows for s in w]))
    intervals = [median_interval(w) for w in windows]
    off = sum(h < middle * (1 - OFF) or low > middle * (1 + OFF) for low, h in intervals)
    if off <= OFF_SHARE * len(windows):
        return None
    reason = f"{off} of {len(windows)} windows are over {OFF:.0%} off the median"
    return Verdict("UNSTEADY", reason, "end what else runs here and measure again")
