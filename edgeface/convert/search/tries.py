"""One try of a search: a file, what was done to it, and what it was measured to do."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edgeface import evaluate
from edgeface.bundle import Measured, ModelFile, Quantised
from edgeface.bundlefolder import Format, Scheme
from edgeface.convert.latency import p50_ms
from edgeface.convert.sides import Sides
from edgeface.gates import Gate, GateResult, Gates
from edgeface.runtime import open_backend

Rung = Literal[
    "plain", "calibration", "equalised", "corrected", "layers in float", "float16", "int16x8"
]
# In the order in which they are climbed: what costs a device nothing comes first.
RUNGS: tuple[Rung, ...] = (
    "plain",
    "calibration",
    "equalised",
    "corrected",
    "layers in float",
    "float16",
    "int16x8",
)

NAMED = 4  # layers in float, in a table


@dataclass(frozen=True, slots=True)
class Try:
    """A file that was tried, measured on the pictures that are searched on.

    Attributes:
        rung: Of the ladder.
        format: Of the file.
        scheme: Of the file.
        quantised: How, where the scheme says less than that.
        accuracy: Share answered rightly, 0 to 1.
        agreement: Share answered as the trained network answers.
        delta_points: Accuracy less that of the trained network, in percentage points.
        divergence: Mean Kullback-Leibler divergence from the trained network's answers, in nats.
        size_bytes: Of the file, without its description.
        p50_ms: Median of one inference while it was measured, one thread, on the machine that
            exports. It is told, and decides nothing.
        missed: The gates that it does not keep.
        sure: Whether keeping `max_drop_points` may be believed of so few pictures: the 95 %
            interval of the difference allows no larger loss, or no more answers changed than may
            be lost.
    """

    rung: Rung
    format: Format
    scheme: Scheme
    quantised: Quantised | None
    accuracy: float
    agreement: float
    delta_points: float
    divergence: float
    size_bytes: int
    p50_ms: float
    missed: tuple[Gate, ...]
    sure: bool = True

    @property
    def will_do(self) -> bool:
        """Whether it keeps every gate, and that is sure."""
        return self.kept and self.sure

    @property
    def word(self) -> str:
        """What is said of it and the gates."""
        if self.missed:
            return f"misses {', '.join(self.missed)}"
        return "keeps the gates" if self.sure else "keeps the gates, perhaps by luck"

    @property
    def kept(self) -> bool:
        """Whether it keeps every gate."""
        return not self.missed

    @property
    def nearness(self) -> tuple[float, float, float]:
        """How near it is to the trained network; larger is nearer."""
        return self.accuracy, self.agreement, -self.divergence

    @property
    def changes(self) -> str:
        """What was done to it, in words."""
        how = self.quantised or Quantised()
        parts = [] if how.calibration == "minmax" else [f"ranges by {how.calibration}"]
        parts += ["equalised"] if how.equalised else []
        parts += ["biases corrected"] if how.corrected else []
        if how.in_float:
            more = len(how.in_float) - NAMED
            names = ", ".join(how.in_float[:NAMED]) + (f" and {more} more" if more > 0 else "")
            parts += [f"in float: {names}"]
        return "; ".join(parts) or "nothing"


class Judge:
    """Measures files on the pictures that are searched on, and holds them against the gates.

    Args:
        sides: Those pictures.
        gates: Of the recipe; whatever schemes they name, they are asked of every try.
        folder: Where a file may lie while it is measured.
    """

    def __init__(self, sides: Sides, gates: Gates, folder: Path) -> None:
        self.sides = sides
        # What is asked of `unknown` is left out: thresholds are fitted to the result alone.
        self._gates = Gates(
            min_accuracy=gates.min_accuracy,
            max_drop_points=gates.max_drop_points,
            min_agreement=gates.min_agreement,
            max_size_bytes=gates.max_size_bytes,
            max_p50_ms=gates.max_p50_ms,
        )
        self._folder = folder

    def judge(
        self,
        rung: Rung,
        format: Format,
        scheme: Scheme,
        content: bytes,
        quantised: Quantised | None = None,
    ) -> Try:
        """Measure one file."""
        path = self._folder / f"try.{format}"
        path.write_bytes(content)
        try:
            return self._judge(rung, path, format, scheme, quantised)
        finally:
            path.unlink()

    def _judge(
        self, rung: Rung, path: Path, format: Format, scheme: Scheme, quantised: Quantised | None
    ) -> Try:
        sides = self.sides
        backend = open_backend(path)
        started = [time.perf_counter_ns()]
        answers = []
        for pixels in sides.pixels:
            answers.append(backend.infer(pixels))
            started.append(time.perf_counter_ns())
        probs = np.stack(answers)
        accuracy = evaluate.accuracy(probs, sides.truth)
        agreement = evaluate.agreement(probs, sides.probs)
        measured = Measured(len(probs), accuracy, agreement, evaluate.parity(probs, sides.probs), 0)
        size = path.stat().st_size
        file = ModelFile(
            path.name, format, scheme, "", size, backend.input, backend.outputs[0], 0.0, measured
        )
        return Try(
            rung=rung,
            format=format,
            scheme=scheme,
            quantised=quantised,
            accuracy=accuracy,
            agreement=agreement,
            delta_points=100 * (accuracy - sides.accuracy),
            divergence=divergence(sides.probs, probs),
            size_bytes=size,
            p50_ms=float(np.median(np.diff(started))) / 1e6,
            missed=tuple(result.gate for result in self._results(file) if not result.met),
            sure=self._sure(probs, agreement),
        )

    def _sure(self, probs: evaluate.Probs, agreement: float) -> bool:
        """See `Try.sure`; answers that did not change cannot have lost anything."""
        limit = self._gates.max_drop_points
        if limit is None or 100 * (1 - agreement) <= limit + 1e-9:
            return True
        right, reference = (evaluate.best(p) == self.sides.truth for p in (probs, self.sides.probs))
        return evaluate.pair(right, reference).low >= -limit

    def _results(self, file: ModelFile) -> Sequence[GateResult]:
        timed = {}
        if self._gates.max_p50_ms is not None:
            timed = p50_ms([file], self._folder, self.sides.pixels)
        return self._gates.check([file], self.sides.accuracy, timed)


def divergence(reference: evaluate.Probs, probs: evaluate.Probs) -> float:
    """Mean Kullback-Leibler divergence of answers from a reference's, in nats; infinite for a NaN.

    Args:
        reference: (n, classes).
        probs: (n, classes).
    """
    if not np.isfinite(probs).all():
        return float("inf")
    p, q = (np.clip(each.astype(np.float64), 1e-9, 1) for each in (reference, probs))
    return float((p * np.log(p / q)).sum(axis=1).mean())
