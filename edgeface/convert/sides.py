"""The pictures of an export: what sets the ranges of int8, and what every file is measured on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface import __version__, evaluate
from edgeface.calibration import Calibration
from edgeface.convert import parity
from edgeface.convert.calibration import candidates
from edgeface.convert.calibration.candidates import Candidates, Held
from edgeface.convert.calibration.study import NONE, Wishes, drawn
from edgeface.convert.network import Network
from edgeface.convert.rejecting import Plan
from edgeface.convert.source import Teller
from edgeface.datasets.audit.twins import HELD_BACK
from edgeface.errors import ConversionError
from edgeface.images import Pixels
from edgeface.recipe import Recipe
from edgeface.train.run import Run


@dataclass(frozen=True, slots=True)
class Sides:
    """The pictures of an export, and what the trained network answers to those held back.

    Attributes:
        calibration: (m, height, width, channels) uint8, black and white among them.
        record: What the manifest says of them.
        pixels: (n, height, width, channels) uint8: held back.
        truth: (n,) their class numbers.
        probs: (n, classes) the trained network's answers to them.
        offered: What calibration could draw from; None where that is not known.
        chosen: What it drew.
        unknown: How `unknown` is fitted to a false-accept rate; None where none is asked.
    """

    calibration: Pixels
    record: Calibration
    pixels: Pixels
    truth: NDArray[np.intp]
    probs: evaluate.Probs
    offered: Candidates | None = None
    chosen: Candidates | None = None
    unknown: Plan | None = None

    @property
    def accuracy(self) -> float:
        """Of the trained network on the pictures held back, 0 to 1."""
        return evaluate.accuracy(self.probs, self.truth)


def of_run(
    run: Run, recipe: Recipe, network: Network, teller: Teller, wishes: Wishes = NONE
) -> Sides:
    """The sides of a run, and whether its network is the one that was trained.

    Args:
        run: What was trained.
        recipe: What is asked.
        network: Of the run.
        teller: Is told how it goes on, and what is doubtful about the calibration pictures.
        wishes: Which these are, where they are not to be those of the training side.

    Raises:
        InputError: The run's photographs are gone or changed, or no calibration pictures can be had
            of them.
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
    digests = {e.sha256 for side in HELD_BACK for e in run.split.side(side)}
    held = Held(pixels, frozenset(digests))
    preprocess = run.config.preprocess
    if wishes.photos is None:
        offered = candidates.of_training(run.split, training, training_truth)
    else:
        offered = wishes.offered(run.labels, preprocess, run.config.detector, held, teller)
    shown, chosen, record = drawn(
        offered, held, run.labels, preprocess.colour, recipe, network, teller
    )
    return Sides(shown, record, pixels, truth, probs, offered, chosen)


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
