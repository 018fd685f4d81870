"""What looking at a photograph consists of, stage by stage, so that each can be timed alone.

::

    decode      the bytes of a photograph → a picture
    detect      the picture → boxes
    crop        the boxes → the pixels of the network, for all of its faces
    infer       the pixels → probabilities, through `edgeface.runtime.Backend`
    decide      the probabilities → names
    end to end  all of it in one go, as `edgeface predict` does it

What a stage is given was made by the stages before it and lies in memory, so their sum can be held
against the whole; see `balance`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.bench.photographs import Photograph
from edgeface.errors import InputError
from edgeface.images import Picture, Pixels, decode_picture
from edgeface.report import Cell
from edgeface.vision.pipeline import Pipeline
from edgeface.vision.unknown import Outputs

STAGES = ("decode", "detect", "crop", "infer", "decide")
WHOLE = "end to end"
MOST_PIXELS = 32_000_000  # of all pictures together: 96 MB once they are decoded


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A photograph, and what every stage makes of it.

    Attributes:
        photograph: As it lies on a disk.
        picture: Decoded.
        boxes: Of its faces, as `edgeface.vision.classify.Classifier.crop` takes them.
        pixels: Of each face,
        outputs: and what the network answers to them.
    """

    photograph: Photograph
    picture: Picture
    boxes: tuple[NDArray[Any] | None, ...]
    pixels: tuple[Pixels, ...]
    outputs: tuple[Outputs, ...]


@dataclass(frozen=True, slots=True)
class Stages:
    """What can be timed, and what it is given.

    Attributes:
        calls: Stage → what does it for one photograph with all its faces.
        looks: What they are given, in turn; on each is a face, for elsewhere most have no work.
        without_face: How many photographs were left aside for that.
        left_out: How many others were not taken, for together they hold more than `MOST_PIXELS`.
    """

    calls: dict[str, Callable[[Look], object]]
    looks: tuple[Look, ...]
    without_face: int
    left_out: int

    @property
    def input(self) -> str:
        """What a stage is given, for people: ``7 photographs, 1.1 faces each``."""
        faces = sum(len(look.boxes) for look in self.looks)
        aside = f", {self.without_face} without a face left aside" if self.without_face else ""
        each = f"{faces / len(self.looks):.2g} faces each"
        return f"{len(self.looks)} photographs, {each}{aside}"


def stages_of(eyes: Pipeline, photographs: Sequence[Photograph]) -> Stages:
    """Take a look at photographs apart.

    Args:
        eyes: An open pipeline; its detector is the one that is timed.
        photographs: At least one with a face.

    Raises:
        InputError: A photograph is broken, or no face was found on any.
        DetectorError: The detector failed.
        BackendError: The runtime failed.
    """
    looks: list[Look] = []
    seen = pixels = 0
    for photograph in photographs:
        look = _look(eyes, photograph)
        pixels += look.picture[..., 0].size
        if seen and pixels > MOST_PIXELS:
            break
        seen += 1
        if look.boxes:
            looks.append(look)
    if not looks:
        msg = f"{eyes.detector.name} found no face on any of {seen} photographs"
        raise InputError(msg, remedy="give photographs that show faces, or --detector none")
    left_out = len(photographs) - seen
    return Stages(_calls(eyes), tuple(looks), seen - len(looks), left_out)


def _look(eyes: Pipeline, photograph: Photograph) -> Look:
    classifier = eyes.classifier
    picture = decode_picture(photograph.data, photograph.name)
    # Without a detector the whole picture is the face, which has no margin: see Pipeline.look.
    whole = eyes.detector.name == "none"
    boxes = tuple(None if whole else box for box in eyes.detector.detect(picture).boxes)
    pixels = tuple(classifier.crop(picture, box) for box in boxes)
    return Look(photograph, picture, boxes, pixels, tuple(classifier.infer(p) for p in pixels))


def _calls(eyes: Pipeline) -> dict[str, Callable[[Look], object]]:
    classifier, detect = eyes.classifier, eyes.detector.detect

    def decode(look: Look) -> Picture:
        return decode_picture(look.photograph.data, look.photograph.name)

    return {
        "decode": decode,
        "detect": lambda look: detect(look.picture),
        "crop": lambda look: [classifier.crop(look.picture, box) for box in look.boxes],
        "infer": lambda look: [classifier.infer(pixels) for pixels in look.pixels],
        "decide": lambda look: [classifier.decide(outputs) for outputs in look.outputs],
        WHOLE: lambda look: eyes.look(decode(look)),
    }


@dataclass(frozen=True, slots=True)
class Balance:
    """The stages' sum beside the whole, by means: those add up, medians do not.

    Attributes:
        stages_ms: Sum of the stages.
        whole_ms: End to end.
        error_ms: Standard error of the difference, the samples taken as independent.
    """

    stages_ms: float
    whole_ms: float
    error_ms: float

    @property
    def rest_ms(self) -> float:
        """What is in no stage: the calls between them, and caches that one stage leaves cold."""
        return self.whole_ms - self.stages_ms

    def __str__(self) -> str:
        within = abs(self.rest_ms) <= 2 * self.error_ms
        told = ", not to be told from nothing" if within else ""
        return (
            f"the stages add up to {self.stages_ms:.3f} of {self.whole_ms:.3f} ms end to end: "
            f"{self.rest_ms:+.3f} ms ({self.rest_ms / self.whole_ms:+.1%}) in none of them{told}"
        )


def balance(cells: Sequence[Cell]) -> Balance | None:
    """Hold the stages of one file against its end to end.

    Args:
        cells: Of one file, backend and number of threads, every stage once.

    Returns:
        None where a stage or the whole is missing, or has fewer than two samples.
    """
    samples = {cell.stage: np.asarray(cell.samples_ns, np.float64) / 1e6 for cell in cells}
    needed = [samples.get(stage, np.empty(0)) for stage in (*STAGES, WHOLE)]
    if min(map(len, needed)) < 2:
        return None
    *stages, whole = (float(s.mean()) for s in needed)
    error = float(np.sqrt(sum(s.var(ddof=1) / len(s) for s in needed)))
    return Balance(sum(stages), whole, error)
