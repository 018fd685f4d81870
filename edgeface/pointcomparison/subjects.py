"""The files of regressions that are compared, and the points that they are compared on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeface.bundlefolder import SEEN_DIGITS
from edgeface.comparison.named import Named
from edgeface.comparison.naming import distinct
from edgeface.datasets.pointfile import open_points
from edgeface.datasets.points import Points
from edgeface.errors import InputError, UsageError
from edgeface.modelfile import Facts
from edgeface.pointbundle import PointBundle, PointFile
from edgeface.runtime import Backend, open_backend


@dataclass(frozen=True, slots=True)
class PointSubject:
    """A file that answers a number.

    Attributes:
        name: What results call it.
        path: Where it lies.
        format: ``tflite`` or ``onnx``.
        scheme: ``float32`` and the like; empty where nothing says it.
        size_bytes: Of the file.
        inputs: Names of its inputs, in order.
        home: The bundle that it belongs to, or the file itself.
        sha256: Of the file.
        seen: First digits of the SHA-256 of the points that it was trained on.
    """

    name: str
    path: Path
    format: str
    scheme: str
    size_bytes: int
    inputs: tuple[str, ...]
    home: Path
    sha256: str
    seen: frozenset[str] = frozenset()

    def open(self, threads: int) -> Backend:
        """Load it: float32 inputs in, a float32 value out.

        Raises:
            BackendMissing: What would run it is not installed.
            BackendError: The runtime does not take it.
        """
        return open_backend(self.path, threads=threads)


def subjects_of(named: Named) -> tuple[PointSubject, ...]:
    """The files to compare.

    Raises:
        UsageError: They do not take the same inputs.
    """
    found: list[PointSubject] = []
    for bundle, names in named.bundles:
        assert isinstance(bundle, PointBundle)
        files = {file.name: file for file in bundle.manifest.files}
        found += [_held(bundle, files[name]) for name in names]
    found += [_alone(facts) for facts in named.lone]
    first = found[0]
    for other in found[1:]:
        if other.inputs != first.inputs:
            msg = (
                f"{first.path} takes {', '.join(first.inputs)}, "
                f"{other.path} takes {', '.join(other.inputs)}"
            )
            raise UsageError(msg, remedy="only files with the same inputs can be compared")
    paths = [subject.path for subject in found]
    return tuple(replace(s, name=n) for s, n in zip(found, distinct(paths), strict=True))


def _held(bundle: PointBundle, file: PointFile) -> PointSubject:
    return PointSubject(
        name=file.name,
        path=bundle.path(file),
        format=file.format,
        scheme=file.scheme,
        size_bytes=file.size_bytes,
        inputs=bundle.manifest.inputs,
        home=bundle.folder,
        sha256=file.sha256,
        seen=bundle.trained_on(),
    )


def _alone(facts: Facts) -> PointSubject:
    return PointSubject(
        name=facts.path.name,
        path=facts.path,
        format=facts.format,
        scheme=facts.scheme or "",
        size_bytes=facts.size_bytes,
        inputs=_inputs(facts),
        home=facts.path,
        sha256=facts.sha256,
    )


def _inputs(facts: Facts) -> tuple[str, ...]:
    """Names of the inputs of a file that stands alone, from what it says of itself.

    Raises:
        InputError: It does not say them.
    """
    try:
        names = json.loads(dict(facts.more)["inputs"])
    except (KeyError, ValueError, RecursionError):
        names = None
    sound = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not sound or not names or len(names) != facts.input.shape[-1]:
        msg = f"{facts.path} does not say which inputs it takes"
        raise InputError(msg, remedy="name the bundle that it belongs to")
    return tuple(names)


@dataclass(frozen=True, slots=True)
class Shown:
    """What files are compared on.

    Attributes:
        what: Where the points come from, in words.
        points: Those that count.
        trained_on: How many points of the file a network was trained on.
        only_trained: Whether there were no others, so that these had to be counted.
    """

    what: str
    points: Points
    trained_on: int = 0
    only_trained: bool = False


def from_file(subjects: Sequence[PointSubject], path: Path) -> Shown:
    """The points of a file (see `from_points`).

    Raises:
        InputError: It has other inputs than the networks, or the same in another order.
        UsageError: There is no such file.
    """
    points, first = open_points(path), subjects[0]
    own = first.inputs
    if len(points.inputs) != len(own):
        msg = f"{path}: {len(points.inputs)} inputs ({', '.join(points.inputs)})"
        remedy = f"{first.home} takes {len(own)}: {', '.join(own)}"
        raise InputError(msg, remedy=remedy)
    if points.inputs != own and sorted(points.inputs) == sorted(own):
        msg = f"{path}: the inputs stand as {', '.join(points.inputs)}"
        raise InputError(msg, remedy=f"put them in the order of the network: {', '.join(own)}")
    return from_points(subjects, str(path), points)


def from_points(subjects: Sequence[PointSubject], what: str, points: Points) -> Shown:
    """Points of which those are not counted that a network was trained on.

    They are known by their numbers, and counted only where there are no others.
    """
    seen: frozenset[str] = frozenset().union(*(subject.seen for subject in subjects))
    trained = np.asarray([digest[:SEEN_DIGITS] in seen for digest in points.digests()], bool)
    only_trained = bool(trained.all())
    counted = points if only_trained else points.only(~trained)
    return Shown(what, counted, int(trained.sum()), only_trained)
