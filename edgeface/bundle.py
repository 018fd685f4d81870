"""The bundle: the folder that goes to a device, and what it says about itself.

A network that answers numbers, and names nothing, has a bundle of its own kind: see
`edgeface.pointbundle`.

::

    bundles/friends/
      manifest.json            this module's `Manifest`, schema 1
      friends.float32.tflite   one file a format and scheme, pixels in and probabilities out
      friends.int8.onnx        …
      facepatch.window.int8.tflite  the window detector, where the network makes one
      golden.npz               crops, and the outputs expected of every file
      class-means.npz          mean embeddings, where `unknown` is told by the distance to them
      trained-on.txt           the first 16 digits of the SHA-256 of every training picture
      report.md, report.html   what was measured when it was made
      SHA256SUMS               the checksum of each of the above (see `edgeface.sealed`)
"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface import records, sealed
from edgeface.acceptance import Score, Unknown
from edgeface.bundlefolder import (
    AGAIN,
    Listed,
    check_names,
    read_golden,
    read_manifest,
    read_means,
    read_seen,
    task_of,
)
from edgeface.bundlefolder import CALIBRATED as CALIBRATED
from edgeface.bundlefolder import GOLDEN as GOLDEN
from edgeface.bundlefolder import MANIFEST as MANIFEST
from edgeface.bundlefolder import MEANS as MEANS
from edgeface.bundlefolder import RUN_CONFIG as RUN_CONFIG
from edgeface.bundlefolder import SCHEMA as SCHEMA
from edgeface.bundlefolder import SCHEMES as SCHEMES
from edgeface.bundlefolder import SEEN as SEEN
from edgeface.bundlefolder import SEEN_DIGITS as SEEN_DIGITS
from edgeface.bundlefolder import Format as Format
from edgeface.bundlefolder import Scheme as Scheme
from edgeface.calibration import Calibration as Calibration
from edgeface.errors import BundleError, UsageError
from edgeface.golden import Tolerance
from edgeface.images import Preprocess

# float16 computes as float32 does and is half as large; int16x8 has no fast kernels.
_PREFERRED: tuple[Scheme, ...] = ("int8", "float16", "float32", "dynamic", "int16x8")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a model file.

    Attributes:
        name: Its name.
        dtype: As numpy calls it.
        shape: Its shape.
        scale: Of a quantised tensor, whose real numbers are ``(stored - zero_point) * scale``; 0 of
            others.
        zero_point: The stored number that stands for 0.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float = 0.0
    zero_point: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """What one file was measured to do on pictures that it was neither trained nor calibrated on.

    Attributes:
        pictures: How many.
        accuracy: Share answered with the right class, 0 to 1, without `unknown`.
        agreement: Share answered with the same class as the trained Keras network.
        parity: Largest difference of a probability to the trained network, over all pictures.
        threshold_kept: Share of the right answers whose score reaches the threshold.
    """

    pictures: int
    accuracy: float
    agreement: float
    parity: float
    threshold_kept: float


@dataclass(frozen=True, slots=True)
class Quantised:
    """How a file was quantised, beyond its scheme.

    Attributes:
        calibration: What set the ranges of its activations: ``minmax`` and the like.
        equalised: Whether the ranges of its layers were evened out first.
        corrected: Whether its biases were corrected for what rounding does to the mean.
        in_float: Layers that were left in float.
    """

    calibration: str = "minmax"
    equalised: bool = False
    corrected: bool = False
    in_float: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a bundle.

    Attributes:
        name: Its name in the folder.
        format: ``tflite`` or ``onnx``.
        scheme: ``float32``, ``float16``, ``dynamic``, ``int8`` or ``int16x8``.
        sha256: Of the file.
        size_bytes: Of the file.
        input: uint8 (1, height, width, channels), raw pixels 0 to 255; of a file with integer ends
            int8, pixels - 128.
        output: float32 (1, classes), sums to 1; or int8 with a scale and a zero point.
        threshold: A face whose score is below it is `unknown`; fitted for this very file, in the
            unit of `score`.
        measured: On the validation side of the run.
        quantised: How, where that is known.
        unknown: How `unknown` was fitted to a false-accept rate; None where none was asked, and the
            threshold keeps the names of most held-back pictures instead.
        tolerances: How far its answers may lie from the golden ones, one a runtime; none where an
            early version wrote it.
    """

    name: str
    format: Format
    scheme: Scheme
    sha256: str
    size_bytes: int
    input: Tensor
    output: Tensor
    threshold: float
    measured: Measured
    quantised: Quantised | None = None
    unknown: Unknown | None = None
    tolerances: tuple[Tolerance, ...] = ()

    @property
    def threshold_text(self) -> str:
        """The threshold with as many digits as keep it from reading 1.000.

        Of another score than the largest probability it begins with its name: ``margin 3.4190``.
        """
        if self.score in ("margin", "energy"):  # which have no end at 1
            return f"{self.score} {self.threshold:.4f}"
        digits = next(n for n in (3, 4, 5, 6) if n == 6 or self.threshold < 1 - 10.0**-n)
        by = "" if self.score == "maximum" else f"{self.score} "
        return f"{by}{self.threshold:.{digits}f}"

    @property
    def score(self) -> Score:
        """What is held against the threshold; the largest probability where nothing is said."""
        return self.unknown.score if self.unknown else "maximum"

    @property
    def key(self) -> str:
        """``tflite int8`` and the like: how tables call it."""
        return f"{self.format} {self.scheme}" + (" io" if self.integer_ends else "")

    @property
    def integer_ends(self) -> bool:
        """Whether its input and output are int8, for devices without float."""
        return self.input.dtype == "int8"


