"""Limits on exported files, and whether a file keeps them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

from edgeface.acceptance import Rate
from edgeface.bundle import Held, Measured, Scheme
from edgeface.errors import GateNotMet, RecipeError
from edgeface.pointbundle import AnyFile, PointFile

Gate = Literal[
    "min_accuracy",
    "max_drop_points",
    "min_agreement",
    "max_size_bytes",
    "max_p50_ms",
    "max_far",
    "min_true_accepts",
]
# What is asked of `unknown`, and only measured where a false-accept rate is asked.
OF_UNKNOWN: tuple[Gate, ...] = ("max_far", "min_true_accepts")
_SHARES: tuple[Gate, ...] = ("min_accuracy", "min_agreement", *OF_UNKNOWN)
_LIMITS: tuple[Gate, ...] = ("max_drop_points", "max_size_bytes", "max_p50_ms")
ON_PICTURES: tuple[Gate, ...] = ("min_accuracy", "max_drop_points", "min_agreement", *OF_UNKNOWN)
# Shares of n pictures are fractions that floating point does not hold exactly.
_ROUNDING = 1e-9
HEAD = ("file", "gate", "asked", "measured", "", "")


@dataclass(frozen=True, slots=True)
class GateResult:
    """One limit, and what one file was measured to do.

    Attributes:
        file: Name of the model file.
        gate: Which limit.
        asked: The limit, in the gate's unit.
        measured: The file's figure, in the same unit.
        met: Whether it keeps the limit.
        pictures: How many pictures the figure comes from; None where it comes from none.
    """

    file: str
    gate: Gate
    asked: float
    measured: float
    met: bool
    pictures: int | None

    @property
    def one_picture(self) -> float | None:
        """By how much one picture more or less moves the figure, in the gate's unit."""
        if self.pictures is None:
            return None
        return (100.0 if self.gate == "max_drop_points" else 1.0) / max(self.pictures, 1)

    @property
    def too_fine(self) -> bool:
        """Whether the limit allows less than one picture to go wrong, yet more than none."""
        leeway = self.asked if self.gate.startswith("max") else 1 - self.asked
        return self.one_picture is not None and _ROUNDING < leeway < self.one_picture - _ROUNDING

    def row(self) -> tuple[str, ...]:
        """For a table under `HEAD`."""
        relation = "≥" if self.gate.startswith("min") else "≤"
        note = "" if self.pictures is None else f"{self.pictures} pictures"
        if self.too_fine:
            note += ": too few to resolve this limit"
        word = "met" if self.met else "NOT MET"
        asked, measured = _figure(self.gate, self.asked), _figure(self.gate, self.measured)
        return self.file, self.gate, f"{relation} {asked}", measured, word, note


def _figure(gate: Gate, value: float) -> str:
    if gate == "max_size_bytes":
        return f"{value:.0f}"
    # Enough digits that a limit just missed does not read as met.
    return f"{value:.4f}" if gate in _SHARES else f"{value:.3f}"


