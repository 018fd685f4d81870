"""From pictures to the sides of a split, before anything is fitted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets import split
from edgeface.datasets.audit.hashes import near_groups
from edgeface.datasets.crops import CropStore
from edgeface.datasets.faces import Faces, check_enough, class_numbers, cut_faces, framing
from edgeface.datasets.folder import Photo
from edgeface.datasets.people import check_for_training
from edgeface.datasets.photos import Photos, open_photos
from edgeface.errors import UsageError
from edgeface.images import Pixels, Preprocess
from edgeface.train.measured import warnings_before
from edgeface.train.request import Request
from edgeface.vision.detect import Detector

VALIDATION = 0.3
# Where a test side is there already, little has to be held back to choose the best epoch on.
VALIDATION_OF_OFFICIAL = 0.1


class Reader(Protocol):
    """Who is told how the reading goes on."""

    def say(self, text: str) -> None:
        """A line."""

    def track(self, items: Sequence[Any], doing: str) -> Iterable[Any]:
        """Items, with progress."""


@dataclass(frozen=True, slots=True)
class Part:
    """One side of a split: which crops, and of which class.

    Attributes:
        crops: All crops of the data set.
        indices: (n,) which of them.
        truth: (n,) their class numbers.
    """

    crops: CropStore
    indices: NDArray[np.intp]
    truth: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def pixels(self) -> Pixels:
        """All of them at once: (n, h, w, c) uint8."""
        return self.crops[self.indices]

    def batches(self, size: int = 256) -> Iterator[tuple[NDArray[np.float32], NDArray[np.intp]]]:
        """In order, as they are, so many at a time: a thousand fill half a gigabyte in a layer."""
        for at in range(0, len(self), size):
            part = slice(at, at + size)
            yield self.crops[self.indices[part]].astype(np.float32), self.truth[part]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Crops and sides, before anything is fitted.

    Attributes:
        labels: In the order of the network's output.
        faces: What became of every picture.
        split: Which stands where.
        training: To be trained on.
        validation: Held back; the best epoch is chosen on it.
        test: Held back and never looked at while training; empty where there is no test side.
        warnings: What is wrong with this data set.
    """

    labels: tuple[str, ...]
    faces: Faces
    split: split.Split
    training: Part
    validation: Part
    test: Part
    warnings: tuple[str, ...]


def prepare(asked: Request, open_detector: Callable[[], Detector], teller: Reader) -> Prepared:
    """Read the pictures, cut the faces, find near-duplicates, draw the sides.

    Raises:
        InputError: The data set cannot be trained on; the first thing wrong is named.
        UsageError: The request cannot be meant.
    """
    design = asked.design(2)
    asked.check_weights()
    for share in (asked.validation, asked.test or None):
        if share is not None:
            split.check_share(share)
    root = Path(asked.data)
    with open_photos(root, asked.reading) as photos:
        people = photos.chosen(asked.people)
        check_for_training(people, root)
        labels = _ordered(tuple(people), asked)
        _check_split(asked, photos)
        made = replace(
            _framing(photos, people, asked),
            height=design.height,
            width=design.width,
            colour=asked.colour or asked.net.colour,
        )
        whole = made.framing != "face"
        teller.say(_CROPS[made.framing])
        doing = "reading pictures" if whole else "finding faces"
        faces = cut_faces(
            photos,
            people,
            made,
            open_detector(),
            skip_broken=asked.skip_broken,
            track=lambda names: teller.track(names, doing),
            hashes=True,
        )
        official = {} if asked.split == "drawn" else photos.official
    check_enough(faces, people)
    return _divide(labels, faces, official, asked)


_CROPS = {
    "face": "crops: squares around faces, with a margin (--crop never takes whole pictures)",
    "whole": "crops: whole pictures, their largest centred square (--crop always finds faces)",
    "stretched": "crops: whole pictures, stretched to the input's shape",
}


def _framing(photos: Photos, people: Mapping[str, Sequence[str]], asked: Request) -> Preprocess:
    made = framing(photos, people, asked.crop)
    if made.framing == "whole" and asked.crop == "auto" and asked.net.stretched:
        return replace(made, framing="stretched")
    return made


