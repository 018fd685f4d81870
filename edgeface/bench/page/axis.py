"""An axis of milliseconds for a drawing: by powers, so that no slow call has to be cut off."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 5.0)
_FINER = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_FINEST_PARTS = 4
_ROOM = 1.02
_LEAST_MS = 1e-6


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis.

    Attributes:
        low_ms: Its left or lower end, above 0.
        high_ms: Its other end.
        length: In px.
    """

    low_ms: float
    high_ms: float
    length: float

    @classmethod
    def around(cls, values_ms: Sequence[float], length: float) -> "Axis":
        """With a little room around all values."""
        low, high = max(min(values_ms), _LEAST_MS), max(*values_ms, _LEAST_MS)
        return cls(low / _ROOM, high * _ROOM, length)

    def at(self, ms: float) -> float:
        """Where a value stands, in px from the low end."""
        share = math.log(max(ms, self.low_ms) / self.low_ms) / math.log(self.high_ms / self.low_ms)
        return share * self.length

    def ticks(self, least: int = 3, most: int = 7) -> list[float]:
        """Round numbers on it; where it is short, evenly spaced ones."""
        found: list[float] = []
        for steps in (_STEPS, _FINER):
            exponents = range(
                math.floor(math.log10(self.low_ms)), math.ceil(math.log10(self.high_ms))
            )
            found = [s * 10.0**e for e in exponents for s in steps]
            found = [value for value in found if self.low_ms <= value <= self.high_ms]
            if len(found) >= least:
                break
        if len(found) < least:
            found = self._even()
        return found[:: math.ceil(len(found) / most)]

    def _even(self) -> list[float]:
        step = 10.0 ** math.floor(math.log10((self.high_ms - self.low_ms) / _FINEST_PARTS))
        while (self.high_ms - self.low_ms) / step > 2 * _FINEST_PARTS:
            step *= 2
        first = math.ceil(self.low_ms / step)
        return [n * step for n in range(first, math.floor(self.high_ms / step) + 1)]
