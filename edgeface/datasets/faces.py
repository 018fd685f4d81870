"""From photographs to the crops that a network is trained on, with an account of every picture."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.ahead import ahead
from edgeface.datasets.crops import CropStore, CropWriter
from edgeface.datasets.folder import Photo
from edgeface.datasets.photos import Photos
from edgeface.datasets.split import Entry
from edgeface.errors import InputError, UsageError
from edgeface.images import Picture, Pixels, Preprocess, crop
from edgeface.vision.detect import Detector, find_one_face

CropMode = Literal["auto", "never", "stretched", "always"]
CROP_MODES: tuple[CropMode, ...] = ("auto", "never", "stretched", "always")

# Pictures up to this longer side are taken for crops already: no detector finds a face that fills
# its picture reliably, and no photograph is that small.
CROPPED_SIDE_PX = 160

# Pictures that are decoded while the faces of another are found; those of telephones take 40 MB.
READ_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Faces:
    """What became of the photographs of a data set.

    Attributes:
        entries: One a photograph that was looked at; those that are used have no reason. The side
            of the used ones is not drawn yet and stands at ``training``.
        pixels: (n, height, width, channels) uint8, the crops of the used entries in order.
        preprocess: How they were made.
        hashes: (n, k) uint8, `edgeface.datasets.audit.hashes.picture_hash` of the used pictures in
            order; None where nobody asked for it.
    """

    entries: tuple[Entry, ...]
    pixels: CropStore
    preprocess: Preprocess
    hashes: NDArray[np.uint8] | None = None

    @property
    def used(self) -> tuple[Entry, ...]:
        """The entries that have a crop, in the order of `pixels`."""
        return tuple(e for e in self.entries if e.side != "left out")

    @property
    def left_out(self) -> tuple[Entry, ...]:
        """The entries that have none, each with its reason."""
        return tuple(e for e in self.entries if e.side == "left out")


def framing(folder: Photos, people: Mapping[str, Sequence[str]], mode: CropMode) -> Preprocess:
    """Decide whether faces have to be found in these photographs; ``auto`` looks at their sizes.

    One answer holds for the whole set: crops mixed with whole pictures would teach a network the
    framing instead of the face.

    Returns:
        A `Preprocess` that differs from the default in its framing and margin only.
    """
    if mode not in CROP_MODES:
        msg = f"--crop {mode}: one of {', '.join(CROP_MODES)}"
        raise UsageError(msg)
    whole = mode in ("never", "stretched")
    if mode == "auto":
        sides = [max(p.shape[:2]) for p in _samples(folder, people, 30)]
        whole = bool(sides) and float(np.median(sides)) <= CROPPED_SIDE_PX
    base = Preprocess(64, 64)
    if not whole:
        return base
    return replace(base, framing="stretched" if mode == "stretched" else "whole", margin=0.0)


def _samples(folder: Photos, people: Mapping[str, Sequence[str]], most: int) -> Iterable[Picture]:
    names = [name for names in people.values() for name in names]
    for name in names[:: max(1, len(names) // most)]:
        try:
            yield folder.picture(name)
        except InputError:
            continue


def cut_faces(
    folder: Photos,
    people: Mapping[str, Sequence[str]],
    preprocess: Preprocess,
    detector: Detector,
    *,
    skip_broken: bool = False,
    hashes: bool = False,
    track: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> Faces:
    """Read every photograph, find its face, crop it.

    A photograph with no face, or with several of which none stands out, is left out and says so.

    Args:
        folder: Where the photographs are.
        people: Label → names, of those to use.
        preprocess: What to bring the crops to; with any framing but ``face`` nothing is searched.
        detector: Finds the faces.
        skip_broken: Leave broken pictures out like those without a face.
        hashes: Also compute what near-duplicates are told by, while the pictures are at hand.
        track: Wraps the names, for a progress bar.

    Raises:
        InputError: A picture is broken and ``skip_broken`` is off; the first is named.
    """
    entries: list[Entry] = []
    marks: list[NDArray[np.uint8]] = []
    broken: list[str] = []
    labels = {name: label for label, names in people.items() for name in names}
    crops = CropWriter(preprocess.shape, len(labels))
    reads = ahead(lambda name: _read(folder, name), labels, most=READ_AHEAD)
    for name, read in zip(track(list(labels)), reads, strict=True):
        if isinstance(read, InputError):
            broken.append(str(read))
            entries.append(Entry(name, labels[name], "", "left out", "broken picture"))
            continue
        photo, picture = read
        entry, pixels = _cut_one(photo, picture, preprocess, detector)
        entries.append(entry)
        if pixels is not None:
            crops.append(pixels)
            if hashes:
                from edgeface.datasets.audit.hashes import picture_hash

                marks.append(picture_hash(picture))
    if broken and not skip_broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise InputError(broken[0] + more, remedy="remove the file, or add --skip-broken")
    kept, rows = _without_contradictions(entries)
    return Faces(
        kept,
        crops.store().only(rows),
        preprocess,
        _stacked([marks[i] for i in rows]) if hashes else None,
    )


def _read(folder: Photos, name: str) -> tuple[Photo, Picture] | InputError:
    try:
        return folder.photo(name)
    except InputError as error:
        return error


def _stacked(marks: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.stack(marks) if marks else np.zeros((0, 1), np.uint8)


def _cut_one(
    photo: Photo, picture: Picture, preprocess: Preprocess, detector: Detector
) -> tuple[Entry, Pixels | None]:
    entry = Entry(photo.name, photo.label, photo.sha256, "training")
    if preprocess.framing != "face":
        return entry, crop(picture, None, preprocess)
    box, found = find_one_face(detector.detect(picture), picture.shape)
    if box is None:
        reason = "no face found" if found == "none" else "several faces"
        return replace(entry, side="left out", reason=reason), None
    # Not rounded for the record: a box a hundredth of a pixel away may be crops of other pixels.
    x0, y0, x1, y1 = (float(v) for v in box)
    kept = (x0, y0, x1, y1)
    return replace(entry, box=kept), crop(picture, np.asarray(kept), preprocess)


def _without_contradictions(entries: list[Entry]) -> tuple[tuple[Entry, ...], list[int]]:
    """Leave out files that stand under two people: one of the two labels is wrong.

    Returns:
        The entries, and which of the crops made so far belong to the used ones.
    """
    owners: dict[str, str] = {}
    disputed = {e.sha256 for e in entries if owners.setdefault(e.sha256, e.label) != e.label}
    kept: list[Entry] = []
    rows: list[int] = []
    row = 0
    for entry in entries:
        if entry.side == "left out":
            kept.append(entry)
            continue
        if entry.sha256 in disputed:
            reason = "the same file under two people"
            kept.append(replace(entry, side="left out", reason=reason, box=None))
        else:
            kept.append(entry)
            rows.append(row)
        row += 1
    return tuple(kept), rows


def recut(
    folder: Photos,
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
    crops = np.empty((len(entries), *preprocess.shape), np.uint8)
    for row, entry in enumerate(track(entries)):
        if entry.name not in there:
            msg = f"{folder.root}: {entry.name} is missing"
            raise InputError(msg, remedy="put the photographs back, or train again")
        _, picture = folder.photo(entry.name, entry.sha256)
        box = None if entry.box is None else np.asarray(entry.box)
        crops[row] = crop(picture, box, preprocess)
    return crops


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
