"""The search as a step of the export: pictures kept apart, a ladder a format, files written."""

import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from edgeface.bundle import Quantised
from edgeface.bundlefolder import Format
from edgeface.convert.network import Network
from edgeface.convert.search.halves import Halves
from edgeface.convert.search.ladder import Variants, climb
from edgeface.convert.search.record import Searched
from edgeface.convert.search.tries import RUNGS, Rung
from edgeface.convert.source import Teller
from edgeface.recipe import Recipe


def search(
    recipe: Recipe,
    network: Network,
    halves: Halves,
    teller: Teller,
    rungs: Collection[Rung] = RUNGS,
) -> Searched:
    """Search in every format of a recipe that has int8.

    Args:
        recipe: Formats, gates, seed.
        network: As trained.
        halves: What to search on.
        teller: Is told how it goes on.
        rungs: Those that may be climbed.
    """
    teller.say(halves.said)
    began = time.monotonic()
    variants = Variants(network, halves.searching)
    with tempfile.TemporaryDirectory() as folder:
        climbed = tuple(
            climb(
                format,
                variants,
                network,
                halves.searching,
                recipe.gates,
                Quantised(recipe.method if format == "onnx" else "minmax"),
                Path(folder),
                teller,
                rungs,
            )
            for format in searched_formats(recipe)
        )
    return Searched(halves, climbed, recipe.seed, time.monotonic() - began)


def searched_formats(recipe: Recipe) -> Sequence[Format]:
    """The formats whose int8 file the search looks for."""
    return [format for format, scheme in recipe.pairs if scheme == "int8"]
