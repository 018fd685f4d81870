"""What ``edgeface export`` takes and tells of `unknown` at a stated false-accept rate."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import output
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.bundle import ModelFile
    from edgeface.convert.rejecting import Considered
    from edgeface.convert.unknown import Asked
    from edgeface.recipe import Recipe

Far = Annotated[
    float | None,
    typer.Option(
        "--far",
        metavar="SHARE",
        help="Fit `unknown` so that at most this share of strangers gets a name, as 0.01.",
    ),
]
Strangers = Annotated[
    Path | None,
    typer.Option(
        "--strangers",
        metavar="PHOTOS",
        help="People who are not enrolled, a folder each; by default enrolled ones are left out "
        "in turn, which is an estimate.",
    ),
]
SkipBroken = Annotated[
    bool,
    typer.Option("--skip-broken", help="Leave broken pictures of --strangers and --photos out."),
]


def asked(recipe: "Recipe", far: float | None) -> "Recipe":
    """The recipe with the rate of ``--far``, where one was given.

    Raises:
        UsageError: It is no rate.
    """
    if far is None:
        return recipe
    from edgeface.rejection import check_rate

    check_rate(far)
    return replace(recipe, far=far)


def check_unneeded(run: Path, recipe: "Recipe", strangers: Path | None) -> None:
    """Say that a regression names nobody.

    Raises:
        UsageError: A false-accept rate was asked of it.
    """
    if recipe.far is not None or strangers is not None:
        msg = f"{run} answers numbers: it has no strangers"
        raise UsageError(msg, remedy="leave --far and --strangers out")


def people(photos: Path | None, model: Path | None, *, skip_broken: bool) -> "Asked | None":
    """The strangers that were named."""
    if photos is None:
        return None
    from edgeface.convert.unknown import Asked

    return Asked(photos, model, skip_broken)


def table(files: "Sequence[ModelFile]", considered: "Sequence[Considered]") -> None:
    """Print how often strangers get a name, file by file; nothing where no rate was asked."""
    from edgeface.convert import unknownpage

    told = unknownpage.of(files, considered)
    if told is None:
        return
    output.result("")
    output.result(told.lead)
    output.table(unknownpage.HEAD, told.rows)
    for line in told.notes:
        output.result(line)
