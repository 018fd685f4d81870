"""What makes the samples of a run worth nothing as figures of the machine: INVALID."""

from collections.abc import Sequence

import numpy as np

from edgeface.board import State, throttle_words
from edgeface.quantiles import LEAST_WINDOWS
from edgeface.report.verdict import Verdict
from edgeface.report.window import Window

CLOCK_FELL = 0.10
_UNDER_VOLTAGE = "under-voltage"


def invalid(
    windows: Sequence[Window], before: State, after: State, *, interrupted: bool, problem: str
) -> Verdict | None:
    """INVALID with the reason, or None.

    In this order: the power supply gave too little; heat, or what else the board told of, held the
    processor back; its clock fell by more than `CLOCK_FELL` from the first half of the windows to
    the second; the run was interrupted; the cell's process died. Under-voltage stands first and
    alone, for a board that lacks power throttles too, and a fan would not help it.

    Args:
        windows: Of one cell.
        before: The board before the run,
        after: and after it.
        interrupted: Whether the run was stopped early.
        problem: Of the cell.
    """
    held_back = _held_back(windows, before, after)
    if _UNDER_VOLTAGE in held_back:
        remedy = "use the board's own power supply and a short cable, and measure again"
        return Verdict("INVALID", "under-voltage during the run", remedy)
    if held_back:
        hottest = [w.state.temperature_c for w in windows if w.state and w.state.temperature_c]
        heat = f", up to {max(hottest):.0f} °C" if hottest else ""
        remedy = "cool the board with a heat sink or a fan, let it rest, and measure again"
        return Verdict("INVALID", f"{', '.join(held_back)} during the run{heat}", remedy)
    if fell := _clock_fell(windows):
        remedy = "cool the machine, set the governor to performance, and measure again"
        return Verdict("INVALID", fell, remedy)
    if interrupted:
        return Verdict("INVALID", "it was interrupted", "let it run to its end")
    if problem:
        return Verdict("INVALID", problem, "measure it alone, or with another backend")
    return None


def _held_back(windows: Sequence[Window], before: State, after: State) -> tuple[str, ...]:
    """Now, in any of the windows or after them; or at some time since ``before``."""
    bits = (after.throttle_bits or 0) & 0xF
    if before.throttle_bits is not None and after.throttle_bits is not None:
        bits |= (after.throttle_bits & ~before.throttle_bits) >> 16
    for window in windows:
        if window.state is not None:
            bits |= (window.state.throttle_bits or 0) & 0xF
    return throttle_words(bits)


def _clock_fell(windows: Sequence[Window]) -> str:
    taken = sorted(windows, key=lambda w: w.started_ns)
    clocks = [w.state.clock_mhz for w in taken if w.state and w.state.clock_mhz]
    if len(clocks) < LEAST_WINDOWS:
        return ""
    half = len(clocks) // 2
    first, second = float(np.median(clocks[:half])), float(np.median(clocks[-half:]))
    if second >= first * (1 - CLOCK_FELL):
        return ""
    return f"the clock fell from {first:.0f} to {second:.0f} MHz during the run"