@dataclass(frozen=True, slots=True)
class WindowFile:
    """A file of the window detector, of a network that tells faces from other things.

    Attributes:
        name: Its name in the folder, ``NAME.window.SCHEME.tflite``.
        format: ``tflite``.
        scheme: ``float32`` or ``int8``.
        sha256: Of the file.
        size_bytes: Of the file.
        threshold: Score from which it takes something for a face.
        faces: Held-back faces that it was shown alone.
        found: How many of them reach the threshold.
        scenes: Pictures of 640x448 px laid out of held-back pictures without a face.
        false: Faces that it took parts of them for, at the threshold.
    """

    name: str
    format: Literal["tflite"]
    scheme: Literal["float32", "int8"]
    sha256: str
    size_bytes: int
    threshold: float
    faces: int
    found: int
    scenes: int
    false: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the files came from.

    Attributes:
        run: Name of the run; of somebody's own network that of its ``.keras`` file.
        weights_sha256: Of its ``model.weights.h5``; of a ``.keras`` file as a whole.
        split_sha256: Of its ``split.json``; of a ``.keras`` file that of the checksums of its
            calibration pictures, one a line, sorted.
        versions: Package → version, of what converted it.
        kind: Which of the two it was.
    """

    run: str
    weights_sha256: str
    split_sha256: str
    versions: dict[str, str]
    kind: Literal["run", "keras"] = "run"


@dataclass(frozen=True, slots=True)
class Manifest:
    """``manifest.json``, schema 1.

    Attributes:
        schema: 1.
        name: Of the bundle.
        created: UTC, ISO 8601.
        edgeface: Version that wrote it.
        network: ``friends`` and the like.
        labels: Class names, in the order of the output.
        preprocess: From a picture to `pixels`.
        detector: The detector whose crops it was trained on; ``none`` for whole pictures.
        files: One a format and scheme.
        calibration: None where nothing was quantised.
        origin: Where it came from.
        task: ``classify``; the manifest of a regression is another (see `edgeface.pointbundle`).
        windows: Files of the window detector; of networks that it can be made of.
    """

    schema: int
    name: str
    created: str
    edgeface: str
    network: str
    labels: tuple[str, ...]
    preprocess: Preprocess
    detector: str
    files: tuple[ModelFile, ...]
    calibration: Calibration | None
    origin: Origin
    task: Literal["classify"] = "classify"
    windows: tuple[WindowFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose checksums were found right when it was loaded."""

    folder: Path
    manifest: Manifest

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """Read a bundle and hold every file against its checksum.

        Raises:
            BundleError: Anything in it is missing, changed, of another schema, or points outside.
            UsageError: There is no such folder.
        """
        path = folder / MANIFEST
        data = read_manifest(folder)
        if task_of(data) == "regress":
            msg = f"{folder} is the bundle of a regression: it answers numbers, not names"
            remedy = f"edgeface compare {shlex.quote(str(folder))} POINTS.csv"
            raise BundleError(msg, remedy=remedy)
        manifest = records.build(Manifest, data, str(path), BundleError)
        _check(manifest, folder)
        return cls(folder, manifest)

    def path(self, file: Listed) -> Path:
        """Where a file of this bundle lies."""
        return self.folder / file.name

    def file(self, format: str | None = None, scheme: str | None = None) -> ModelFile:
        """The file of a format and scheme; by default as in `_PREFERRED`, TFLite before ONNX.

        Raises:
            UsageError: The bundle has none.
        """
        ranked = sorted(
            self.manifest.files,
            key=lambda f: (f.integer_ends, _PREFERRED.index(f.scheme), f.format != "tflite"),
        )
        for file in ranked:
            if format in (None, file.format) and scheme in (None, file.scheme):
                return file
        wanted = " ".join(word for word in (format, scheme) if word)
        held = ", ".join(f.key for f in self.manifest.files)
        msg = f"{self.folder} holds no {wanted} file; it holds {held}"
        raise UsageError(msg)

    def trained_on(self) -> frozenset[str]:
        """The first `SEEN_DIGITS` digits of the SHA-256 of every picture it was trained on."""
        return read_seen(self.folder)

    def means(self) -> NDArray[np.float32]:
        """The mean embedding of every class: (classes, d); needed by the score ``distance``.

        Raises:
            BundleError: The bundle has none, or they are not of its classes.
        """
        return read_means(self.folder, len(self.manifest.labels))

    def golden(self) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.float32]]]:
        """The golden crops (n, h, w, c) uint8, and per file name the outputs (n, classes) float32.

        Raises:
            BundleError: The file is not what `edgeface export` writes.
        """
        names = [file.name for file in self.manifest.files]
        pixels, outputs = read_golden(self.folder, "pixels", names)
        right = pixels.dtype == np.uint8 and pixels.shape[1:] == self.manifest.preprocess.shape
        expected = (len(pixels), len(self.manifest.labels))
        fit = (o.shape == expected and o.dtype == np.float32 for o in outputs.values())
        if not right or not all(fit):
            msg = f"{self.folder / GOLDEN}: shapes or types do not go with the manifest"
            raise BundleError(msg, remedy=AGAIN)
        return pixels, outputs


def _check(manifest: Manifest, folder: Path) -> None:
    """What types alone do not say."""
    where = folder / MANIFEST
    check_names(
        (*manifest.files, *manifest.windows), sealed.read_sums(folder, "bundle"), str(where)
    )
    if not manifest.labels or len(set(manifest.labels)) != len(manifest.labels):
        msg = f"{where}: no labels, or one that stands twice"
        raise BundleError(msg, remedy=AGAIN)
    for file in manifest.files:
        _check_ends(file, manifest, str(where))


def _check_ends(file: ModelFile, manifest: Manifest, where: str) -> None:
    shapes = (1, *manifest.preprocess.shape), (1, len(manifest.labels))
    dtypes = file.input.dtype, file.output.dtype
    scaled = file.input.scale > 0 and file.output.scale > 0
    known = dtypes == ("uint8", "float32") or (dtypes == ("int8", "int8") and scaled)
    if (file.input.shape, file.output.shape) != shapes or not known:
        msg = f"{where}: {file.name} does not go with the preprocessing and the labels"
        raise BundleError(msg, remedy=AGAIN)
