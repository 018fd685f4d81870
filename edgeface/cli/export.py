"""``edgeface export``: a run → a bundle for a device."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import options, output, points, windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeface.bundle import Scheme
    from edgeface.convert.export import Exported
    from edgeface.recipe import GateResult, Recipe


def export(
    run: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="A run; by default the newest.")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Also quantised files, int8, beside float32.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the bundle goes. [default: a free name, as bundles/RUN]"),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option("--recipe", metavar="FILE", help="What to export, and gates: export/*.toml."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the bundle though a gate was not met.")
    ] = False,
    force: options.Force = False,
    json: options.Json = False,
) -> None:
    """Turn a run into a bundle for a device: TFLite and ONNX files.

    Converts, calibrates int8, measures every file on the pictures that were held back, and holds it
    against the gates of a recipe. A gate that is not met: exit code 3, and no bundle.
    """
    from edgeface import sealed
    from edgeface.train.pointrun import is_regression
    from edgeface.train.run import CONFIG, Run

    folder = run
    if folder is None:
        folder = sealed.newest(options.RUNS, "run", CONFIG)
        output.say(f"run: {folder} (the newest)")
    target = out or options.free_name(options.BUNDLES / folder.resolve().name)
    sealed.check_free(target, force=force)
    asked = _recipe(recipe, int8=int8)
    if is_regression(folder):
        points.export(folder, asked, target, keep=keep, force=force, json=json)
        return
    loaded = Run.load(folder)
    _export(loaded, asked, target, keep=keep, force=force, json=json)


def _recipe(path: Path | None, *, int8: bool) -> "Recipe":
    from edgeface.errors import UsageError
    from edgeface.recipe import Recipe

    if path is None:
        schemes: tuple[Scheme, ...] = ("float32", "int8") if int8 else ("float32",)
        return Recipe("default", "any machine", formats=("tflite", "onnx"), schemes=schemes)
    recipe = Recipe.load(path)
    if int8 and "int8" not in recipe.schemes:
        msg = f"--int8, but {path} asks for {', '.join(recipe.schemes)} only"
        raise UsageError(msg, remedy="leave one of the two away")
    return recipe


def _export(
    run: Any, recipe: "Recipe", target: Path, *, keep: bool, force: bool, json: bool
) -> None:
    from edgeface.convert.export import Missed
    from edgeface.convert.export import export as convert

    try:
        made = convert(run, recipe, target, _Teller(), force=force, keep=keep)
    except Missed as missed:
        _tell(missed.made, target, as_json=json)
        raise
    _tell(made, target, as_json=json)
    all_met = all(gate.met for gate in made.gates)
    if not all_met:
        output.say("kept, though a gate was not met")
    output.next_command("edgeface", "compare", target)
    if not all_met:
        raise typer.Exit(3)


def _tell(made: "Exported", target: Path, *, as_json: bool) -> None:
    from edgeface import recipe, records
    from edgeface.convert import page

    scans = made.bundle.manifest.windows if made.bundle else ()
    if as_json:
        output.as_json(
            {
                "bundle": str(target) if made.bundle else None,
                "float_accuracy": made.float_accuracy,
                "files": [records.plain(file) for file in made.files],
                "windows": [records.plain(file) for file in scans],
                "gates": [records.plain(gate) for gate in made.gates],
            }
        )
        return
    output.table(page.HEAD, page.rows(made.files, made.float_accuracy))
    pictures = made.files[0].measured.pictures
    output.result(f"trained network: {made.float_accuracy:.3f} on the same {pictures} pictures")
    if made.gates:
        output.result("")
        output.table(recipe.HEAD, _gate_rows(made.gates))
    if made.bundle:
        windows.table(scans)
        output.result(f"bundle: {target} (report.html shows what was measured)")


def _gate_rows(gates: "Sequence[GateResult]") -> "list[tuple[str, ...]]":
    return [gate.row() for gate in gates]


class _Teller:
    def say(self, text: str) -> None:
        output.say(text)

    def track(self, items: "Sequence[Any]", doing: str) -> "Iterable[Any]":
        return output.track(items, doing)
