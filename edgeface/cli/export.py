"""``edgeface export``: a run, or a network of one's own, → a bundle for a device."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import (
    calibrating,
    options,
    output,
    ownnetwork,
    points,
    searching,
    unknown,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeface.convert.calibration.study import Wishes
    from edgeface.convert.export import Exported
    from edgeface.convert.own import Own
    from edgeface.convert.unknown import Asked
    from edgeface.gates import GateResult
    from edgeface.recipe import Recipe


def export(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN", help="A run, by default the newest; or a .keras file of your own."
        ),
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Also quantised files, int8, beside float32.")
    ] = False,
    schemes: Annotated[
        str,
        typer.Option(
            "--schemes", metavar="'A,B'", help="float32, float16, dynamic, int8, int16x8."
        ),
    ] = "",
    formats: Annotated[
        str, typer.Option("--formats", metavar="'A,B'", help="tflite, onnx. [default: both]")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the bundle goes. [default: a free name, as bundles/RUN]"),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option("--recipe", metavar="FILE", help="What to export, and gates: export/*.toml."),
    ] = None,
    calibration: calibrating.Count = None,
    method: calibrating.Method = None,
    calibrate_on: calibrating.Own = None,
    stability: calibrating.Stability = False,
    calibration_curve: calibrating.Curve = False,
    far: unknown.Far = None,
    strangers: unknown.Strangers = None,
    detector_model: options.DetectorModel = None,
    skip_broken: unknown.SkipBroken = False,
    io: Annotated[
        str | None,
        typer.Option(
            "--io", help="int8: also a TFLite file with int8 input and output. [default: pixels]"
        ),
    ] = None,
    c_array: Annotated[
        bool,
        typer.Option(
            "--c-array", help="Also that file as C, for microcontrollers; with --io int8."
        ),
    ] = False,
    labels: ownnetwork.Labels = "",
    wanted: ownnetwork.Input = "",
    photos: ownnetwork.Photos = None,
    framing: ownnetwork.Framing = None,
    max_drop: searching.MaxDrop = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the bundle though a gate was not met.")
    ] = False,
    force: options.Force = False,
    json: options.Json = False,
) -> None:
    """Turn a run into a bundle for a device: TFLite and ONNX files.

    Converts, calibrates int8, measures every file on the pictures that were held back, and holds it
    against the gates of a recipe. A gate that is not met: exit code 3, and no bundle. With
    --max-drop, or search = true in a recipe, the smallest file that keeps the gates is searched.
    """
    from edgeface import sealed
    from edgeface.train.pointrun import is_regression
    from edgeface.train.run import CONFIG, Run

    folder = run
    if folder is None:
        folder = sealed.newest(options.RUNS, "run", CONFIG)
        output.say(f"run: {folder} (the newest)")
    name = folder.stem if ownnetwork.is_own(folder) else folder.resolve().name
    target = out or options.free_name(options.BUNDLES / name)
    sealed.check_free(target, force=force)
    ends = (io == "int8" or c_array) and recipe is None and not schemes
    files = _recipe(recipe, int8=int8 or ends, schemes=schemes, formats=formats)
    asked = unknown.asked(files, far)
    beyond = {"stability": stability, "curve": calibration_curve}
    asked = calibrating.asked(asked, calibration, method, calibrate_on, **beyond)
    asked = _with_ends(searching.asked(asked, max_drop), io, c_array=c_array)
    if ownnetwork.is_own(folder):
        ownnetwork.check_possible(folder, strangers, calibrate_on)
        own = ownnetwork.described(folder, labels, wanted, photos, framing, skip_broken=skip_broken)
        wishes = calibrating.wishes(None, None, **beyond)
        _own(own, asked, target, wishes, keep=keep, force=force, json=json)
        return
    ownnetwork.check_unneeded(labels, wanted, photos, framing)
    if is_regression(folder):
        calibrating.check_unneeded(folder, calibrate_on, **beyond)
        unknown.check_unneeded(folder, asked, strangers)
        points.export(folder, asked, target, keep=keep, force=force, json=json)
        return
    loaded = Run.load(folder)
    others = unknown.people(strangers, detector_model, skip_broken=skip_broken)
    wishes = calibrating.wishes(calibrate_on, detector_model, **beyond)
    _export(loaded, asked, target, others, wishes, keep=keep, force=force, json=json)


def _recipe(path: Path | None, *, int8: bool, schemes: str, formats: str) -> "Recipe":
    from edgeface.bundle import SCHEMES
    from edgeface.errors import UsageError
    from edgeface.recipe import Recipe

    if path is None:
        usual = "float32,int8" if int8 else "float32"
        kinds = _listed("--formats", formats or "tflite,onnx", list(SCHEMES))
        ways = _listed("--schemes", schemes or usual, SCHEMES["tflite"])
        if int8 and "int8" not in ways:
            msg = f"--int8, but --schemes {schemes} asks for no int8"
            raise UsageError(msg, remedy="leave one of the two away")
        return Recipe("default", "any machine", formats=kinds, schemes=ways)
    if schemes or formats:
        option = "--schemes" if schemes else "--formats"
        msg = f"{option}, but {path} says which files it asks for"
        raise UsageError(msg, remedy="leave one of the two away")
    recipe = Recipe.load(path)
    if int8 and "int8" not in recipe.schemes:
        msg = f"--int8, but {path} asks for {', '.join(recipe.schemes)} only"
        raise UsageError(msg, remedy="leave one of the two away")
    return recipe


def _with_ends(recipe: "Recipe", io: str | None, *, c_array: bool) -> "Recipe":
    """The recipe, with what the options say of integer ends."""
    from dataclasses import replace

    ends = options.one_of("--io", io, ("pixels", "int8")) or ("int8" if c_array else recipe.io)
    return replace(recipe, io=ends, c_array=c_array or recipe.c_array)


def _listed(option: str, text: str, known: "Sequence[str]") -> "tuple[Any, ...]":
    """Words between commas, each of them known and none twice."""
    from edgeface.errors import UsageError

    words = [word.strip() for word in text.split(",") if word.strip()]
    wrong = [word for word in words if word not in known]
    if wrong or not words or len(set(words)) != len(words):
        what = wrong[0] if wrong else "the same twice, or nothing"
        msg = f"{option} {text}: {what}; some of {', '.join(known)}, with commas between"
        raise UsageError(msg)
    return tuple(words)


def _own(
    own: "Own",
    recipe: "Recipe",
    target: Path,
    wishes: "Wishes",
    *,
    keep: bool,
    force: bool,
    json: bool,
) -> None:
    from edgeface.convert.export import Missed, export_own

    try:
        made = export_own(own, recipe, target, _Teller(), force=force, keep=keep, wishes=wishes)
    except Missed as missed:
        _tell(missed.made, target, as_json=json)
        raise
    _tell(made, target, as_json=json)
    _end(made, "compare", target, "--data", own.photos)


def _end(made: "Exported", *following: str | Path) -> None:
    all_met = all(gate.met for gate in made.gates)
    if not all_met:
        output.say("kept, though a gate was not met")
    output.next_command("edgeface", *following)
    if not all_met:
        raise typer.Exit(3)


def _export(
    run: Any,
    recipe: "Recipe",
    target: Path,
    strangers: "Asked | None",
    wishes: "Wishes",
    *,
    keep: bool,
    force: bool,
    json: bool,
) -> None:
    from edgeface.convert.export import Missed
    from edgeface.convert.export import export as convert

    try:
        made = convert(
            run,
            recipe,
            target,
            _Teller(),
            force=force,
            keep=keep,
            strangers=strangers,
            wishes=wishes,
        )
    except Missed as missed:
        _tell(missed.made, target, as_json=json)
        raise
    _tell(made, target, as_json=json)
    _end(made, "compare", target)


def _tell(made: "Exported", target: Path, *, as_json: bool) -> None:
    from edgeface import gates, records
    from edgeface.convert import page

    scans = made.bundle.manifest.windows if made.bundle else ()
    if as_json:
        output.as_json(
            {
                "bundle": str(target) if made.bundle else None,
                "float_accuracy": made.float_accuracy,
                "files": [records.plain(file) for file in made.files],
                "considered": [records.plain(one) for one in made.considered],
                "windows": [records.plain(file) for file in scans],
                "gates": [records.plain(gate) for gate in made.gates],
                "search": made.searched.as_data() if made.searched else None,
            }
        )
        return
    output.table(page.HEAD, page.rows(made.files, made.float_accuracy))
    pictures = made.files[0].measured.pictures
    output.result(f"trained network: {made.float_accuracy:.3f} on the same {pictures} pictures")
    unknown.table(made.files, made.considered)
    searching.table(made.searched)
    if made.gates:
        output.result("")
        output.table(gates.HEAD, _gate_rows(made.gates))
    if made.bundle:
        windows.table(scans)
        calibrating.table(made.bundle)
        output.result(f"bundle: {target} (report.html shows what was measured)")


def _gate_rows(gates: "Sequence[GateResult]") -> "list[tuple[str, ...]]":
    return [gate.row() for gate in gates]


class _Teller:
    def say(self, text: str) -> None:
        output.say(text)

    def track(self, items: "Sequence[Any]", doing: str) -> "Iterable[Any]":
        return output.track(items, doing)
