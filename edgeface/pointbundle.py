"""The bundle of a regression: numbers in, a number out, and what it says about itself.

It is laid out as any bundle (see `edgeface.bundle`), and its manifest says ``"task": "regress"``.
What a regression does not have is not in it: no labels, no preprocessing, no detector, no
threshold, no accuracy.

::

    bundles/curve/
      manifest.json           this module's `PointManifest`, schema 1
      curve.float32.tflite    one file a format and scheme
      golden.npz              inputs, and the values expected of every file
      trained-on.txt          the first 16 digits of the SHA-256 of every training point
      report.md, report.html  what was measured when it was made
      SHA256SUMS              the checksum of each of the above (see `edgeface.sealed`)
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface import bundlefolder, records, sealed
from edgeface.bundle import Bundle, Held, ModelFile, Tensor
from edgeface.bundlefolder import AGAIN, GOLDEN, MANIFEST, Format, Listed, Scheme
from edgeface.errors import BundleError, EdgefaceError

INPUT, OUTPUT = "x", "value"


@dataclass(frozen=True, slots=True)
class PointMeasured:
    """What one file was measured to do on points that it was neither trained nor calibrated on.

    Attributes:
        points: How many.
        l2: L2 error over them, the root of the sum of squares, in the unit of y.
        rmse: Root mean squared error, in the unit of y.
        worst: Largest error of a single point, in the unit of y.
        parity: Largest difference of a value to the trained network, over all points of the run.
    """

    points: int
    l2: float
    rmse: float
    worst: float
    parity: float


@dataclass(frozen=True, slots=True)
class PointFile:
    """One file of a bundle of a regression.

    Attributes:
        name: Its name in the folder.
        format: ``tflite`` or ``onnx``.
        scheme: ``float32`` or ``int8``: what it computes in; both ends are float32.
        sha256: Of the file.
        size_bytes: Of the file.
        input: float32 (1, inputs), raw numbers.
        output: float32 (1, 1), in the unit of y.
        measured: On the validation side of the run.
    """

    name: str
    format: Format
    scheme: Scheme
    sha256: str
    size_bytes: int
    input: Tensor
    output: Tensor
    measured: PointMeasured

    @property
    def key(self) -> str:
        """``tflite int8`` and the like: how tables call it."""
        return f"{self.format} {self.scheme}"


@dataclass(frozen=True, slots=True)
class PointCalibration:
    """The points that set the ranges of the int8 files.

    Attributes:
        points: SHA-256 of each, from the training side (see `edgeface.datasets.points`); the least
            and the largest of every input are among them.
        seed: Of the draw.
    """

    points: tuple[str, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class PointOrigin:
    """Where the files came from.

    Attributes:
        run: Name of the run.
        weights_sha256: Of its ``model.weights.h5``.
        points_sha256: Of its ``points.csv``.
        versions: Package → version, of what converted it.
    """

    run: str
    weights_sha256: str
    points_sha256: str
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class PointManifest:
    """``manifest.json`` of a regression, schema 1.

    Attributes:
        schema: 1.
        task: ``regress``.
        name: Of the bundle.
        created: UTC, ISO 8601.
        edgeface: Version that wrote it.
        network: ``curve`` and the like.
        inputs: Names of the inputs, in the order of `x`.
        output: Name of the value.
        files: One a format and scheme.
        calibration: None where nothing was quantised.
        origin: Where it came from.
        gates: What the recipe asked of the files; empty where it asked nothing, and of early
            versions.
    """

    schema: int
    task: Literal["regress"]
    name: str
    created: str
    edgeface: str
    network: str
    inputs: tuple[str, ...]
    output: str
    files: tuple[PointFile, ...]
    calibration: PointCalibration | None
    origin: PointOrigin
    gates: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class PointBundle:
    """A bundle of a regression whose checksums were found right when it was loaded."""

    folder: Path
    manifest: PointManifest

    @classmethod
    def load(cls, folder: Path) -> "PointBundle":
        """Read a bundle and hold every file against its checksum.

        Raises:
            BundleError: Anything in it is missing, changed, of another schema, or points outside.
            UsageError: There is no such folder.
        """
        path = folder / MANIFEST
        data = bundlefolder.read_manifest(folder)
        manifest = records.build(PointManifest, data, str(path), BundleError)
        _check(manifest, folder)
        return cls(folder, manifest)

    def path(self, file: Listed) -> Path:
        """Where a file of this bundle lies."""
        return self.folder / file.name

    def trained_on(self) -> frozenset[str]:
        """The first digits of the SHA-256 of every point it was trained on."""
        return bundlefolder.read_seen(self.folder)

    def golden(self) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]:
        """The golden inputs (n, inputs), and per file name the values (n, 1); all float32.

        Raises:
            BundleError: The file is not what `edgeface export` writes.
        """
        names = [file.name for file in self.manifest.files]
        x, outputs = bundlefolder.read_golden(self.folder, INPUT, names)
        right = x.dtype == np.float32 and x.ndim == 2 and x.shape[1] == len(self.manifest.inputs)
        fit = (o.shape == (len(x), 1) and o.dtype == np.float32 for o in outputs.values())
        if not right or not len(x) or not all(fit):
            msg = f"{self.folder / GOLDEN}: shapes or types do not go with the manifest"
            raise BundleError(msg, remedy=AGAIN)
        return x, outputs


AnyBundle = Bundle | PointBundle
AnyFile = ModelFile | PointFile


def open_bundle(folder: Path) -> AnyBundle:
    """Load a bundle, of whichever task.

    Raises:
        BundleError: It is damaged.
        UsageError: There is no such folder.
    """
    return PointBundle.load(folder) if _is_regression(folder) else Bundle.load(folder)


def _is_regression(folder: Path) -> bool:
    """Whether the manifest says so; whatever else is wrong with it, loading will say."""
    try:
        text = (folder / MANIFEST).read_text("utf-8")
        return bundlefolder.task_of(records.from_json(text, "", EdgefaceError)) == "regress"
    except (OSError, UnicodeDecodeError, EdgefaceError):
        return False


def _check(manifest: PointManifest, folder: Path) -> None:
    """What types alone do not say."""
    where = str(folder / MANIFEST)
    if not manifest.inputs:
        msg = f"{where}: no inputs"
        raise BundleError(msg, remedy=AGAIN)
    bundlefolder.check_names(manifest.files, sealed.read_sums(folder, "bundle"), where)
    expected = ("float32", (1, len(manifest.inputs))), ("float32", (1, 1))
    for file in manifest.files:
        ends = (file.input.dtype, file.input.shape), (file.output.dtype, file.output.shape)
        if ends != expected:
            msg = f"{where}: {file.name} does not go with the inputs and the output"
            raise BundleError(msg, remedy=AGAIN)
