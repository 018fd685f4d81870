"""``edgeface explain``: what a run's network has learned, and what it costs, as pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import options, output, targets
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeface.train.explain.explanation import Explanation, FileExplained
    from edgeface.train.explain.layers import Layer
    from edgeface.train.explain.subject import Subject
    from edgeface.train.run import Run


def explain(
    run: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="A run; by default the newest.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture",
            metavar="FILE",
            help="A photograph or a crop. [default: the run's first held-back picture]",
        ),
    ] = None,
    beside: Annotated[
        Path | None,
        typer.Option("--beside", metavar="RUN", help="Another run, to be shown beside it."),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            metavar="BUNDLE",
            help="A bundle of this run, or a file of it: its feature maps beside the network's.",
        ),
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", metavar="NAME", help="Only the maps of this layer, all of them; repeatable."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where it goes. [default: a free name, as RUN-explained]"),
    ] = None,
    detector_model: options.DetectorModel = None,
    force: options.Force = False,
    json: options.Json = False,
) -> None:
    """Show what a network has learned and what it costs, layer by layer.

    Filters, feature maps, parameters and multiply-adds, as pictures and one page; beside them, if
    asked, what exported files make of the same picture, and another network.
    """
    from edgeface import sealed
    from edgeface.train.run import CONFIG

    folder = run
    if folder is None:
        folder = sealed.newest(options.RUNS, "run", CONFIG)
        output.say(f"run: {folder} (the newest)")
    target = out or options.free_name(_beside(folder))
    sealed.check_free(target, force=force)
    loaded = _load(folder)
    other = None if beside is None else _load(beside)
    files = None if bundle is None else _files(bundle, loaded)
    subject = _subject(loaded, picture, detector_model)
    found = _explain(loaded, other, files, subject, layer or [])
    _write(found, target, force=force)
    _tell(found, target, as_json=json)
    # What is missing beside the network comes next; with its files there, their speed.
    words = ("export", folder, "--int8") if bundle is None else ("bench", bundle)
    output.next_command("edgeface", *words)


def _beside(run: Path) -> Path:
    """Where it goes unless told: `.` and `..` have no name to add to."""
    named = run if run.name not in ("", "..") else run.resolve()
    return named.with_name(f"{named.name}-explained")


def _load(folder: Path) -> "Run":
    from edgeface.train.pointrun import is_regression
    from edgeface.train.run import Run

    if is_regression(folder):
        msg = f"{folder} is fitted to points: it has no pictures, filters or maps to show"
        raise UsageError(msg, remedy=f"{folder / 'curve.png'} shows what it has learned")
    return Run.load(folder)


def _files(named: Path, run: "Run") -> "targets.PictureFiles":
    """The bundle, or the file of it, that was named.

    Raises:
        UsageError: It is not of this run, or a file that stands alone.
    """
    from edgeface.train.explain.explanation import check_bundle

    target = targets.resolve(named, None, None)
    if target.bundle is None:
        msg = f"{named} stands alone: without its bundle nobody knows what it was made from"
        raise UsageError(msg, remedy="name the folder that edgeface export wrote")
    files = targets.of_pictures(target.bundle, target.files)
    check_bundle(files[0], run)
    return files


def _subject(run: "Run", picture: Path | None, detector_model: Path | None) -> "Subject":
    from edgeface.train.explain import subject

    if picture is None:
        if detector_model is not None:
            msg = "--detector-model is for finding the face of --picture, and none was named"
            raise UsageError(msg, remedy="leave it out, or add --picture FILE")
        shown = subject.from_run(run)
    else:
        shown = subject.from_file(run, picture, detector_model)
    output.say(f"picture: {shown.name} ({shown.how})")
    return shown


def _explain(
    run: "Run",
    other: "Run | None",
    named: "targets.PictureFiles | None",
    subject: "Subject",
    chosen: "Sequence[str]",
) -> "Explanation":
    from edgeface.train.explain import explanation

    main = explanation.explain(run, subject)
    explanation.check_layers(chosen, main.layers)
    files: list[FileExplained] = []
    name = ""
    if named is not None:
        bundle, name = named[0], named[0].manifest.name
        files = [
            explanation.explain_file(bundle.path(file), file, main)
            for file in output.track(named[1], "reading files")
        ]
    return explanation.Explanation(
        subject,
        main,
        tuple(files),
        name,
        None if other is None else explanation.explain(other, subject),
        other is None or explanation.same_pictures(run, other),
        tuple(chosen),
    )


def _write(found: "Explanation", target: Path, *, force: bool) -> None:
    from edgeface.train.explain import folder

    def track(layers: "Sequence[Layer]") -> "Iterable[Layer]":
        return output.track(layers, "drawing")

    folder.write(found, target, force=force, track=track)


def _tell(found: "Explanation", target: Path, *, as_json: bool) -> None:
    from edgeface.train.explain import folder, record, tables

    main = found.main
    if as_json:
        output.as_json({**record.as_dict(found), "folder": str(target)})
        return
    noise = tuple(f"{each.file.key} dB" for each in found.files)
    output.table((*tables.LAYERS, *noise), tables.layer_rows(main.layers, found.files))
    output.result("")
    if found.files:
        output.table(tables.ANSWERS, tables.answer_rows(main, found.files))
    else:
        output.result(f"answer: {main.answer}")
    if found.beside is not None:
        output.result("")
        head = ("", main.run, found.beside.run)
        output.table(head, tables.beside_rows(main, found.beside))
    output.result(f"page: {target / folder.PAGE}")
