"""Recipes: what to export for a target, and the limits that its files have to keep.

A recipe is a TOML file; those of the project lie in ``export/``. It carries nothing out itself.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from edgeface import records
from edgeface.acceptance import Rate
from edgeface.bundle import CALIBRATED, SCHEMES, Format, Measured, Scheme
from edgeface.calibration import Method
from edgeface.errors import GateNotMet, RecipeError
from edgeface.pointbundle import AnyFile, PointFile

THIS_MACHINE = "this machine"
CALIBRATION = 200

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
            _check_list("schemes", self.schemes)
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


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to export for a target.

    Attributes:
        name: A short name, as in ``pi4-int8``.
        target: The machine that it is for, in words; ``this machine`` for the one that exports.
        formats: The formats of the files.
        schemes: The schemes of the files; every format comes in every scheme that it has (see
            `edgeface.bundlefolder.SCHEMES`).
        calibration: How many training pictures set the ranges of int8.
        seed: Of the draw of these pictures.
        gates: The limits.
        io: ``int8``: beside the TFLite int8 file one whose input and output are int8 too, for
            microcontrollers and NPUs; ``pixels``: none.
        c_array: Whether that file also comes as a C header and source.
        method: What of the calibration pictures sets a range; TFLite has ``minmax`` alone.
        far: The false-accept rate that thresholds of `unknown` are fitted to, above 0 and below 1;
            None: they keep the names of most held-back pictures, and promise nothing of strangers.
        search: Whether, where plain int8 misses a gate, a file that keeps all of them is searched
            for, and put in its place.
    """

    name: str
    target: str
    formats: tuple[Format, ...]
    schemes: tuple[Scheme, ...]
    calibration: int = CALIBRATION
    seed: int = 0
    gates: Gates = Gates()
    method: Method = "minmax"
    io: Literal["pixels", "int8"] = "pixels"
    c_array: bool = False
    far: float | None = None
    search: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name):
            msg = f"name {self.name!r}: letters, digits, dots and dashes are possible"
            raise RecipeError(msg)
        _check_list("formats", self.formats)
        _check_list("schemes", self.schemes)
        if not 1 <= self.calibration <= 100_000:
            msg = f"calibration with {self.calibration} pictures: 1 to 100000 are possible"
            raise RecipeError(msg)
        if self.method != "minmax" and self.formats == ("tflite",):
            msg = f"method {self.method}: TFLite's converter has minmax alone"
            raise RecipeError(msg, remedy="export ONNX too, or leave method out")
        if not 0 <= self.seed < 2**32:
            msg = f"seed {self.seed}: 0 to {2**32 - 1} are possible"
            raise RecipeError(msg)
        if not self.pairs:
            msg = f"no file: {self.left_out}"
            raise RecipeError(msg, remedy=_possible())
        if self.far is not None and not 0 < self.far < 1:
            msg = f"far is a share of strangers above 0 and below 1, found {self.far:g}"
            raise RecipeError(msg, remedy="write far = 0.01 for one in a hundred")
        self._check_unknown()
        if self.c_array and self.io != "int8":
            msg = 'c_array: it is made of the file that io = "int8" asks for'
            raise RecipeError(msg, remedy='write io = "int8" too')
        if self.io == "int8" and ("tflite", "int8") not in self.pairs:
            msg = 'io = "int8" is for TFLite int8, which is not exported'
            raise RecipeError(msg, remedy="add tflite to formats, and int8 to schemes")
        idle = set(self.gates.schemes or ()) - {scheme for _, scheme in self.pairs}
        if idle:
            msg = f"gates for {', '.join(sorted(idle))} files, which the recipe does not export"
            raise RecipeError(msg, remedy="take them out, or export that scheme too")
        if self.search:
            self._check_search()
        if self.gates.max_p50_ms is not None and self.target != THIS_MACHINE:
            msg = f"max_p50_ms cannot be measured here for {self.target!r}"
            raise RecipeError(msg, remedy=f'leave it out, or write target = "{THIS_MACHINE}"')

    def _check_unknown(self) -> None:
        asked = [gate for gate in OF_UNKNOWN if getattr(self.gates, gate) is not None]
        if asked and self.far is None:
            msg = f"{asked[0]}: how many strangers get a name is only measured with far"
            raise RecipeError(msg, remedy="write far = 0.01 above [gates]")
        if asked and self.io == "int8":
            msg = f"{asked[0]}: a file with int8 ends answers probabilities alone"
            raise RecipeError(msg, remedy="leave io or the gate out")
        if asked and self.search:
            msg = f"{asked[0]}: a search looks at accuracy and agreement, not at strangers"
            raise RecipeError(msg, remedy="leave one of the two out")

    def _check_search(self) -> None:
        if not any(scheme == "int8" for _, scheme in self.pairs):
            msg = "search: it looks for what can stand in the place of int8, which is not exported"
            raise RecipeError(msg, remedy="export int8 too, or leave search out")
        if not self.gates.any_for("int8"):
            msg = "search: no gate asks anything of int8 files, so any of them would do"
            raise RecipeError(msg, remedy="write max_drop_points = 0.5 under [gates]")

    @property
    def pairs(self) -> tuple[tuple[Format, Scheme], ...]:
        """The files that are asked for and exist: format by format, in the recipe's order."""
        return tuple((f, s) for f in self.formats for s in self.schemes if s in SCHEMES[f])

    @property
    def impossible(self) -> tuple[tuple[Format, Scheme], ...]:
        """The files that are asked for and do not exist."""
        return tuple((f, s) for f in self.formats for s in self.schemes if s not in SCHEMES[f])

    @property
    def left_out(self) -> str:
        """What `impossible` holds, for a message; empty where it is empty."""
        return "; ".join(
            f"{format} has no {', '.join(s for f, s in self.impossible if f == format)}"
            for format in dict.fromkeys(f for f, _ in self.impossible)
        )

    @property
    def calibrated(self) -> bool:
        """Whether any of its files has ranges that calibration pictures set."""
        return any(scheme in CALIBRATED for _, scheme in self.pairs)

    def check_for_regression(self) -> None:
        """Say before a long job that something is for pictures, where a network answers numbers.

        Raises:
            RecipeError: A limit on names is asked, or a method of calibration.
        """
        if self.method != "minmax":
            msg = f"{self.name}: method {self.method} is for pictures; a regression has minmax"
            raise RecipeError(msg, remedy="leave method out")
        if self.search:
            msg = f"{self.name}: search is for networks that answer names; this one answers numbers"
            raise RecipeError(
                msg, remedy="leave search out; take float32 where int8 loses too much"
            )
        if self.io == "int8":
            msg = f'{self.name}: io = "int8" is for networks that look at pixels'
            raise RecipeError(msg, remedy="leave io out: a regression takes and answers float32")
        for gate in self.gates.about_names:
            msg = f"{self.name}: {gate} is a limit on names, and a regression answers numbers"
            remedy = "leave it out; max_size_bytes and max_p50_ms apply, edgeface compare tells L2"
            raise RecipeError(msg, remedy=remedy)

    @classmethod
    def load(cls, path: Path) -> "Recipe":
        """Read a recipe.

        Raises:
            RecipeError: It cannot be read, is no TOML, or asks something that is not known.
        """
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            msg = f"{path}: cannot be read ({error.strerror})"
            raise RecipeError(msg, remedy="the recipes of the project are export/*.toml") from error
        except UnicodeDecodeError as error:
            msg = f"{path}: not text in UTF-8"
            raise RecipeError(msg) from error
        return cls.parse(text, path.name)

    @classmethod
    def parse(cls, text: str, where: str) -> "Recipe":
        """`load` for text in memory; ``where`` stands in the errors."""
        data = records.from_toml(text, where, RecipeError)
        return records.build(cls, data, where, RecipeError)


def _possible() -> str:
    return "; ".join(f"{format} has {', '.join(schemes)}" for format, schemes in SCHEMES.items())


def _check_list(key: str, values: tuple[str, ...]) -> None:
    if not values or len(set(values)) != len(values):
        msg = f"{key}: at least one, and none twice; found {', '.join(values) or 'none'}"
        raise RecipeError(msg)
