"""Whether the figures of a cell may be quoted: pure functions over the stored windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeface.quantiles import LEAST, LEAST_WINDOWS, median_interval, window_interval
from edgeface.report.window import Window

Word = Literal["VALID", "UNSTEADY", "INVALID"]
Samples = Sequence[tuple[int, ...]]  # window by window

# The rules, in one place.
DRIFT = 0.05
OFF = 0.10
OFF_SHARE = 0.25

_LONGER = "measure for longer, with --seconds or --official"
_QUIET = "end what else runs here and measure again"


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
    - in every process the first window, with the whole 95 % interval of its median, is more than
      `DRIFT` slower than the median of the windows after it: the warm-up was too short;
    - more than `OFF_SHARE` of the windows lie, with the whole 95 % interval of their median,
      more than `OFF` away from the median of all samples;
    - the medians of two processes are more than `DRIFT` apart, and their intervals do not meet.
    """
    taken = sorted(windows, key=lambda w: w.started_ns)
    samples = [w.samples_ns for w in taken]
    if len(samples) < LEAST_WINDOWS or min(map(len, samples)) < LEAST[0.5]:
        held = f"{len(samples)} windows, {sum(map(len, samples))} samples"
        return Verdict("UNSTEADY", f"too little to tell ({held})", _LONGER)
    processes: dict[int, list[tuple[int, ...]]] = {}
    for window in taken:
        processes.setdefault(window.process, []).append(window.samples_ns)
    found = _drift(samples) or _cold(list(processes.values())) or _disturbed(samples)
    return found or _apart(processes) or Verdict("VALID")


def _drift(windows: Samples) -> Verdict | None:
    half = len(windows) // 2
    change = _change(windows[:half], windows[-half:])
    if not change:
        return None
    way = "slower" if change > 0 else "faster"
    reason = f"the second half ran {abs(change):.0%} {way} than the first"
    return Verdict("UNSTEADY", reason, _QUIET)


def _cold(processes: Sequence[Samples]) -> Verdict | None:
    """Warm-up that had not ended shows in every process, a disturbance in one."""
    slower = []
    for windows in processes:
        rest = [s for w in windows[1:] for s in w]
        if not rest:
            return None
        usual = float(np.median(rest))
        if median_interval(windows[0])[0] <= usual * (1 + DRIFT):
            return None
        slower.append(float(np.median(windows[0])) / max(usual, 1) - 1)
    reason = (
        f"the first windows ran {min(slower):.0%} slower than the rest: it was still warming up"
    )
    return Verdict("UNSTEADY", reason, _LONGER)


def _disturbed(windows: Samples) -> Verdict | None:
    middle = float(np.median([s for w in windows for s in w]))
    intervals = [median_interval(w) for w in windows]
    off = sum(h < middle * (1 - OFF) or low > middle * (1 + OFF) for low, h in intervals)
    if off <= OFF_SHARE * len(windows):
        return None
    reason = f"{off} of {len(windows)} windows are over {OFF:.0%} off the median"
    return Verdict("UNSTEADY", reason, _QUIET)


def _apart(processes: dict[int, list[tuple[int, ...]]]) -> Verdict | None:
    """The fastest and the slowest process."""
    order = sorted(processes, key=lambda p: np.median(np.concatenate(processes[p])))
    change = _change(processes[order[0]], processes[order[-1]])
    if not change:
        return None
    reason = f"process {order[-1]} ran {change:.0%} slower than process {order[0]}"
    remedy = "measure again; where it stays, memory lies otherwise in each: quote both"
    return Verdict("UNSTEADY", reason, remedy)


def _change(first: Samples, second: Samples) -> float:
    """Of the median, where it is more than `DRIFT` and the intervals do not meet; else 0."""
    medians = [float(np.median(np.concatenate(part))) for part in (first, second)]
    change = medians[1] / max(medians[0], 1) - 1
    one, other = window_interval(first, 0.5), window_interval(second, 0.5)
    if abs(change) <= DRIFT or one is None or other is None:
        return 0.0
    return 0.0 if other[0] <= one[1] and one[0] <= other[1] else change
