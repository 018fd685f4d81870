"""Reading every picture of a data set once: what it is like, and what tells its near-duplicates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.ahead import ahead
from edgeface.datasets.audit.hashes import BYTES, picture_hash
from edgeface.datasets.audit.quality import Quality, measure
from edgeface.datasets.folder import Photo
from edgeface.datasets.photos import Photos
from edgeface.errors import InputError
from edgeface.images import Picture, Preprocess
from edgeface.vision.detect import Detector, find_one_face

READ_AHEAD = 3  # pictures that are decoded while another is looked at

FacesSeen = Literal["one", "none", "several", "not judged"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture that could be read.

    Attributes:
        photo: Its name, label and checksum.
        quality: Of its face where one was found, else of the whole picture.
        faces: How many a detector found; ``not judged`` where none was asked.
    """

    photo: Photo
    quality: Quality
    faces: FacesSeen


@dataclass(frozen=True, slots=True)
class Broken:
    """One picture that could not.

    Attributes:
        name: As `Photo.name`.
        label: Whose it would be.
        reason: Why.
    """

    name: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Survey:
    """Every picture of a data set, looked at.

    Attributes:
        seen: Those that could be read, in the order of their labels and names.
        hashes: (n, k) uint8, `picture_hash` of each of them.
        broken: The others.
    """

    seen: tuple[Seen, ...]
    hashes: NDArray[np.uint8]
    broken: tuple[Broken, ...]

    @property
    def judged(self) -> int:
        """In how many pictures faces were looked for."""
        return sum(s.faces != "not judged" for s in self.seen)


def survey(
    photos: Photos,
    people: Mapping[str, Sequence[str]],
    detector: Detector | None,
    preprocess: Preprocess,
    track: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> Survey:
    """Read and measure; one picture is in memory at a time, and `READ_AHEAD` wait.

    Args:
        photos: Where they are.
        people: Label → names, of those to look at.
        detector: Finds faces; None: nobody looks for them.
        preprocess: What a network is shown of a picture.
        track: Wraps the names, for a progress bar.
    """
    labels = {name: label for label, names in people.items() for name in names}
    seen: list[Seen] = []
    hashes = np.zeros((len(labels), BYTES), np.uint8)
    broken: list[Broken] = []
    reads = ahead(lambda name: _read(photos, name), labels, most=READ_AHEAD)
    for name, read in zip(track(list(labels)), reads, strict=True):
        if isinstance(read, InputError):
            reason = str(read).removeprefix(f"{photos.root}: ").removeprefix(f"{name}: ")
            broken.append(Broken(name, labels[name], reason))
            continue
        photo, picture = read
        hashes[len(seen)] = picture_hash(picture)
        seen.append(_look(photo, picture, detector, preprocess))
    return Survey(tuple(seen), hashes[: len(seen)], tuple(broken))


def _read(photos: Photos, name: str) -> tuple[Photo, Picture] | InputError:
    try:
        return photos.photo(name)
    except InputError as error:
        return error


def _look(
    photo: Photo, picture: Picture, detector: Detector | None, preprocess: Preprocess
) -> Seen:
    if detector is None:
        return Seen(photo, measure(picture, None, preprocess), "not judged")
    box, faces = find_one_face(detector.detect(picture), picture.shape)
    return Seen(photo, measure(picture, box, preprocess), faces)
