"""The pictures of an export: what sets the ranges of int8, and what every file is measured on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface import __version__, evaluate
from edgeface.convert import calibrate, parity
from edgeface.convert.network import Network
from edgeface.convert.source import Teller
from edgeface.errors import ConversionError
from edgeface.images import Pixels
from edgeface.recipe import Recipe
from edgeface.train.run import Run


@dataclass(frozen=True, slots=True)
class Sides:
    """The pictures of an export, and what the trained network answers to those held back.

    Attributes:
        calibration: (m, height, width, channels) uint8, black and white among them.
        calibration_sha256: Of each of them but black and white.
        pixels: (n, height, width, channels) uint8: held back.
        truth: (n,) their class numbers.
        probs: (n, classes) the trained network's answers to them.
    """

    calibration: Pixels
    calibration_sha256: tuple[str, ...]
    pixels: Pixels
    truth: NDArray[np.intp]
    probs: evaluate.Probs

    @property
    def accuracy(self) -> float:
        """Of the trained network on the pictures held back, 0 to 1."""
        return evaluate.accuracy(self.probs, self.truth)


def of_run(run: Run, recipe: Recipe, network: Network, teller: Teller) -> Sides:
    """The sides of a run, and whether its network is the one that was trained.

    Raises:
        InputError: The run's photographs are gone or changed.
        ConversionError: It answers otherwise than when it was trained, or every picture alike.
    """
    training, training_truth = run.crops(
        "training", lambda entries: teller.track(entries, "training pictures")
    )
    pixels, truth = run.crops(
        "validation", lambda entries: teller.track(entries, "validation pictures")
    )
    probs = network.infer(pixels)
    _check_recorded(run, evaluate.cross_entropy(probs, truth))
    check_moves(str(run.folder), np.concatenate([probs, network.infer(training[:64])]))
    chosen = calibrate.draw(training_truth, recipe.calibration, recipe.seed)
    entries = run.split.side("training")
    digests = tuple(entries[i].sha256 for i in chosen)
    shown = calibrate.with_black_and_white(training[chosen])
    return Sides(shown, digests, pixels, truth, probs)


def check_moves(where: str, probs: evaluate.Probs) -> None:
    """Say that comparing files with a network would prove nothing.

    Raises:
        ConversionError: It answers every picture alike.
    """
    if not parity.moves(probs):
        msg = f"{where}: the network answers every picture alike; no comparison would mean much"
        raise ConversionError(msg, remedy="train it for longer, or on more pictures")


def _check_recorded(run: Run, loss: float) -> None:
    """A run is rebuilt by today's code: it has to be the network that was measured then."""
    recorded = run.metrics()["validation"].get("loss")
    if recorded is None or abs(loss - recorded) > 1e-3 * (1 + abs(recorded)):
        msg = (
            f"{run.folder}: validation loss {loss:.4f}, when it was trained {recorded}: "
            f"edgeface {__version__} does not build the network of {run.config.edgeface}"
        )
        raise ConversionError(msg, remedy="train again, or export with the version that trained it")
