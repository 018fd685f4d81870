"""Recipes: what to export for a target, and the limits that its files have to keep.

A recipe is a TOML file; those of the project lie in ``export/``. It carries nothing out itself.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeface import records
from edgeface.bundle import CALIBRATED, SCHEMES, Format, Scheme
from edgeface.calibration import Method
from edgeface.errors import RecipeError
from edgeface.gates import OF_UNKNOWN, Gates, check_list

THIS_MACHINE = "this machine"
CALIBRATION = 200


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
    gates: Gates = Gates()  # noqa: RUF009 - frozen
    method: Method = "minmax"
    io: Literal["pixels", "int8"] = "pixels"
    c_array: bool = False
    far: float | None = None
    search: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name):
            msg = f"name {self.name!r}: letters, digits, dots and dashes are possible"
            raise RecipeError(msg)
        check_list("formats", self.formats)
        check_list("schemes", self.schemes)
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
