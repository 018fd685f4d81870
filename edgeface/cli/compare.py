"""``edgeface compare``: accuracy after quantisation, every file on the same pictures."""

from pathlib import Path
from typing import Annotated

import typer

from edgeface.cli import comparing, foreign, options, output, points, showing
from edgeface.cli import subjects as words
from edgeface.errors import UsageError


def compare(
    given: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="BUNDLE|FILE|PHOTOS|POINTS",
            help="Bundles and model files, by default the newest bundle; and a folder per person, "
            "or points, by default what the run held back.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="PHOTOS|POINTS", help="What to compare on, said aloud."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="FILE", help="The reference; by default float32."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin",
            metavar="POINTS",
            help="A loss that does not count, 0.5; of a regression 2, per cent of the L2 error.",
        ),
    ] = None,
    strangers: Annotated[
        Path | None,
        typer.Option("--strangers", metavar="PHOTOS", help="People whom nobody trained on."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="The run, where it moved since the export.")
    ] = None,
    detector: Annotated[
        str | None, typer.Option("--detector", help="By default the bundle's own.")
    ] = None,
    detector_model: options.DetectorModel = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave broken pictures out and go on.")
    ] = False,
    labels: words.Labels = "",
    colour: foreign.Colour = None,
    scaling: foreign.Scaling = None,
    framing: foreign.Framing = None,
    answers: foreign.Answers = None,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Also print what became of every class.")
    ] = False,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Also print what is taken for what.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page with the pictures that flipped."),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write it as Markdown.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of --html and --markdown.")
    ] = False,
    threads: options.Threads = 1,
    json: options.Json = False,
) -> None:
    """Compare model files: what did int8 cost, and can these pictures tell?

    Every file on the same pictures or points, each held against the float32 one: the difference
    with its interval and a verdict in words. Any bundles and files with the same labels.
    """
    from edgeface import comparison, evaluate
    from edgeface.comparison.naming import reference_first

    pages = comparing.Pages(html, markdown, force=force)
    pages.check()
    if margin is not None and not margin > 0:
        msg = f"--margin {margin:g}: above 0; 0.5 points by default, of a regression 2 per cent"
        raise UsageError(msg)
    asked = words.tell_apart(given or (), data)
    names = words.names(labels)
    told = foreign.given(None, colour, scaling, framing, answers)
    named = comparison.read_named(asked.subjects, told | ({"labels": names} if names else {}))
    foreign.say_notes(named.lone)
    looking = showing.Looking(strangers, detector, detector_model, skip_broken)
    if named.regressions:
        looking.check_unneeded(named.regressions[0])
        if per_class or confusion:
            msg = f"{named.regressions[0]} answers numbers: there are no classes to tell of"
            raise UsageError(msg, remedy="leave --per-class and --confusion out")
        points.compare(named, asked.data, run, threads, against, margin, pages, json=json)
        return
    subjects = comparison.subjects_of(named)
    reference_first(subjects, against)  # before a long job
    pictures = showing.pictures(
        subjects, named, asked.data, run, looking, words.reading(asked.data, names)
    )
    result = comparison.compare(
        subjects,
        pictures,
        threads,
        output.track,
        against=against,
        margin=evaluate.MARGIN if margin is None else margin,
    )
    pages.write(lambda: comparison.html(result), lambda: comparison.markdown(result))
    if json:
        output.as_json(result.as_data())
    else:
        comparing.tell(result, per_class=per_class, confusion=confusion)
    pages.say()
    output.next_command("edgeface", "bench", subjects[0].home)
