"""One turn of one cell: the raw samples, and how the machine was meanwhile."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the machine was in a window; None where it does not tell.

    Attributes:
        clock_mhz: The fastest core's, right after the last call.
        temperature_c: The hottest sensor of the processor, then too.
        throttle_bits: Of a Raspberry Pi, then too; see `edgeface.board.State`.
        voluntary: How often the process gave up the processor during the window, to wait;
        involuntary: and how often it was taken away.
    """

    clock_mhz: float | None = None
    temperature_c: float | None = None
    throttle_bits: int | None = None
    voluntary: int | None = None
    involuntary: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """One turn of one cell.

    Attributes:
        process: Which process of the run took it, counted from 0.
        started_ns: On the method's clock, so that the order of all windows can be seen.
        samples_ns: Every call, in order, none left out.
        state: How the machine was; None where it was not looked at.
    """

    process: int
    started_ns: int
    samples_ns: tuple[int, ...]
    state: Conditions | None = None
