"""From photographs to the crops that a network is trained on, with an account of every picture."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.folder import Photo, PhotoFolder
from edgeface.datasets.split import Entry
from edgeface.errors import InputError, UsageError
from edgeface.images import Picture, Pixels, Preprocess, crop, decode_picture
from edgeface.vision.detect import Detector, find_one_face

CropMode = Literal["auto", "never", "always"]
CROP_MODES: tuple[CropMode, ...] = ("auto", "never", "always")

# Pictures up to this longer side are taken for crops already: no detector finds a face that fills
# its picture reliably, and no photograph is that small.
CROPPED_SIDE_PX = 160


@dataclass(frozen=True, slots=True)
class Faces:
    """What became of the photographs of a data set.

    Attributes:
        entries: One a photograph that was looked at; those that are used have no reason. The side
            of the used ones is not drawn yet and stands at ``training``.
        pixels: (n, height, width, channels) uint8, the crops of the used entries in order.
        preprocess: How they were made.
    """

    entries: tuple[Entry, ...]
    pixels: Pixels
    preprocess: Preprocess

    @property
    def used(self) -> tuple[Entry, ...]:
        """The entries that have a crop, in the order of `pixels`."""
        return tuple(e for e in self.entries if e.side != "left out")

    @property
    def left_out(self) -> tuple[Entry, ...]:
        """The entries that have none, each with its reason."""
        return tuple(e for e in self.entries if e.side == "left out")


def framing(folder: PhotoFolder, people: Mapping[str, Sequence[str]], mode: CropMode) -> Preprocess:
    """Decide whether faces have to be found in these photographs; ``auto`` looks at their sizes.

    One answer holds for the whole set: crops mixed with whole pictures would teach a network the
    framing instead of the face.

    Returns:
        A `Preprocess` that differs from the default in its framing and margin only.
    """
    if mode not in CROP_MODES:
        msg = f"--crop {mode}: one of {', '.join(CROP_MODES)}"
        raise UsageError(msg)
    whole = mode == "never"
    if mode == "auto":
        sides = [max(p.shape[:2]) for p in _samples(folder, people, 30)]
        whole = bool(sides) and float(np.median(sides)) <= CROPPED_SIDE_PX
    base = Preprocess(64, 64)
    return replace(base, framing="whole", margin=0.0) if whole else base


def _samples(
    folder: PhotoFolder, people: Mapping[str, Sequence[str]], most: int
) -> Iterable[Picture]:
    names = [name for names in people.values() for name in names]
    for name in names[:: max(1, len(names) // most)]:
        try:
            yield folder.picture(name)
        except InputError:
            continue


def cut_faces(
    folder: PhotoFolder,
    people: Mapping[str, Sequence[str]],
    preprocess: Preprocess,
    detector: Detector,
    *,
    skip_broken: bool = False,
    track: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> Faces:
    """Read every photograph, find its face, crop it.

    A photograph with no face, or with several of which none stands out, is left out and says so.

    Args:
        folder: Where the photographs are.
        people: Label → names, of those to use.
        preprocess: What to bring the crops to; with ``whole`` framing nothing is searched.
        detector: Finds the faces.
        skip_broken: Leave broken pictures out like those without a face.
        track: Wraps the names, for a progress bar.

    Raises:
        InputError: A picture is broken and ``skip_broken`` is off; the first is named.
    """
    entries: list[Entry] = []
    crops: list[Pixels] = []
    broken: list[str] = []
    for name in track([name for names in people.values() for name in names]):
        try:
            photo, picture = folder.photo(name)
        except InputError as error:
            broken.append(str(error))
            entries.append(Entry(name, name.split("/", 1)[0], "", "left out", "broken picture"))
            continue
        entry, pixels = _cut_one(photo, picture, preprocess, detector)
        entries.append(entry)
        if pixels is not None:
            crops.append(pixels)
    if broken and not skip_broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise InputError(broken[0] + more, remedy="remove the file, or add --skip-broken")
    return _without_contradictions(entries, crops, preprocess)


def _cut_one(
    photo: Photo, picture: Picture, preprocess: Preprocess, detector: Detector
) -> tuple[Entry, Pixels | None]:
    entry = Entry(photo.name, photo.label, photo.sha256, "training")
    if preprocess.framing == "whole":
        return entry, crop(picture, None, preprocess)
    box, found = find_one_face(detector.detect(picture), picture.shape)
    if box is None:
        reason = "no face found" if found == "none" else "several faces"
        return replace(entry, side="left out", reason=reason), None
    # Not rounded for the record: a box a hundredth of a pixel away may be crops of other pixels.
    x0, y0, x1, y1 = (float(v) for v in box)
    kept = (x0, y0, x1, y1)
    return replace(entry, box=kept), crop(picture, np.asarray(kept), preprocess)


def _without_contradictions(
    entries: list[Entry], crops: list[Pixels], preprocess: Preprocess
) -> Faces:
    """Leave out files that stand under two people: one of the two labels is wrong."""
    owners: dict[str, set[str]] = {}
    for entry in entries:
        owners.setdefault(entry.sha256, set()).add(entry.label)
    kept: list[Entry] = []
    pixels: list[Pixels] = []
    waiting = iter(crops)
    for entry in entries:
        if entry.side == "left out":
            kept.append(entry)
            continue
        pixel = next(waiting)
        if len(owners[entry.sha256]) > 1:
            kept.append(
                replace(entry, side="left out", reason="the same file under two people", box=None)
            )
            continue
        kept.append(entry)
        pixels.append(pixel)
    shape = (0, *preprocess.shape)
    return Faces(tuple(kept), np.stack(pixels) if pixels else np.zeros(shape, np.uint8), preprocess)


def recut(
    folder: PhotoFolder,
    entries: Sequence[Entry],
    preprocess: Preprocess,
    *,
    track: Callable[[Sequence[Entry]], Iterable[Entry]] = iter,
) -> Pixels:
    """The crops of a recorded split again, from the photographs and the boxes found at that time.

    Args:
        folder: Where the photographs are.
        entries: Of the recorded split, none of them left out.
        preprocess: As recorded.
        track: Wraps the entries, for a progress bar.

    Returns:
        (n, height, width, channels) uint8.

    Raises:
        InputError: A photograph is missing or is no longer the one that was recorded.
    """
    there = {name for names in folder.people.values() for name in names}
    crops = []
    for entry in track(entries):
        if entry.name not in there:
            msg = f"{folder.root}: {entry.name} is missing"
            raise InputError(msg, remedy="put the photographs back, or train again")
        data = folder.bytes_of(entry.name)
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            msg = f"{folder.root}: {entry.name} was changed after the network was trained"
            raise InputError(msg, remedy="put the photograph back, or train again")
        picture = decode_picture(data, f"{folder.root}: {entry.name}")
        box = None if entry.box is None else np.asarray(entry.box)
        crops.append(crop(picture, box, preprocess))
    return np.stack(crops) if crops else np.zeros((0, *preprocess.shape), np.uint8)


def class_numbers(entries: Sequence[Entry], labels: Sequence[str]) -> NDArray[np.intp]:
    """The position of every entry's label in ``labels``: (n,)."""
    number = {label: i for i, label in enumerate(labels)}
    return np.asarray([number[e.label] for e in entries], np.intp)


def check_enough(faces: Faces, people: Iterable[str]) -> None:
    """Hold the crops against what training needs.

    Raises:
        InputError: Somebody has fewer than two different pictures left.
    """
    digests: dict[str, set[str]] = {p: set() for p in people}
    for entry in faces.used:
        digests[entry.label].add(entry.sha256)
    for person, different in digests.items():
        if len(different) < 2:
            reasons = Counter(e.reason for e in faces.left_out if e.label == person)
            lost = ", ".join(f"{n} x {reason}" for reason, n in reasons.items()) or "copies"
            msg = (
                f"{person!r} has {len(different)} usable photograph(s); two are the least ({lost})"
            )
            raise InputError(
                msg, remedy="add photographs of one clear face, or try --crop never for close crops"
            )