def _ordered(labels: tuple[str, ...], asked: Request) -> tuple[str, ...]:
    """The labels, of a binary network the positive one last."""
    net = asked.net
    if asked.positive and asked.positive not in labels:
        msg = f"--positive {asked.positive}: the classes are {', '.join(labels[:12])}"
        raise UsageError(msg)
    if asked.positive and not net.binary:
        msg = f"--positive: {net.name} has no class of that kind, it has one output for each"
        raise UsageError(msg)
    if not net.binary:
        return labels
    if len(labels) != 2:
        msg = f"{net.name} tells two classes apart, {asked.data} has {len(labels)}"
        raise UsageError(msg, remedy="name two with --people A,B")
    positive = asked.positive or (net.positive if net.positive in labels else labels[-1])
    return (*(label for label in labels if label != positive), positive)


def _check_split(asked: Request, photos: Photos) -> None:
    if asked.split == "official" and not photos.official:
        msg = f"--split official: {asked.data} is not split into folders such as train and test"
        raise UsageError(msg, remedy="leave it out; 30 % of every class are then held back")
    is_official = photos.official and asked.split != "drawn"
    if asked.drop_leaks and not is_official:
        msg = "--drop-leaks is for data that is split already; a drawn split never leaks"
        raise UsageError(msg, remedy="leave it out")
    if asked.validation is not None and is_official and "validation" in photos.official.values():
        msg = f"--validation {asked.validation:g}: {asked.data} has a validation side of its own"
        raise UsageError(msg, remedy="leave it out, or add --split drawn")
    if asked.test and is_official:
        msg = f"--test {asked.test:g}: {asked.data} is split already"
        raise UsageError(msg, remedy="leave it out, or add --split drawn")


def _divide(labels: tuple[str, ...], faces: Faces, official: Any, asked: Request) -> Prepared:
    assert faces.hashes is not None  # `prepare` asked for them
    groups = near_groups(faces.hashes)
    photos = [Photo(e.name, e.label, e.sha256) for e in faces.used]
    # As documented: the published test side is what the course validated on.
    test_is_validation = asked.variant == "documented" and asked.validation is None
    if official:
        share = VALIDATION_OF_OFFICIAL if asked.validation is None else asked.validation
        sides = split.official_sides(
            photos,
            official,
            "official" if test_is_validation else share,
            asked.seed,
            groups=groups,
            drop_leaks=asked.drop_leaks,
        )
    else:
        share = VALIDATION if asked.validation is None else asked.validation
        sides = split.draw_sides(photos, share, asked.seed, test=asked.test, groups=groups)
    used = _entries(faces, sides, groups)
    truth = class_numbers(used, labels)
    files = tuple(sorted([*used, *faces.left_out], key=lambda e: e.name))

    def part(side: split.Side) -> Part:
        indices = np.flatnonzero([e.side == side for e in used])
        return Part(faces.pixels, indices, truth[indices])

    kept = split.Split(
        split.SCHEMA,
        asked.seed,
        0.0 if official and (test_is_validation or "validation" in official.values()) else share,
        files,
        test=asked.test,
        kind="official" if official else "drawn",
    )
    training, validation, test = part("training"), part("validation"), part("test")
    counts = Counter(e.label for e in used if e.side == "training")
    warned = warnings_before(
        {label: counts[label] for label in labels},
        len(validation),
        len(split.leaks(used)),
        "the test side" if len(test) else "the validation side",
    )
    return Prepared(labels, faces, kept, training, validation, test, warned)


def _entries(
    faces: Faces, sides: Sequence[split.Side], groups: NDArray[np.intp]
) -> list[split.Entry]:
    sizes = np.bincount(groups) if len(groups) else groups
    return [
        replace(
            entry,
            side=side,
            reason=split.LEAKS if side == "left out" else "",
            group=int(group) if sizes[group] > 1 else None,
        )
        for entry, side, group in zip(faces.used, sides, groups, strict=True)
    ]
