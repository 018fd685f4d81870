"""What a calibration is worth, measured where it was asked for: halves and curve."""

from dataclasses import replace
from pathlib import Path

from edgeface.bundlefolder import Format
from edgeface.convert.calibration import curve, halves
from edgeface.convert.calibration.study import Wishes
from edgeface.convert.calibration.trials import Trials
from edgeface.convert.network import Network
from edgeface.convert.sides import Sides
from edgeface.convert.source import Teller
from edgeface.recipe import Recipe


def measured(
    network: Network, recipe: Recipe, sides: Sides, wishes: Wishes, folder: Path, teller: Teller
) -> Sides:
    """The sides with what was asked of their calibration; the curve is written into the folder.

    Args:
        network: The trained one.
        recipe: Which formats, by which method and seed.
        sides: The pictures.
        wishes: What was asked.
        folder: Of the bundle.
        teller: Is told how it goes on.
    """
    formats: list[Format] = [format for format, scheme in recipe.pairs if scheme == "int8"]
    if not formats or not (wishes.stability or wishes.curve):
        return sides
    trials = Trials(network, recipe.method, sides.pixels)
    if wishes.curve and sides.offered is not None:
        found = curve.measure(
            trials, formats, sides.offered, sides.truth, sides.probs, recipe.seed, teller
        )
        curve.write(folder, found)
    if not wishes.stability or sides.chosen is None:
        return sides
    two = halves.compare(trials, formats, sides.chosen, sides.truth, recipe.seed, teller)
    return replace(sides, record=replace(sides.record, halves=two))
