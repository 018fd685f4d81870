"""Every file of a bundle on the same pictures, and what is said of it."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface import evaluate, records
from edgeface.bundle import SEEN_DIGITS, Bundle, ModelFile
from edgeface.datasets.faces import cut_faces
from edgeface.datasets.photos import PLAIN, Reading, open_photos
from edgeface.datasets.split import Entry
from edgeface.errors import BackendMissing, InputError
from edgeface.images import Pixels
from edgeface.runtime import open_backend
from edgeface.vision.detect import Detector


@dataclass(frozen=True, slots=True)
class Pictures:
    """What files are compared on.

    Attributes:
        what: Where the pictures come from, in words.
        pixels: (n, h, w, c) uint8, crops of enrolled people.
        truth: (n,) class numbers.
        strangers: (m, h, w, c) uint8, crops of people who are not enrolled.
        trained_on: How many pictures of the folder the network was trained on.
        only_trained: Whether there were no others, so that these had to be counted.
        left_out: Reason → number of pictures.
    """

    what: str
    pixels: Pixels
    truth: NDArray[np.intp]
    strangers: Pixels = field(default_factory=lambda: np.zeros((0, 1, 1, 1), np.uint8))
    trained_on: int = 0
    only_trained: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)


def from_folder(
    bundle: Bundle,
    data: Path,
    detector: Detector,
    track: Callable[[Sequence[str]], Iterable[str]],
    *,
    skip_broken: bool = False,
    reading: Reading = PLAIN,
) -> Pictures:
    """Photographs with a label each; whoever is not enrolled is a stranger.

    Of a set that is split already all sides are taken. Pictures that the network was trained on
    are told apart by their checksums and not counted, unless there are no others.

    Raises:
        InputError: None of the people in the folder is enrolled, or a picture is broken.
    """
    labels = bundle.manifest.labels
    enrolled = {_same(label) for label in labels}
    with open_photos(data, reading) as folder:
        if not any(_same(p) in enrolled for p in folder.people):
            some = ", ".join(list(folder.people)[:5])
            msg = f"{data}: nobody in it is enrolled in {bundle.folder} ({some}, …)"
            raise InputError(msg, remedy=f"enrolled are {', '.join(labels[:12])}")
        faces = cut_faces(
            folder,
            folder.people,
            bundle.manifest.preprocess,
            detector,
            skip_broken=skip_broken,
            track=track,
        )
    seen = bundle.trained_on()
    used = faces.used
    known = np.asarray([_same(e.label) in enrolled for e in used], bool)
    trained = np.asarray([e.sha256[:SEEN_DIGITS] in seen for e in used], bool)
    counted = known & ~trained
    only_trained = not counted.any() and bool(trained.any())
    if only_trained:
        counted = known
    if not counted.any():
        msg = f"{data}: no picture of an enrolled person with one clear face"
        raise InputError(msg)
    return Pictures(
        what=str(data),
        pixels=faces.pixels[counted],
        truth=_numbers([e for e, c in zip(used, counted, strict=True) if c], labels),
        strangers=faces.pixels[~known],
        trained_on=int((known & trained).sum()),
        only_trained=only_trained,
        left_out=dict(Counter(e.reason for e in faces.left_out)),
    )


def with_strangers(
    pictures: Pictures,
    bundle: Bundle,
    data: Path,
    detector: Detector,
    track: Callable[[Sequence[str]], Iterable[str]],
    *,
    skip_broken: bool = False,
    reading: Reading = PLAIN,
) -> Pictures:
    """The same pictures, and those of people who are not enrolled, from a folder of their own.

    Raises:
        InputError: Somebody in the folder is enrolled, there is no face in it, or a picture is
            broken.
    """
    labels = {_same(label) for label in bundle.manifest.labels}
    with open_photos(data, reading) as folder:
        enrolled = [p for p in folder.people if _same(p) in labels]
        if enrolled:
            msg = f"{data}: {enrolled[0]!r} is enrolled in {bundle.folder} and is no stranger"
            raise InputError(msg, remedy="take the folder out, or name it as PHOTOS")
        faces = cut_faces(
            folder,
            folder.people,
            bundle.manifest.preprocess,
            detector,
            skip_broken=skip_broken,
            track=track,
        )
    strangers = faces.pixels[:]
    if not len(strangers):
        msg = f"{data}: no picture with one clear face"
        raise InputError(msg)
    if len(pictures.strangers):
        strangers = np.concatenate([pictures.strangers, strangers])
    left_out = Counter(pictures.left_out) + Counter(e.reason for e in faces.left_out)
    return replace(pictures, strangers=strangers, left_out=dict(left_out))


def _same(name: str) -> str:
    """One form for a name: other systems spell umlauts as a letter and its dots."""
    return unicodedata.normalize("NFC", name)


def _numbers(entries: Sequence[Entry], labels: Sequence[str]) -> NDArray[np.intp]:
    number = {_same(label): i for i, label in enumerate(labels)}
    return np.asarray([number[_same(e.label)] for e in entries], np.intp)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    Attributes:
        bundle: Folder of the bundle.
        pictures: What it was compared on.
        reference: Name of the file that the others are held against.
        rows: One a file: file, format, scheme, n, accuracy, delta_points, agreement, flips,
            size_bytes, and what goes with them.
        skipped: File → why it could not be run.
    """

    bundle: Path
    pictures: Pictures
    reference: str
    rows: tuple[dict[str, Any], ...]
    skipped: Mapping[str, str]

    def as_data(self) -> dict[str, Any]:
        """For ``--json``; schema 1."""
        pictures = self.pictures
        return {
            "schema": 1,
            "bundle": str(self.bundle),
            "on": pictures.what,
            "n": len(pictures.truth),
            "strangers": len(pictures.strangers),
            "trained_on": pictures.trained_on,
            "only_trained": pictures.only_trained,
            "left_out": dict(pictures.left_out),
            "reference": self.reference,
            "files": list(self.rows),
            "skipped": dict(self.skipped),
        }


