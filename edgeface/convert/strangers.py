"""Faces of people who are not enrolled, cut as the network's own pictures were."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeface.convert.source import Source, Teller
from edgeface.datasets.faces import cut_faces
from edgeface.datasets.photos import Photos, open_photos
from edgeface.datasets.split import Entry
from edgeface.errors import InputError
from edgeface.images import Pixels
from edgeface.vision.detect import WITH_FILE, open_detector


@dataclass(frozen=True, slots=True)
class Strangers:
    """Faces of people who are not enrolled.

    Attributes:
        pixels: (n, height, width, channels) uint8.
        people: (n,) whom each shows.
    """

    pixels: Pixels
    people: tuple[str, ...]


def check_detector(detector: str, model: Path | None) -> None:
    """Say before a long job that strangers cannot be cut as the network's own pictures were.

    Args:
        detector: Of the run.
        model: The detector's file, where one was named.

    Raises:
        InputError: The detector needs a file that was not named.
    """
    if detector in WITH_FILE and model is None:
        msg = f"the strangers' faces have to be found by {detector}, as those of the run were"
        raise InputError(msg, remedy="add --detector-model FILE, the one that training was given")


def cut_strangers(
    photos: Path,
    source: Source,
    held_back: Collection[str],
    model: Path | None,
    teller: Teller,
    *,
    skip_broken: bool = False,
) -> Strangers:
    """Find and cut the faces of strangers.

    Args:
        photos: A folder per person.
        source: Whose labels, detector and preprocessing it is.
        held_back: SHA-256 of pictures of enrolled people that were not trained on.
        model: File of the detector, where it needs one.
        teller: Is told how it goes on.
        skip_broken: Leave broken pictures out like those without a face.

    Raises:
        InputError: Somebody is enrolled, by name or by picture; there is no face; or a picture is
            broken.
        UsageError: There is no such folder.
        DetectorError: The detector cannot be opened.
    """
    with open_photos(photos) as folder:
        _check_names(folder, photos, source.labels)
        detector = open_detector(source.detector, model)
        faces = cut_faces(
            folder,
            folder.people,
            source.preprocess,
            detector,
            skip_broken=skip_broken,
            track=lambda names: teller.track(names, "strangers"),
        )
    if not faces.used:
        msg = f"{photos}: no picture with one clear face in {len(faces.left_out)}"
        raise InputError(msg, remedy="add photographs of people who are not enrolled")
    _check_pictures(faces.used, photos, {*source.seen, *held_back})
    return Strangers(faces.pixels[:], tuple(_same(e.label) for e in faces.used))


def _check_names(folder: Photos, photos: Path, labels: Sequence[str]) -> None:
    enrolled = {_same(label) for label in labels}
    known = [person for person in folder.people if _same(person) in enrolled]
    if known:
        msg = f"{photos}: {known[0]!r} is enrolled and is no stranger"
        raise InputError(msg, remedy="take the folder out; strangers are people not trained on")


def _check_pictures(used: Sequence[Entry], photos: Path, enrolled: Collection[str]) -> None:
    for entry in used:
        if entry.sha256 in enrolled:
            msg = f"{photos}: {entry.name} is a picture of somebody enrolled, under another name"
            raise InputError(msg, remedy="take that person's pictures out")


def _same(name: str) -> str:
    """One form for a name: other systems spell umlauts as a letter and its dots."""
    return unicodedata.normalize("NFC", name)
