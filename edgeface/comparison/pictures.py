"""What files are compared on: the same photographs, cut for each as it wants them."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import SEEN_DIGITS
from edgeface.comparison.cutting import WHOLE, Cut, cut_again, cut_all, joined
from edgeface.datasets.crops import CropStore
from edgeface.datasets.photos import PLAIN, Photos, Reading, open_photos
from edgeface.datasets.split import Entry
from edgeface.errors import InputError
from edgeface.vision.detect import Detector

Track = Callable[[Sequence[str]], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Needs:
    """What files have to be shown so that they can be compared.

    Attributes:
        who: What errors call them: a bundle, a file, or several.
        labels: Class names, in the order in which the truth is numbered.
        cuts: The different ways in which they want a photograph cut.
        seen: First `SEEN_DIGITS` digits of the SHA-256 of every picture that any was trained on.
    """

    who: str
    labels: tuple[str, ...]
    cuts: tuple[Cut, ...]
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pictures:
    """What files are compared on.

    Attributes:
        what: Where the pictures come from, in words.
        names: (n,) what each is called there.
        truth: (n,) class numbers.
        crops: Way of cutting → (n, h, w, c) uint8, crops of enrolled people.
        strangers: Way of cutting → (m, h, w, c) uint8, of people who are not enrolled.
        stranger_people: (m,) whom each of them shows.
        trained_on: How many pictures of the folder a network was trained on.
        only_trained: Whether there were no others, so that these had to be counted.
        left_out: Reason → number of photographs that not every file could use.
        chosen_on: Whether epochs and thresholds were chosen on them, as on what a run held back.
    """

    what: str
    names: tuple[str, ...]
    truth: NDArray[np.intp]
    crops: Mapping[Cut, CropStore]
    strangers: Mapping[Cut, CropStore] = field(default_factory=dict)
    stranger_people: tuple[str, ...] = ()
    trained_on: int = 0
    only_trained: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)
    chosen_on: bool = False


def same(name: str) -> str:
    """One form for a name: other systems spell umlauts as a letter and its dots."""
    return unicodedata.normalize("NFC", name)


def from_folder(
    needs: Needs,
    data: Path,
    detectors: Mapping[str, Detector],
    track: Track,
    *,
    skip_broken: bool = False,
    reading: Reading = PLAIN,
) -> Pictures:
    """Photographs with a label each; whoever is not enrolled is a stranger.

    Of a set that is split already all sides are taken. Pictures that a network was trained on are
    told apart by their checksums and not counted, unless there are no others.

    Raises:
        InputError: None of the people in the folder is enrolled, or a picture is broken.
    """
    with open_photos(data, reading) as folder:
        _check_enrolled(folder, data, needs)
        entries, crops, left_out = cut_all(
            folder, needs.cuts, detectors, skip_broken=skip_broken, track=track
        )
    return _told_apart(needs, str(data), entries, crops, left_out)


def from_entries(
    needs: Needs,
    what: str,
    folder: Photos,
    entries: Sequence[Entry],
    detector: str,
    track: Callable[[Sequence[Entry]], Iterable[Entry]] = iter,
) -> Pictures:
    """Photographs whose faces were found when a network was trained, cut again.

    Args:
        needs: Of the files.
        what: Where they come from, in words.
        folder: Where the photographs are.
        entries: Those to take, with the boxes that were found.
        detector: What found the boxes.
        track: Wraps the entries, for a progress bar.

    Raises:
        InputError: A photograph is missing, or no longer the one that was recorded; or a file wants
            faces that another detector finds.
    """
    for cut in needs.cuts:
        if cut.detector not in (WHOLE, detector):
            msg = f"{what}: its faces were found by {detector}, {needs.who} wants {cut.detector}"
            raise InputError(msg, remedy="name photographs to compare on: --data PHOTOS")
    crops = {cut: cut_again(folder, entries, cut.preprocess, track) for cut in needs.cuts}
    return replace(_told_apart(needs, what, entries, crops, {}), chosen_on=True)


def _check_enrolled(folder: Photos, data: Path, needs: Needs) -> None:
    enrolled = {same(label) for label in needs.labels}
    if not any(same(p) in enrolled for p in folder.people):
        some = ", ".join(list(folder.people)[:5])
        msg = f"{data}: nobody in it is enrolled in {needs.who} ({some}, …)"
        raise InputError(msg, remedy=f"enrolled are {', '.join(needs.labels[:12])}")


def _told_apart(
    needs: Needs,
    what: str,
    entries: Sequence[Entry],
    crops: Mapping[Cut, CropStore],
    left_out: Mapping[str, int],
) -> Pictures:
    """Enrolled people and strangers; what was trained on, and what was not."""
    number = {same(label): i for i, label in enumerate(needs.labels)}
    known = np.asarray([same(e.label) in number for e in entries], bool)
    trained = np.asarray([e.sha256[:SEEN_DIGITS] in needs.seen for e in entries], bool)
    counted = known & ~trained
    only_trained = not counted.any() and bool((known & trained).any())
    if only_trained:
        counted = known
    if not counted.any():
        reasons = ", ".join(f"{n} x {reason}" for reason, n in left_out.items())
        msg = f"{what}: no picture of an enrolled person with one clear face"
        remedy = "add photographs of one clear face each, or name another detector: --detector"
        raise InputError(msg + (f" ({reasons})" if reasons else ""), remedy=remedy)
    kept = [e for e, is_counted in zip(entries, counted, strict=True) if is_counted]
    return Pictures(
        what=what,
        names=tuple(e.name for e in kept),
        truth=np.asarray([number[same(e.label)] for e in kept], np.intp),
        crops={cut: store.only(counted) for cut, store in crops.items()},
        strangers={cut: store.only(~known) for cut, store in crops.items()},
        stranger_people=tuple(e.label for e, k in zip(entries, known, strict=True) if not k),
        trained_on=int((known & trained).sum()),
        only_trained=only_trained,
        left_out=dict(left_out),
    )


def with_strangers(
    pictures: Pictures,
    needs: Needs,
    data: Path,
    detectors: Mapping[str, Detector],
    track: Track,
    *,
    skip_broken: bool = False,
    reading: Reading = PLAIN,
) -> Pictures:
    """The same pictures, and those of people who are not enrolled, from a folder of their own.

    Raises:
        InputError: Somebody in the folder is enrolled, there is no face in it, or a picture is
            broken.
    """
    labels = {same(label) for label in needs.labels}
    with open_photos(data, reading) as folder:
        enrolled = [p for p in folder.people if same(p) in labels]
        if enrolled:
            msg = f"{data}: {enrolled[0]!r} is enrolled in {needs.who} and is no stranger"
            raise InputError(msg, remedy="take the folder out, or name it as PHOTOS")
        entries, crops, left_out = cut_all(
            folder, needs.cuts, detectors, skip_broken=skip_broken, track=track
        )
    if not entries:
        msg = f"{data}: no picture with one clear face"
        raise InputError(msg)
    people = pictures.stranger_people + tuple(entry.label for entry in entries)
    if pictures.stranger_people:
        crops = {cut: joined(pictures.strangers[cut], store) for cut, store in crops.items()}
    both = Counter(pictures.left_out) + Counter(left_out)
    return replace(pictures, strangers=crops, stranger_people=people, left_out=dict(both))
