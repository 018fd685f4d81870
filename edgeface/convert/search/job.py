"""The search as a step of the export: pictures kept apart, a ladder a format, files written."""

import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from edgeface.bundle import ModelFile, Quantised
from edgeface.bundlefolder import Format
from edgeface.convert import files
from edgeface.convert.calibration.marks import hashes_of
from edgeface.convert.files import Made
from edgeface.convert.network import Network
from edgeface.convert.search import halves
from edgeface.convert.search.halves import Halves
from edgeface.convert.search.ladder import climb
from edgeface.convert.search.record import Searched
from edgeface.convert.search.tries import RUNGS, Rung
from edgeface.convert.search.variants import Variants
from edgeface.convert.sides import Sides
from edgeface.convert.source import Source, Teller
from edgeface.datasets.audit.hashes import near_groups
from edgeface.gates import Gates
from edgeface.recipe import Recipe
from edgeface.train.run import Run


def look(
    run: Run | None,
    source: Source,
    network: Network,
    sides: Sides,
    recipe: Recipe,
    teller: Teller,
) -> Searched:
    """Keep pictures apart and search on the others.

    Args:
        run: What is exported; None for a network of one's own.
        source: The same.
        network: Of it.
        sides: Its pictures.
        recipe: Formats, gates, seed.
        teller: Is told how it goes on.

    Raises:
        UsageError: There are too few pictures to keep any apart.
    """
    if run is not None:
        apart = halves.of_run(run, sides, network, recipe.seed, teller)
    else:
        groups = near_groups(hashes_of(sides.pixels, source.preprocess.colour))
        apart = halves.divided(sides, groups, recipe.seed)
    return search(recipe, network, apart, teller)


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


def make(
    searched: Searched,
    source: Source,
    network: Network,
    recipe: Recipe,
    folder: Path,
    teller: Teller,
) -> tuple[Made, ...]:
    """Write the files of a recipe, and in the place of each int8 file what the search found.

    All of them are measured on the pictures that the search never saw. A file that the recipe asks
    for anyway, as float16, is not written twice.

    Args:
        searched: What was found.
        source: What is exported.
        network: As trained.
        recipe: What is asked.
        folder: Where to.
        teller: Is told how it goes on.

    Raises:
        ConversionError: A file is broken.
    """
    final = searched.halves.final
    others = [pair for pair in recipe.pairs if pair[1] != "int8"]
    made = list(files.make(source, network, final, others, folder, teller))
    for one in searched.climbed:
        best = one.best
        if (one.format, best.scheme) in others:
            continue
        path = folder / f"{source.network}.{best.scheme}.{one.format}"
        # How far it may be from the network is what the gates say; the bound of a plain file is not
        # asked of one that they let pass, nor of one that is kept though it missed them.
        made.append(
            files.keep(
                path,
                one.content,
                one.format,
                best.scheme,
                source,
                network,
                final,
                best.quantised,
                judged=True,
            )
        )
    order = list(dict.fromkeys(format for format, _ in recipe.pairs))
    return tuple(sorted(made, key=lambda one: order.index(one.file.format)))


def gates_of(recipe: Recipe, listed: Sequence[ModelFile]) -> Gates:
    """The gates of a recipe, asked of what the search put into the place of int8 as well."""
    named = recipe.gates.schemes
    if named is None or "int8" not in named:
        return recipe.gates
    asked = {file.scheme for file in listed} - {scheme for _, scheme in recipe.pairs}
    there = tuple(s for s in named if any(file.scheme == s for file in listed))
    return replace(recipe.gates, schemes=(*there, *sorted(asked)) or None)
