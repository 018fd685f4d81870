"""What export and compare do and say of a regression, where it differs from pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from edgeface.cli import output
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeface.cli.comparing import Pages
    from edgeface.comparison import Named
    from edgeface.convert.exportpoints import ExportedPoints
    from edgeface.pointcomparison import Compared, PointSubject, Shown
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
    from edgeface import gates, records
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
        output.table(gates.HEAD, [gate.row() for gate in made.gates])
    if made.bundle:
        output.result(f"bundle: {target} (report.html shows what was measured)")


def compare(
    named: "Named",
    data: Path | None,
    run: Path | None,
    threads: int,
    against: Path | None,
    margin: float | None,
    pages: "Pages",
    *,
    json: bool,
) -> None:
    """``edgeface compare`` of files of regressions."""
    from edgeface import pointcomparison, residuals
    from edgeface.comparison.naming import reference_first

    subjects = pointcomparison.subjects_of(named)
    reference_first(subjects, against)  # before a long job
    if data is None:
        shown = _held_back(named, subjects, run)
    else:
        shown = pointcomparison.from_file(subjects, data)
    result = pointcomparison.compare(
        subjects,
        shown,
        threads,
        output.track,
        against=against,
        margin=residuals.MARGIN if margin is None else margin / 100,
    )
    pages.write(lambda: pointcomparison.html(result), lambda: pointcomparison.markdown(result))
    if json:
        output.as_json(result.as_data())
    else:
        _tell_comparison(result)
    pages.say()
    output.next_command("edgeface", "bench", subjects[0].home)


def _held_back(named: "Named", subjects: "Sequence[PointSubject]", run: Path | None) -> "Shown":
    """The validation side of the run that was named, or that the first bundle was made from."""
    from edgeface.pointbundle import PointBundle
    from edgeface.pointcomparison import from_points
    from edgeface.train.pointrun import PointRun

    bundles = [bundle for bundle, _ in named.bundles if isinstance(bundle, PointBundle)]
    if not bundles and run is None:
        msg = "files that stand alone have no run, and no points were named"
        raise UsageError(msg, remedy="name points last: a csv or npz file; or --run RUN")
    folder = run or Path(bundles[0].manifest.origin.run)
    if not folder.is_dir():
        msg = f"the run {folder} that {bundles[0].folder} was made from is not here"
        raise UsageError(msg, remedy="name it with --run, or name a file of points")
    found = PointRun.load(folder)
    weights = [bundle.manifest.origin.weights_sha256 for bundle in bundles]
    if weights and found.weights_sha256 not in (weights if run else weights[:1]):
        msg = f"{folder} is not the run that {bundles[0].folder} was made from (other weights)"
        raise UsageError(msg, remedy="name the right one with --run, or a file of points")
    return from_points(subjects, f"validation side of {folder}", found.validation)


def _tell_comparison(result: "Compared") -> None:
    from edgeface.pointcomparison import words

    for line in words.shown(result):
        output.result(line)
    for name, why in result.skipped.items():
        output.say(f"not compared: {name}: {why}")
    output.table(*words.summary(result))
    output.result(words.note(result))
    for file, said in words.verdicts(result):
        output.result(f"{file.subject.name}: {said}")
    for line in result.findings():
        output.result(line)
