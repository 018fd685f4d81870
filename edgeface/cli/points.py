"""What export and compare do and say of a regression, where it differs from pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from edgeface.cli import output
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeface.convert.exportpoints import ExportedPoints
    from edgeface.pointbundle import PointBundle
    from edgeface.pointcomparison import Compared, Shown
    from edgeface.recipe import Recipe


def export(
    folder: Path, recipe: "Recipe", target: Path, *, keep: bool, force: bool, json: bool
) -> None:
    """``edgeface export`` of a run of points."""
    from edgeface.convert.exportpoints import PointsMissed, export_points
    from edgeface.train.pointrun import PointRun

    try:
        made = export_points(
            PointRun.load(folder), recipe, target, _Converting(), force=force, keep=keep
        )
    except PointsMissed as missed:
        _tell_export(missed.made, target, as_json=json)
        raise
    _tell_export(made, target, as_json=json)
    all_met = all(gate.met for gate in made.gates)
    if not all_met:
        output.say("kept, though a gate was not met")
    output.next_command("edgeface", "compare", target)
    if not all_met:
        raise typer.Exit(3)


class _Converting:
    """See `edgeface.convert.source.Teller`."""

    def say(self, text: str) -> None:
        output.say(text)

    def track(self, items: Any, doing: str) -> Any:
        return output.track(items, doing)


def _tell_export(made: "ExportedPoints", target: Path, *, as_json: bool) -> None:
    from edgeface import recipe, records
    from edgeface.convert import pointpage

    found = pointpage.findings(made.files, made.float_l2)
    if as_json:
        output.as_json(
            {
                "task": "regress",
                "bundle": str(target) if made.bundle else None,
                "float_l2": made.float_l2,
                "files": [records.plain(file) for file in made.files],
                "gates": [records.plain(gate) for gate in made.gates],
                "findings": found,
            }
        )
        return
    output.table(pointpage.HEAD, pointpage.rows(made.files, made.float_l2))
    points = made.files[0].measured.points
    output.result(f"trained network: L2 error {made.float_l2:.4g} on the same {points} points")
    for line in found:
        output.result(line)
    if made.gates:
        output.result("")
        output.table(recipe.HEAD, [gate.row() for gate in made.gates])
    if made.bundle:
        output.result(f"bundle: {target} (report.html shows what was measured)")


def compare(
    bundle: "PointBundle", data: Path | None, run: Path | None, threads: int, *, json: bool
) -> None:
    """``edgeface compare`` of the bundle of a regression."""
    from edgeface.pointcomparison import compare_files, from_file

    shown = _own_validation(bundle, run) if data is None else from_file(bundle, data)
    result = compare_files(bundle, shown, threads, output.track)
    if json:
        output.as_json(result.as_data())
    else:
        _tell_comparison(result)
    output.next_command("edgeface", "bench", bundle.folder)


def _own_validation(bundle: "PointBundle", named: Path | None) -> "Shown":
    """The validation side of the run that the bundle was made from."""
    from edgeface.pointcomparison import Shown
    from edgeface.train.pointrun import PointRun

    folder = named or Path(bundle.manifest.origin.run)
    if not folder.is_dir():
        msg = f"the run {folder} that {bundle.folder} was made from is not here"
        raise UsageError(msg, remedy="name it with --run, or name a file of points")
    run = PointRun.load(folder)
    if run.weights_sha256 != bundle.manifest.origin.weights_sha256:
        msg = f"{folder} is not the run that {bundle.folder} was made from (other weights)"
        raise UsageError(msg, remedy="name the right one with --run, or a file of points")
    return Shown(f"validation side of {folder}", run.validation)


def _tell_comparison(result: "Compared") -> None:
    shown = result.shown
    output.result(f"on {shown.what}: {len(shown.points)} points")
    if shown.only_trained:
        output.result(
            "CAUTION: all of them are points that the network was trained on; "
            "the errors below say nothing about others"
        )
    elif shown.trained_on:
        output.result(f"{shown.trained_on} more were trained on and are not counted")
    for name, why in result.skipped.items():
        output.say(f"not compared: {name}: {why}")
    head = ("file", "L2 error", "change", "95 % of the change", "RMSE", "worst", "parity", "size")
    output.table(head, [_row(row, row["file"] == result.reference) for row in result.rows])
    output.result(
        f"change: of the L2 error against {result.reference}, point by point. "
        "parity: largest difference of a value to that file."
    )
    for row in result.rows:
        if row["verdict"]:
            output.result(f"{row['file']}: {row['verdict']['words']}")
    for line in result.findings():
        output.result(line)


def _row(row: "Mapping[str, Any]", is_reference: bool) -> list[str]:
    def number(key: str, form: str = ".4g") -> str:
        return "no number" if row[key] is None else format(row[key], form)

    low, high = number("l2_change_low", "+.3g"), number("l2_change_high", "+.3g")
    change = (number("l2_change", "+.3g"), f"{low} to {high}")
    return [
        row["file"],
        number("l2"),
        *((output.NONE, output.NONE) if is_reference else change),
        number("rmse"),
        number("worst"),
        output.NONE if is_reference else number("parity", ".2g"),
        f"{row['size_bytes'] / 1000:,.0f} kB",
    ]