def compare_files(
    bundle: Bundle,
    pictures: Pictures,
    threads: int,
    track: Callable[[Sequence[ModelFile], str], Iterable[ModelFile]],
) -> Compared:
    """Run every file of a bundle on the same pictures.

    The reference is the float32 file, TFLite before ONNX: that it answers as the trained network
    does was checked when it was exported, and stands in the manifest as its parity.

    Raises:
        BackendMissing: No file of the bundle can be run here.
    """
    files = sorted(
        bundle.manifest.files, key=lambda f: (f.scheme != "float32", f.format != "tflite")
    )
    answers: dict[str, tuple[evaluate.Probs, evaluate.Probs]] = {}
    skipped: dict[str, str] = {}
    classes = len(bundle.manifest.labels)
    for file in track(files, "comparing"):
        try:
            backend = open_backend(bundle.path(file), threads=threads)
        except BackendMissing as missing:
            skipped[file.name] = f"{missing}; {missing.remedy}"
            continue
        on_enrolled = evaluate.answers(backend.infer, pictures.pixels, classes)
        on_strangers = evaluate.answers(backend.infer, pictures.strangers, classes)
        answers[file.name] = on_enrolled, on_strangers
    if not answers:
        name, why = next(iter(skipped.items()))
        msg = f"{bundle.folder}: no file can be run here; {name}: {why}"
        raise BackendMissing(msg)
    reference = next(iter(answers))
    rows = tuple(
        _row(file, *answers[file.name], answers[reference][0], pictures)
        for file in bundle.manifest.files
        if file.name in answers
    )
    return Compared(bundle.folder, pictures, reference, rows, skipped)


def _row(
    file: ModelFile,
    probs: evaluate.Probs,
    on_strangers: evaluate.Probs,
    reference: evaluate.Probs,
    pictures: Pictures,
) -> dict[str, Any]:
    compared = evaluate.compare(probs, reference, pictures.truth)
    named = evaluate.named(probs, file.threshold)
    right = evaluate.best(probs) == pictures.truth
    row: dict[str, Any] = {"file": file.name, "format": file.format, "scheme": file.scheme}
    row |= records.plain(compared)
    if not np.isfinite(compared.parity):
        row["parity"] = None  # JSON has no infinity
    row |= {
        "size_bytes": file.size_bytes,
        "threshold": file.threshold,
        "unknown_share": float((~named).mean()),
        "named_right_share": float((named & right).mean()),
        "named_wrong_share": float((named & ~right).mean()),
    }
    if len(on_strangers):
        strangers = evaluate.named(on_strangers, file.threshold)
        low, high = evaluate.wilson(int(strangers.sum()), len(strangers))
        row |= {
            "strangers_named": int(strangers.sum()),
            "strangers_named_share": float(strangers.mean()),
            "strangers_named_low": low,
            "strangers_named_high": high,
        }
    return row
