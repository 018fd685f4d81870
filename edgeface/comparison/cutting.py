"""One set of photographs, cut in every way that the files to compare want it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeface.datasets.crops import CropStore, CropWriter
from edgeface.datasets.faces import cut_faces
from edgeface.datasets.photos import Photos
from edgeface.datasets.split import Entry
from edgeface.errors import InputError
from edgeface.images import Preprocess, crop
from edgeface.vision.detect import Detector, NoDetector

WHOLE = ""  # in place of a detector, where nothing is searched


@dataclass(frozen=True, slots=True)
class Cut:
    """How a file wants a photograph cut; two files of one cut are shown the same pixels.

    Attributes:
        preprocess: Size, colour, framing and margin.
        detector: What finds the face; empty where the picture is taken as a whole.
    """

    preprocess: Preprocess
    detector: str

    @classmethod
    def of(cls, preprocess: Preprocess, detector: str) -> "Cut":
        """The cut of a file; of whole pictures it does not matter who would have found a face."""
        return cls(preprocess, detector if preprocess.framing == "face" else WHOLE)


def cut_all(
    folder: Photos,
    cuts: Sequence[Cut],
    detectors: Mapping[str, Detector],
    *,
    skip_broken: bool = False,
    track: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> tuple[list[Entry], dict[Cut, CropStore], dict[str, int]]:
    """Cut every photograph in every way; faces are searched once a detector.

    Args:
        folder: Where the photographs are.
        cuts: At least one; all different.
        detectors: By name, those that the cuts need.
        skip_broken: Leave broken pictures out.
        track: Wraps the names, for a progress bar.

    Returns:
        The photographs that can be used in every way; their crops, a store a cut, in that order;
        and for the others reason → number.

    Raises:
        InputError: A picture is broken and ``skip_broken`` is off.
    """
    stores: dict[Cut, CropStore] = {}
    used: dict[Cut, dict[str, int]] = {}
    entries: dict[str, Entry] = {}
    reasons: dict[str, str] = {}
    for name in dict.fromkeys(cut.detector for cut in cuts):
        first, *others = (cut for cut in cuts if cut.detector == name)
        faces = cut_faces(
            folder,
            folder.people,
            first.preprocess,
            detectors[name] if name else NoDetector(),
            skip_broken=skip_broken,
            track=track,
        )
        stores[first] = faces.pixels
        for other in others:
            stores[other] = cut_again(folder, faces.used, other.preprocess)
        places = {entry.name: row for row, entry in enumerate(faces.used)}
        used |= dict.fromkeys((first, *others), places)
        entries |= {entry.name: entry for entry in faces.used}
        for entry in faces.left_out:
            reasons.setdefault(entry.name, entry.reason)
    shared = [name for name in entries if all(name in places for places in used.values())]
    crops = {
        cut: stores[cut].only(np.asarray([used[cut][name] for name in shared], np.intp))
        for cut in cuts
    }
    return [entries[name] for name in shared], crops, dict(Counter(reasons.values()))


def cut_again(
    folder: Photos,
    entries: Sequence[Entry],
    preprocess: Preprocess,
    track: Callable[[Sequence[Entry]], Iterable[Entry]] = iter,
) -> CropStore:
    """Crops from the boxes that were found before.

    Raises:
        InputError: A photograph is missing, or no longer the one that was recorded; or a face is to
            be cut of one that was taken as a whole.
    """
    is_face = preprocess.framing == "face"
    there = {name for names in folder.people.values() for name in names}
    crops = CropWriter(preprocess.shape, len(entries))
    for entry in track(entries):
        if entry.name not in there:
            msg = f"{folder.root}: {entry.name} is missing"
            raise InputError(msg, remedy="put the photographs back, or train again")
        if is_face and entry.box is None:
            msg = f"{folder.root}: no face was looked for in {entry.name}, and one is to be cut"
            raise InputError(msg, remedy="name photographs to compare on: --data PHOTOS")
        _, picture = folder.photo(entry.name, entry.sha256)
        box = np.asarray(entry.box) if is_face else None
        crops.append(crop(picture, box, preprocess))
    return crops.store()


def joined(*stores: CropStore) -> CropStore:
    """All crops of some stores of one shape, one store after the other."""
    crops = CropWriter(stores[0].shape[1:], sum(len(store) for store in stores))
    for store in stores:
        for pixels in store:
            crops.append(pixels)
    return crops.store()
