"""The picture that a network is explained on, cut as its training pictures were."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.faces import CROPPED_SIDE_PX
from edgeface.datasets.photos import open_photos
from edgeface.errors import InputError, UsageError
from edgeface.images import Picture, Pixels, crop, read_picture
from edgeface.train.run import Run
from edgeface.vision.detect import find_one_face, open_detector

CUT = "cut a square around one face out of it, with some room, and name that picture"


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture, and the part of it that is looked at.

    Attributes:
        name: Its path, or its name in the data set.
        label: Who it is; empty where nobody said.
        picture: (height, width, 3) uint8, blue-green-red.
        box: (4,) xyxy in pixels; None where the whole picture is looked at.
        how: In words, where the box comes from.
    """

    name: str
    label: str
    picture: Picture
    box: NDArray[np.float32] | None
    how: str

    def crop(self, run: Run) -> Pixels:
        """As that run's network takes it: (height, width, channels) uint8."""
        return crop(self.picture, self.box, run.config.preprocess)


def from_run(run: Run) -> Subject:
    """The first picture of a run's validation side, with the box that was found at that time.

    Raises:
        UsageError: The pictures are gone.
        InputError: The picture was changed.
    """
    entry = run.split.side("validation")[0]
    root = Path(run.config.data)
    remedy = "name a picture with --picture, or put them back"
    try:
        with open_photos(root, run.config.reading) as photos:
            if entry.name not in photos.people.get(entry.label, ()):
                msg = f"{root}: {entry.name} is missing"
                raise UsageError(msg, remedy=remedy)
            _, picture = photos.photo(entry.name, entry.sha256)
    except UsageError as error:
        msg = f"the pictures that {run.folder} was trained on are gone: {error}"
        raise UsageError(msg, remedy=remedy) from error
    box = None if entry.box is None else np.asarray(entry.box, np.float32)
    how = "the whole picture" if box is None else f"the face that {run.config.detector} found"
    return Subject(entry.name, entry.label, picture, box, f"{how}, held back from training")


def from_file(run: Run, path: Path, detector_model: Path | None) -> Subject:
    """A picture of one's own; the face in it is found as in training.

    A picture that is as small as a crop is taken for one, by the rule that training has for a whole
    data set (`edgeface.datasets.faces.framing`).

    Args:
        run: Whose detector and crop to use.
        path: A photograph, or a crop.
        detector_model: The file of a detector that needs one.

    Raises:
        InputError: It is no picture, or does not show one face.
        DetectorError: The run's detector does not open.
    """
    picture = read_picture(path)
    framing = run.config.preprocess.framing
    if framing != "face":
        how = "the largest centred square" if framing == "whole" else "all of it, stretched"
        return Subject(str(path), "", picture, None, how)
    side = max(picture.shape[:2])
    if side <= CROPPED_SIDE_PX:
        how = f"all of it: {side} px are taken for a crop already"
        return Subject(str(path), "", picture, None, how)
    detector = open_detector(run.config.detector, detector_model)
    box, found = find_one_face(detector.detect(picture), picture.shape)
    if box is None:
        many = "no face" if found == "none" else "several faces and none that stands out"
        msg = f"{path}: {detector.name} finds {many}"
        raise InputError(msg, remedy=CUT)
    return Subject(str(path), "", picture, box, f"the face that {detector.name} found")
