"""From what may be drawn to what is calibrated on: drawn, audited, and told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeface.calibration import Calibration
from edgeface.convert.calibration import ranges
from edgeface.convert.calibration.audit import audit, check
from edgeface.convert.calibration.candidates import Candidates, Held, of_folder
from edgeface.convert.calibration.draw import with_black_and_white
from edgeface.convert.network import Network
from edgeface.convert.source import Teller
from edgeface.images import Pixels, Preprocess
from edgeface.recipe import Recipe
from edgeface.vision.detect import Detector, open_detector


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked of a calibration, beyond a recipe.

    Attributes:
        photos: A set of one's own; None: the training side.
        detector: Opens what finds the faces in it, by its name.
        stability: Whether to hold two halves of it against each other.
        curve: Whether to measure the accuracy over its size.
    """

    photos: Path | None = None
    detector: Callable[[str], Detector] = open_detector
    stability: bool = False
    curve: bool = False

    def offered(
        self,
        labels: Sequence[str],
        preprocess: Preprocess,
        detector: str,
        held: Held,
        teller: Teller,
    ) -> Candidates:
        """The set of one's own.

        Args:
            labels: Of the network.
            preprocess: From a picture to pixels.
            detector: Its name.
            held: What the accuracy is reported on.
            teller: Is told how it goes on.

        Raises:
            UsageError: There is no such folder.
            InputError: It cannot be calibrated on.
        """
        if self.photos is None:
            msg = "no set of one's own was named"
            raise ValueError(msg)
        return of_folder(
            self.photos,
            labels,
            preprocess,
            self.detector(detector),
            held,
            lambda names: teller.track(names, "calibration pictures"),
        )


NONE = Wishes()


def drawn(
    candidates: Candidates,
    held: Held,
    labels: tuple[str, ...],
    colour: str,
    recipe: Recipe,
    network: Network,
    teller: Teller,
) -> tuple[Pixels, Candidates, Calibration]:
    """Draw, audit, and tell what was found; then look at the ranges that the layers take.

    Args:
        candidates: What may be drawn.
        held: What the accuracy is reported on.
        labels: Of the network.
        colour: Order of the channels.
        recipe: How many, by which seed.
        network: The trained one; it also says what pictures without labels look like.
        teller: Is told of warnings.

    Returns:
        The pictures with a black and a white one; what was drawn; what the manifest says of it.

    Raises:
        InputError: They are not fit to calibrate on.
        ConversionError: There are none.
    """
    chosen = candidates.drawn(recipe.calibration, recipe.seed)
    shown = with_black_and_white(chosen.pixels)
    record = Calibration(
        chosen.sha256, recipe.seed, recipe.method, candidates.source, candidates.left_out
    )
    if not recipe.calibrated:
        return shown, chosen, record
    seen = chosen
    if chosen.classes is None:
        seen = chosen.labelled(network.infer(chosen.pixels).argmax(axis=1))
    findings = audit(seen, held, labels, colour, recipe.seed)
    for one in findings:
        if one.severity == "warning":
            teller.say(f"calibration: {one.kind}: {one.said}; {one.remedy}")
    check(findings)
    clipped = ranges.compare(network, shown, held.pixels)
    return shown, chosen, replace(record, findings=findings, ranges=clipped)