@dataclass(frozen=True, slots=True)
class Gates:
    """Limits on the exported files; None asks nothing.

    Attributes:
        schemes: Which files they apply to; None: all.
        min_accuracy: Least share of validation pictures answered rightly, 0 to 1.
        max_drop_points: Most accuracy that may be lost to the trained network, percentage points.
        min_agreement: Least share of pictures answered as the trained network answers them, 0 to 1.
        max_size_bytes: Largest file.
        max_p50_ms: Largest median latency of one inference, in milliseconds; measured on the
            machine that exports, so only for a recipe whose target is ``this machine``.
        max_far: Largest share of strangers that get a name, 0 to 1, as measured on those that the
            threshold was not fitted on; for a recipe with ``far``.
        min_true_accepts: Least share of validation pictures that get their right name at that
            threshold, 0 to 1; for a recipe with ``far``.
    """

    schemes: tuple[Scheme, ...] | None = None
    min_accuracy: float | None = None
    max_drop_points: float | None = None
    min_agreement: float | None = None
    max_size_bytes: int | None = None
    max_p50_ms: float | None = None
    max_far: float | None = None
    min_true_accepts: float | None = None

    def __post_init__(self) -> None:
        if self.schemes is not None:
            check_list("schemes", self.schemes)
        for gate, limit in self._asked():
            if gate in _SHARES and not 0 <= limit <= 1:
                msg = f"{gate} is a share from 0 to 1, found {limit}"
                raise RecipeError(msg, remedy=f"write {gate} = 0.95 for 95 %")
            if gate in _LIMITS and not limit >= 0:
                msg = f"{gate} is not negative, found {limit}"
                raise RecipeError(msg)

    def _asked(self) -> list[tuple[Gate, float]]:
        known: tuple[Gate, ...] = (*_SHARES, *_LIMITS)
        limits = {f.name: getattr(self, f.name) for f in fields(self)}
        return [(gate, limits[gate]) for gate in known if limits[gate] is not None]

    def check(
        self,
        files: Sequence[AnyFile],
        float_accuracy: float | None,
        p50_ms: Mapping[str, float] | None = None,
    ) -> list[GateResult]:
        """Hold files against the limits.

        Args:
            files: Of one bundle, with what was measured of each.
            float_accuracy: Of the trained network on the same pictures, 0 to 1; None where it
                answers numbers and has none (see `Recipe.check_for_regression`).
            p50_ms: File name → median latency; needed where `max_p50_ms` is asked.

        Returns:
            One result a limit and file, file by file; empty where nothing is asked.

        Raises:
            GateNotMet: Limits are asked for schemes of which there is no file.
            ValueError: `max_p50_ms` is asked and ``p50_ms`` does not have a file.
        """
        concerned = [f for f in files if self.schemes is None or f.scheme in self.schemes]
        if self._asked() and not concerned:
            msg = f"the gates are for {', '.join(self.schemes or ())} files; none was exported"
            raise GateNotMet(msg, remedy="export that scheme, or name another under [gates]")
        results = []
        for file in concerned:
            for gate, limit in self._asked():
                measured = _measured(gate, file, float_accuracy or 0.0, p50_ms or {})
                low, high = (limit, measured) if gate.startswith("min") else (measured, limit)
                met = low <= high + _ROUNDING  # false for NaN
                pictures = _pictures(gate, file) if gate in ON_PICTURES else None
                results.append(GateResult(file.name, gate, limit, measured, met, pictures))
        return results

    def any_for(self, scheme: Scheme) -> bool:
        """Whether anything is asked of files of a scheme."""
        return bool(self._asked()) and (self.schemes is None or scheme in self.schemes)

    @property
    def about_names(self) -> tuple[Gate, ...]:
        """Those of the limits that ask how often a network names rightly."""
        return tuple(gate for gate, _ in self._asked() if gate in ON_PICTURES)


def _pictures(gate: Gate, file: AnyFile) -> int | None:
    match gate:
        case "max_far" | "min_true_accepts":
            rate = _rate(gate, file)
            return None if rate is None else rate.pictures
        case _:
            return _on_pictures(file).pictures


def _rate(gate: Gate, file: AnyFile) -> Rate | None:
    """What was measured of strangers or of enrolled people; None of a file that was not fitted."""
    if isinstance(file, PointFile) or file.unknown is None:
        return None
    return file.unknown.false_accepts if gate == "max_far" else file.unknown.true_accepts


def _on_pictures(file: AnyFile) -> Measured:
    if isinstance(file, PointFile):
        msg = f"{file.name}: Recipe.check_for_regression was not asked first"
        raise TypeError(msg)
    return file.measured


def _measured(
    gate: Gate, file: AnyFile, float_accuracy: float, p50_ms: Mapping[str, float]
) -> float:
    match gate:
        case "min_accuracy":
            return _on_pictures(file).accuracy
        case "max_drop_points":
            return 100 * (float_accuracy - _on_pictures(file).accuracy)
        case "min_agreement":
            return _on_pictures(file).agreement
        case "max_size_bytes":
            return file.size_bytes
        case "max_p50_ms":
            if file.name not in p50_ms:
                msg = f"no latency was measured for {file.name}"
                raise ValueError(msg)
            return p50_ms[file.name]
        case "max_far" | "min_true_accepts":
            rate = _rate(gate, file)
            return math.nan if rate is None else rate.share  # which meets no limit


def held(results: Sequence[GateResult]) -> tuple[Held, ...]:
    """What the manifest of a bundle keeps of them."""
    return tuple(
        Held(r.file, r.gate, r.asked, r.measured if math.isfinite(r.measured) else None, r.met)
        for r in results
    )


def check_list(key: str, values: tuple[str, ...]) -> None:
    """Say of a list in a recipe that it is empty, or that something stands twice.

    Raises:
        RecipeError: It is so.
    """
    if not values or len(set(values)) != len(values):
        msg = f"{key}: at least one, and none twice; found {', '.join(values) or 'none'}"
        raise RecipeError(msg)
