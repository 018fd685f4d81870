"""``edgeface export --max-drop``: where plain int8 loses more, a file that does not is searched."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import output

if TYPE_CHECKING:
    from edgeface.convert.search.record import Searched
    from edgeface.recipe import Recipe

MaxDrop = Annotated[
    float | None,
    typer.Option(
        "--max-drop",
        metavar="POINTS",
        help="Most accuracy that int8 may lose; where it loses more, what does not is searched.",
    ),
]


def asked(recipe: "Recipe", points: float | None) -> "Recipe":
    """A recipe with the limit of the command line, and a search for what keeps it.

    Raises:
        UsageError: It is no limit, or nothing in int8 is exported.
    """
    from edgeface.errors import UsageError

    if points is None:
        return recipe
    if not math.isfinite(points) or not 0 <= points <= 100:
        msg = f"--max-drop {points:g}: percentage points of accuracy, 0 to 100"
        raise UsageError(msg, remedy="write --max-drop 0.5 for half a point")
    if not any(scheme == "int8" for _, scheme in recipe.pairs):
        msg = "--max-drop limits what int8 loses, and no int8 is exported"
        raise UsageError(msg, remedy="add --int8")
    gates = replace(recipe.gates, max_drop_points=points)
    if gates.schemes is not None and "int8" not in gates.schemes:
        gates = replace(gates, schemes=(*gates.schemes, "int8"))
    return replace(recipe, gates=gates, search=True)


def table(searched: "Searched | None") -> None:
    """What was tried."""
    if searched is None:
        return
    from edgeface.convert.search.record import HEAD

    output.result("")
    output.table(HEAD, searched.rows())
    said = searched.halves.said
    output.result(said[:1].upper() + said[1:] + f"; {searched.seconds:.0f} s")
