"""What ``edgeface export`` is asked, and says, of the pictures that int8 is calibrated on."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import options, output

if TYPE_CHECKING:
    from edgeface.bundle import Bundle
    from edgeface.convert.calibration.study import Wishes
    from edgeface.recipe import Recipe
    from edgeface.vision.detect import Detector

Count = Annotated[
    int | None,
    typer.Option(
        "--calibration",
        min=1,
        max=100_000,
        metavar="N",
        help="Pictures that set the ranges of int8. [default: the recipe's, or 200]",
    ),
]
Method = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="What of them sets a range: minmax; in ONNX also percentile, entropy, mse. "
        "[default: the recipe's, or minmax]",
    ),
]
Own = Annotated[
    Path | None,
    typer.Option(
        "--calibrate-on",
        metavar="PHOTOS",
        help="Calibrate on these instead of training pictures: a folder a class, or of pictures.",
    ),
]
Stability = Annotated[
    bool,
    typer.Option("--stability", help="Also hold int8 by one half of them against the other."),
]
Curve = Annotated[
    bool,
    typer.Option("--calibration-curve", help="Also measure int8 over the number of pictures."),
]


def asked(
    recipe: "Recipe",
    count: int | None,
    method: str | None,
    own: Path | None,
    *,
    stability: bool,
    curve: bool,
) -> "Recipe":
    """The recipe, with what the options say of calibration.

    Raises:
        UsageError: Nothing would be calibrated, or there is no such method.
        RecipeError: No file has that method.
    """
    from edgeface.calibration import METHODS
    from edgeface.errors import UsageError

    given = {
        "--calibration": count is not None,
        "--method": method is not None,
        "--calibrate-on": own is not None,
        "--stability": stability,
        "--calibration-curve": curve,
    }
    option = next((name for name, is_given in given.items() if is_given), None)
    if option and not recipe.calibrated:
        msg = f"{option}, but nothing is quantised by calibration"
        raise UsageError(msg, remedy=f"add --int8, or leave {option} out")
    chosen = options.one_of("--method", method, METHODS)
    changed = replace(
        recipe,
        calibration=recipe.calibration if count is None else count,
        method=chosen or recipe.method,
    )
    if changed.method != "minmax" and "tflite" in changed.formats:
        output.say(f"method {changed.method} is for ONNX; TFLite's converter has minmax alone")
    return changed


def wishes(
    own: Path | None, detector_model: Path | None, *, stability: bool, curve: bool
) -> "Wishes":
    """What is asked beyond the recipe."""
    from edgeface.convert.calibration.study import Wishes
    from edgeface.vision.detect import open_detector

    def opened(name: str) -> "Detector":
        return open_detector(name, detector_model)

    return Wishes(own, opened, stability=stability, curve=curve)


def check_unneeded(folder: Path, own: Path | None, *, stability: bool, curve: bool) -> None:
    """Say of a regression that it has no pictures.

    Raises:
        UsageError: Something was asked that only pictures have.
    """
    from edgeface.errors import UsageError

    if own is not None or stability or curve:
        msg = f"{folder} is a regression: it is calibrated on its own training points"
        raise UsageError(msg, remedy="leave --calibrate-on, --stability, --calibration-curve out")


def table(bundle: "Bundle") -> None:
    """The halves and the curve of a bundle, where they were asked."""
    from edgeface import records
    from edgeface.convert.calibration import curve, page
    from edgeface.errors import BundleError

    record = bundle.manifest.calibration
    if record and record.halves:
        output.result("")
        output.table(page.HALVES, page.halves(record))
    path = bundle.folder / curve.JSON
    if path.is_file():
        data = records.from_json(path.read_text("utf-8"), str(path), BundleError)
        output.result("")
        output.table(curve.HEAD, records.build(curve.Curve, data, str(path), BundleError).rows())
