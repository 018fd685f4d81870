"""Where calibration pictures may come from: never from those that the accuracy is reported on."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeface.calibration import Finding
from edgeface.convert.calibration.draw import draw
from edgeface.convert.calibration.marks import hashes_of, near_to
from edgeface.datasets.faces import cut_faces
from edgeface.datasets.photos import Photos, open_photos
from edgeface.datasets.split import Split, leaks
from edgeface.datasets.unsorted import UnsortedFolder, is_unsorted
from edgeface.errors import InputError
from edgeface.images import Pixels, Preprocess
from edgeface.vision.detect import Detector

TRAINING = "training side"
# Of a set of one's own that is mostly what was held back, the wrong folder was named.
OVERLAP_STOPS = 0.5


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pictures that calibration may draw from, or has drawn.

    Attributes:
        pixels: (n, height, width, channels) uint8.
        classes: (n,) class numbers, -1 of what is no class of the network; None: not known.
        sha256: Of each file.
        source: Where they come from, in words.
        left_out: How many more there are that are held back, or are near-duplicates of such.
        findings: What was found while they were collected.
        guessed: Whether the classes are what the network takes them for.
    """

    pixels: Pixels
    classes: NDArray[np.intp] | None
    sha256: tuple[str, ...]
    source: str
    left_out: int = 0
    findings: tuple[Finding, ...] = field(default=())
    guessed: bool = False

    def drawn(self, most: int, seed: int) -> "Candidates":
        """Some of them, evenly over the classes (see `draw`)."""
        of = np.zeros(len(self.pixels), np.intp) if self.classes is None else self.classes
        return self.only(draw(of, most, seed))

    def labelled(self, classes: NDArray[np.intp]) -> "Candidates":
        """With what the network takes them for, where nothing is known of them."""
        if self.classes is not None:
            return self
        return replace(self, classes=classes, guessed=True)

    def only(self, which: NDArray[np.intp]) -> "Candidates":
        """Those at some positions."""
        return replace(
            self,
            pixels=self.pixels[which],
            classes=None if self.classes is None else self.classes[which],
            sha256=tuple(self.sha256[i] for i in which),
        )


def of_training(split: Split, pixels: Pixels, classes: NDArray[np.intp]) -> Candidates:
    """The training side of a run, without what has a copy or a near-duplicate that is held back.

    Args:
        split: Of the run.
        pixels: (n, height, width, channels) uint8, the crops of its training side in order.
        classes: (n,) their class numbers.

    Raises:
        InputError: Nothing is left.
    """
    entries = split.side("training")
    leaking = set(leaks(split.files))
    which = np.flatnonzero([e.name not in leaking for e in entries])
    if len(entries) and not len(which):
        msg = f"overlap: all {len(entries)} training pictures have a near-duplicate held back"
        remedy = "train with --drop-leaks, name others with --calibrate-on, or export without int8"
        raise InputError(msg, remedy=remedy)
    digests = tuple(e.sha256 for e in entries)
    whole = Candidates(pixels, classes, digests, TRAINING, len(leaking))
    return whole.only(which)


@dataclass(frozen=True, slots=True)
class Held:
    """What the accuracy is reported on.

    Attributes:
        pixels: (m, height, width, channels) uint8.
        sha256: Of every file that is held back, on the validation and the test side.
    """

    pixels: Pixels
    sha256: frozenset[str]


def of_folder(
    path: Path,
    labels: Sequence[str],
    preprocess: Preprocess,
    detector: Detector,
    held: Held,
    track: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> Candidates:
    """A calibration set of one's own: a folder a class, or pictures without labels.

    What is held back, and what is a near-duplicate of it, is left out and told.

    Args:
        path: A folder a class, a zip, an npz or mat file, or a folder of pictures alone.
        labels: Of the network.
        preprocess: From a picture to pixels.
        detector: Finds the faces, where there are some to be found.
        held: What the accuracy is reported on.
        track: Wraps the names, for a progress bar.

    Raises:
        UsageError: There is no such folder.
        InputError: A picture is broken, or none can be used.
    """
    unsorted = is_unsorted(path)
    with UnsortedFolder(path) if unsorted else open_photos(path) as folder:
        pixels, names, digests = _cut(folder, preprocess, detector, track)
    classes = None if unsorted else _numbers(names, labels)
    copies = np.asarray([digest in held.sha256 for digest in digests], np.bool_)
    alike = near_to(hashes_of(pixels, preprocess.colour), hashes_of(held.pixels, preprocess.colour))
    free = np.flatnonzero(~(copies | alike))
    if not len(free):
        msg = f"overlap: all {len(pixels)} pictures of {path} are held back, or like one that is"
        raise InputError(msg, remedy=_OTHERS)
    found = _overlap(path, len(pixels), int(copies.sum()), int((alike & ~copies).sum()))
    left_out = len(pixels) - len(free)
    return Candidates(pixels, classes, digests, str(path), left_out, found).only(free)


def _numbers(names: Sequence[str], labels: Sequence[str]) -> NDArray[np.intp] | None:
    """Class numbers; None where none of the labels means anything to the network."""
    number = {_same(label): i for i, label in enumerate(labels)}
    numbers = np.asarray([number.get(_same(name), -1) for name in names], np.intp)
    return numbers if (numbers >= 0).any() else None


def _same(name: str) -> str:
    """One form for a name: other systems spell umlauts as a letter and its dots."""
    return unicodedata.normalize("NFC", name)


def _cut(
    folder: Photos,
    preprocess: Preprocess,
    detector: Detector,
    track: Callable[[Sequence[str]], Iterable[str]],
) -> tuple[Pixels, list[str], tuple[str, ...]]:
    faces = cut_faces(folder, folder.people, preprocess, detector, track=track)
    if not faces.used:
        msg = f"{folder.root}: no picture that can be calibrated on"
        reasons = {e.reason for e in faces.left_out}
        raise InputError(msg, remedy=f"all were left out: {', '.join(sorted(reasons))}")
    return faces.pixels[:], [e.label for e in faces.used], tuple(e.sha256 for e in faces.used)


_OTHERS = "name pictures that were not held back: calibrated on these, the accuracy would lean"


def _overlap(path: Path, total: int, copies: int, alike: int) -> tuple[Finding, ...]:
    if not copies + alike:
        return ()
    said = f"{copies} of the {total} pictures of {path} are held back, {alike} are like one that is"
    if copies + alike >= OVERLAP_STOPS * total:
        return (Finding("overlap", "error", said, _OTHERS),)
    return (Finding("overlap", "warning", f"{said}; they were left out", _OTHERS),)
