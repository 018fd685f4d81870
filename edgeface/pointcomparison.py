"""Every file of a regression's bundle on the same points, and what is said of it."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface import records, residuals
from edgeface.bundlefolder import SEEN_DIGITS
from edgeface.datasets.pointfile import open_points
from edgeface.datasets.points import Points
from edgeface.errors import BackendMissing, InputError
from edgeface.pointbundle import PointBundle, PointFile
from edgeface.runtime import open_backend

# What a table shows: below this share of the error of float32, a scheme costs nothing worth a word.
_WORTH_SAYING = 0.02


@dataclass(frozen=True, slots=True)
class Shown:
    """What files are compared on.

    Attributes:
        what: Where the points come from, in words.
        points: Those that count.
        trained_on: How many points of the file the network was trained on.
        only_trained: Whether there were no others, so that these had to be counted.
    """

    what: str
    points: Points
    trained_on: int = 0
    only_trained: bool = False


def from_file(bundle: PointBundle, path: Path) -> Shown:
    """The points of a file; those that the network was trained on are not counted.

    They are known by their numbers, and counted only where there are no others.

    Raises:
        InputError: It has other inputs than the network, or the same in another order.
        UsageError: There is no such file.
    """
    points, own = open_points(path), bundle.manifest.inputs
    if len(points.inputs) != len(own):
        msg = f"{path}: {len(points.inputs)} inputs ({', '.join(points.inputs)})"
        remedy = f"{bundle.folder} takes {len(own)}: {', '.join(own)}"
        raise InputError(msg, remedy=remedy)
    if points.inputs != own and sorted(points.inputs) == sorted(own):
        msg = f"{path}: the inputs stand as {', '.join(points.inputs)}"
        raise InputError(msg, remedy=f"put them in the order of the network: {', '.join(own)}")
    seen = bundle.trained_on()
    trained = np.asarray([digest[:SEEN_DIGITS] in seen for digest in points.digests()], bool)
    only_trained = bool(trained.all())
    counted = points if only_trained else points.only(~trained)
    return Shown(str(path), counted, int(trained.sum()), only_trained)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    Attributes:
        bundle: Folder of the bundle.
        shown: What it was compared on.
        reference: Name of the file that the others are held against.
        rows: One a file: file, format, scheme, size_bytes, the fields of
            `edgeface.residuals.Comparison` (null where a file answered no number) and verdict, the
            fields of `edgeface.verdicts.Verdict` (null for the reference).
        skipped: File → why it could not be run.
    """

    bundle: Path
    shown: Shown
    reference: str
    rows: tuple[dict[str, Any], ...]
    skipped: Mapping[str, str]

    def as_data(self) -> dict[str, Any]:
        """For ``--json``; schema 1."""
        return {
            "schema": 1,
            "task": "regress",
            "bundle": str(self.bundle),
            "on": self.shown.what,
            "n": len(self.shown.points),
            "trained_on": self.shown.trained_on,
            "only_trained": self.shown.only_trained,
            "reference": self.reference,
            "files": list(self.rows),
            "skipped": dict(self.skipped),
            "findings": self.findings(),
        }

    def findings(self) -> list[str]:
        """Sentences: which quantised file is worse than the reference, by how much, what helps."""
        base = next(row for row in self.rows if row["file"] == self.reference)
        if base["scheme"] != "float32":
            return []
        return [
            line
            for row in self.rows
            if (line := quantisation_cost(row["file"], row["scheme"], row["l2"], base["l2"]))
        ]


def quantisation_cost(file: str, scheme: str, l2: float | None, reference: float | None) -> str:
    """What a scheme costs, in a sentence; empty where it costs nothing worth a word.

    Args:
        file: Name of the file.
        scheme: Of the file.
        l2: Its L2 error; None where it answered no number.
        reference: That of float32, on the same points.
    """
    if scheme == "float32" or reference is None:
        return ""
    if l2 is not None and l2 - reference <= _WORTH_SAYING * reference:
        return ""
    error = "no finite error" if l2 is None else f"an L2 error of {l2:.4g}"
    return (
        f"{file} has {error}, float32 has {reference:.4g}: 256 steps are coarse for a number; "
        "take the float32 file where that is too much"
    )


def compare_files(
    bundle: PointBundle,
    shown: Shown,
    threads: int,
    track: Callable[[Sequence[PointFile], str], Iterable[PointFile]],
) -> Compared:
    """Run every file of a bundle on the same points.

    The reference is the float32 file, TFLite before ONNX, as it is for pictures.

    Raises:
        BackendMissing: No file of the bundle can be run here.
    """
    files = sorted(
        bundle.manifest.files, key=lambda f: (f.scheme != "float32", f.format != "tflite")
    )
    answers: dict[str, NDArray[np.float32]] = {}
    skipped: dict[str, str] = {}
    for file in track(files, "comparing"):
        try:
            backend = open_backend(bundle.path(file), threads=threads)
        except BackendMissing as missing:
            skipped[file.name] = f"{missing}; {missing.remedy}"
            continue
        answers[file.name] = residuals.answers(backend.infer, shown.points.x)
    if not answers:
        name, why = next(iter(skipped.items()))
        msg = f"{bundle.folder}: no file can be run here; {name}: {why}"
        raise BackendMissing(msg)
    reference = next(iter(answers))
    rows = tuple(
        _row(file, answers[file.name], answers[reference], shown.points, file.name == reference)
        for file in bundle.manifest.files
        if file.name in answers
    )
    return Compared(bundle.folder, shown, reference, rows, skipped)


def _row(
    file: PointFile,
    values: NDArray[np.float32],
    reference: NDArray[np.float32],
    points: Points,
    is_reference: bool,
) -> dict[str, Any]:
    compared = residuals.compare(values, reference, points.y)
    row: dict[str, Any] = {"file": file.name, "format": file.format, "scheme": file.scheme}
    # JSON has no infinity.
    row |= {k: v if math.isfinite(v) else None for k, v in records.plain(compared).items()}
    row["size_bytes"] = file.size_bytes
    row["verdict"] = None if is_reference else records.plain(residuals.judge(compared))
    return row
