"""Options that say of a model file what another program did not write into it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgeface.modelfile import Facts

Labels = Annotated[
    str,
    typer.Option(
        "--labels",
        metavar="'A,B'|FILE",
        help="Of a foreign model file: its labels, in a row or one a line of a file.",
    ),
]
Colour = Annotated[
    str | None,
    typer.Option("--colour", help="Of a foreign model file: order of its channels: rgb or bgr."),
]
Scaling = Annotated[
    str | None,
    typer.Option(
        "--scaling", help="Of a foreign model file: range of its input: -1..1, 0..1, 0..255."
    ),
]
Framing = Annotated[
    str | None,
    typer.Option(
        "--framing", help="Of a foreign model file: whole pictures, stretched ones, or a face."
    ),
]
Answers = Annotated[
    str | None,
    typer.Option("--answers", help="Of a foreign model file: what it answers: probs or logits."),
]


def given(
    labels: str | None,
    colour: str | None,
    scaling: str | None,
    framing: str | None,
    answers: str | None,
) -> dict[str, Any]:
    """What was given, for `edgeface.modelfile.complete`; nothing where no option was.

    Raises:
        UsageError: The labels cannot be used.
    """
    from edgeface.cli.subjects import names

    found: dict[str, Any] = {
        "labels": names(labels) if labels else None,
        "colour": colour,
        "scaling": scaling,
        "framing": framing,
        "answers": answers,
    }
    return {name: value for name, value in found.items() if value is not None}


def say_notes(files: "Iterable[Facts]") -> None:
    """Say what was concluded of files, so that nobody takes it for told."""
    for facts in files:
        for note in facts.notes:
            output.say(f"note: {facts.path.name}: {note}")
