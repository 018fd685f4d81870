"""The step of an export that fits `unknown` to a false-accept rate: check, cut, choose, say."""

from dataclasses import dataclass
from pathlib import Path

from edgeface.acceptance import SCORES, Score
from edgeface.convert.network import Network
from edgeface.convert.rejecting import People, Plan, plan
from edgeface.convert.sides import Sides
from edgeface.convert.source import Source, Teller
from edgeface.convert.strangers import check_detector, cut_strangers
from edgeface.errors import UsageError
from edgeface.recipe import Recipe
from edgeface.rejection import check_rate, least, to_state
from edgeface.train.run import Run


@dataclass(frozen=True, slots=True)
class Asked:
    """Strangers that a user named.

    Attributes:
        photos: A folder per person; none of them is enrolled.
        detector_model: File of the run's detector, where it needs one.
        skip_broken: Leave broken pictures out and go on.
    """

    photos: Path
    detector_model: Path | None = None
    skip_broken: bool = False


def check_asked(run: Run, far: float | None, asked: Asked | None) -> None:
    """Say before a long job what cannot be had.

    Args:
        run: What is exported.
        far: The false-accept rate; None: none was asked.
        asked: The strangers, where there are some.

    Raises:
        UsageError: It is no rate, there are strangers without one, or nobody can be left out.
        InputError: The strangers cannot be cut as the run's own pictures were.
    """
    if far is None:
        if asked is not None:
            msg = f"{asked.photos}: strangers, but no false-accept rate to fit a threshold to"
            raise UsageError(msg, remedy="add --far 0.01")
        return
    training = len(run.split.side("training"))
    check_possible(far, asked is not None, len(run.labels), training)
    if asked is not None:
        check_detector(run.config.detector, asked.detector_model)
        if not asked.photos.exists():
            msg = f"{asked.photos}: no such folder or zip"
            raise UsageError(msg, remedy="name a folder with one folder of photographs per person")


def check_possible(far: float, strangers: bool, classes: int, training: int) -> None:
    """Say before a long job that a rate cannot be had.

    Args:
        far: The false-accept rate.
        strangers: Whether there are some.
        classes: How many people are enrolled.
        training: On how many pictures, which have to do where there are no strangers.

    Raises:
        UsageError: It is no rate, or nobody can be left out.
    """
    check_rate(far)
    if strangers:
        return
    if classes < 3:
        msg = f"--far without strangers: of {classes} people, whoever is left out gets one name"
        raise UsageError(msg, remedy="name strangers with --strangers PHOTOS")
    if training < least(far):
        msg = f"--far {far:g} takes {least(far)} faces at least; the run has {training}"
        raise UsageError(msg, remedy="name strangers with --strangers PHOTOS, or ask a higher rate")


def plan_of(
    run: Run,
    recipe: Recipe,
    network: Network,
    sides: Sides,
    source: Source,
    asked: Asked | None,
    teller: Teller,
) -> Plan:
    """Choose the score for a run, and say what was chosen.

    Args:
        run: What is exported.
        recipe: Its false-accept rate, and the seed of the draw of strangers. With a search files
            answer probabilities alone: a layer that is quantised by itself may be the one whose
            answer a second output is.
        network: Of the run.
        sides: Its pictures.
        source: What it is beside its weights.
        asked: The strangers; None: enrolled people are left out in turn.
        teller: Is told how it goes on.

    Raises:
        UsageError: There are too few strangers for the rate.
        InputError: Somebody among them is enrolled, or a picture is broken.
    """
    strangers = None
    if asked is not None:
        strangers = cut_strangers(
            asked.photos,
            source,
            {entry.sha256 for entry in run.split.files},
            asked.detector_model,
            teller,
            skip_broken=asked.skip_broken,
        )
    training = People(*run.crops("training", lambda e: teller.track(e, "training pictures")))
    held = People(sides.pixels, sides.truth)
    far = recipe.far or 0.0
    scores: tuple[Score, ...] = ("maximum", "margin") if recipe.search else SCORES
    if recipe.search:
        teller.say("note: with a search, unknown is told by the probabilities: maximum or margin")
    found = plan(network, training, held, strangers, far, recipe.seed, scores)
    reported = len(found.reporting.truth)
    if strangers is not None and reported < to_state(far):
        teller.say(
            f"note: {reported} faces of strangers are measured on; to state a rate of {far:g} with "
            f"95 % takes {to_state(far)}, of as many people"
        )
    return found
