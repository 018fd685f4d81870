"""``edgeface export`` of somebody's own ``.keras`` file: what has to be said of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import subjects
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.convert.own import Own

SUFFIX = ".keras"
Labels = Annotated[
    str,
    typer.Option(
        "--labels",
        metavar="FILE|'A,B'",
        help="Of a .keras file: its labels in the order of its output.",
    ),
]
Input = Annotated[
    str,
    typer.Option(
        "--input",
        metavar="COLOUR[:RANGE]",
        help="Of a .keras file: rgb, bgr or gray; where it does not scale pixels itself, the range "
        "that it expects: rgb:0..1, rgb:-1..1, rgb:0..255.",
    ),
]
Photos = Annotated[
    Path | None,
    typer.Option(
        "--photos",
        metavar="PHOTOS",
        help="Of a .keras file: a folder a label; half to calibrate on, half to measure on.",
    ),
]
Framing = Annotated[
    str | None,
    typer.Option(
        "--framing",
        help="Of a .keras file: whole pictures, the largest centred square, or stretched ones. "
        "[default: whole]",
    ),
]


def is_own(path: Path | None) -> bool:
    """Whether a ``.keras`` file was named rather than a run."""
    return path is not None and path.suffix.lower() == SUFFIX and not path.is_dir()


def check_unneeded(labels: str, wanted: str, photos: Path | None, framing: str | None) -> None:
    """A run knows all of this itself.

    Raises:
        UsageError: One of the options was given nevertheless.
    """
    given = {"--labels": labels, "--input": wanted, "--photos": photos, "--framing": framing}
    option = next((name for name, value in given.items() if value), None)
    if option is not None:
        msg = f"{option} says something of a .keras file; a run knows it itself"
        raise UsageError(msg, remedy=f"leave {option} out, or name a .keras file")


def check_possible(path: Path, strangers: Path | None, calibrate_on: Path | None) -> None:
    """Options that only a run has.

    Raises:
        UsageError: One of them was given.
    """
    if strangers is not None:
        msg = f"--strangers: {path} says of no picture whether it was trained on"
        raise UsageError(msg, remedy="edgeface compare BUNDLE --strangers PHOTOS measures it")
    if calibrate_on is not None:
        msg = f"--calibrate-on: {path} is calibrated on half of --photos, measured on the other"
        raise UsageError(msg, remedy="leave --calibrate-on out")


def described(
    path: Path,
    labels: str,
    wanted: str,
    photos: Path | None,
    framing: str | None,
    *,
    skip_broken: bool = False,
) -> "Own":
    """A ``.keras`` file with what was said of it.

    Raises:
        UsageError: Something is missing, or cannot be meant.
    """
    from edgeface.cli import options
    from edgeface.datasets.people import RESERVED

    missing = [
        option
        for option, value in (
            ("--labels labels.txt", labels),
            ("--input rgb|bgr|gray[:0..1|:-1..1|:0..255]", wanted),
            ("--photos PHOTOS", photos),
        )
        if not value
    ]
    if missing or photos is None:
        words = ", ".join(option.split()[0] for option in missing)
        msg = f"{path} does not say it itself: {words} missing"
        raise UsageError(msg, remedy="add " + " ".join(missing))
    names = subjects.names(labels)
    reserved = [name for name in names if name in RESERVED]
    if reserved or len(names) < 2 or len(set(names)) != len(names):
        reason = f"{reserved[0]!r} is what others are called" if reserved else "two, each once"
        msg = f"--labels {labels}: {reason}"
        raise UsageError(msg, remedy="name every class once, in the order of the output")
    if not photos.exists():
        msg = f"--photos {photos}: no such folder"
        raise UsageError(msg, remedy="a folder of photographs a label, or a zip of it")
    framed: Any = options.one_of("--framing", framing, ("whole", "stretched")) or "whole"
    from edgeface.convert.adopt import Wanted
    from edgeface.convert.own import Own

    return Own(path, names, Wanted.parse(wanted), photos, framed, skip_broken)
