"""The bundle: the folder that goes to a device, and what it says about itself.

::

    bundles/friends/
      manifest.json            this module's `Manifest`, schema 1
      friends.float32.tflite   one file a format and scheme, pixels in and probabilities out
      friends.int8.onnx        …
      golden.npz               crops, and the outputs expected of every file
      trained-on.txt           the first 16 digits of the SHA-256 of every training picture
      report.md, report.html   what was measured when it was made
      SHA256SUMS               the checksum of each of the above (see `edgeface.sealed`)
"""

import shlex
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface import records, sealed
from edgeface.errors import BundleError, UsageError
from edgeface.images import Preprocess

SCHEMA = 1
MANIFEST = "manifest.json"
GOLDEN = "golden.npz"
SEEN = "trained-on.txt"
RUN_CONFIG = "config.toml"  # what a run has in its place
_AGAIN = "copy the bundle again from where it was made"
SEEN_DIGITS = 16  # 64 bits of a SHA-256 do not meet by chance

# What numpy raises at an archive that is none, is cut, lacks an array or claims to fill the memory.
_UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
)

Format = Literal["tflite", "onnx"]
Scheme = Literal["float32", "int8"]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a model file: its name, its dtype as numpy calls it, its shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]


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
class ModelFile:
    """One file of a bundle.

    Attributes:
        name: Its name in the folder.
        format: ``tflite`` or ``onnx``.
        scheme: ``float32`` or ``int8``.
        sha256: Of the file.
        size_bytes: Of the file.
        input: uint8 (1, height, width, channels), raw pixels 0 to 255.
        output: float32 (1, classes), sums to 1.
        threshold: A face whose best score is below it is `unknown`; fitted for this very file.
        measured: On the validation side of the run.
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

    @property
    def threshold_text(self) -> str:
        """The threshold with as many digits as keep it from reading 1.000."""
        digits = next(n for n in (3, 4, 5, 6) if n == 6 or self.threshold < 1 - 10.0**-n)
        return f"{self.threshold:.{digits}f}"

    @property
    def key(self) -> str:
        """``tflite int8`` and the like: how tables call it."""
        return f"{self.format} {self.scheme}"


@dataclass(frozen=True, slots=True)
class Calibration:
    """The pictures that set the ranges of the int8 files; black and white are always added.

    Attributes:
        pictures: SHA-256 of each, from the training side.
        seed: Of the draw.
    """

    pictures: tuple[str, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the files came from.

    Attributes:
        run: Name of the run.
        weights_sha256: Of its ``model.weights.h5``.
        split_sha256: Of its ``split.json``.
        versions: Package → version, of what converted it.
    """

    run: str
    weights_sha256: str
    split_sha256: str
    versions: dict[str, str]


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
        if not folder.is_dir():
            msg = f"{folder}: no such folder"
            raise UsageError(msg, remedy="name a bundle that edgeface export wrote")
        path = folder / MANIFEST
        if not path.is_file():
            msg = f"{folder} is no bundle: it has no {MANIFEST}"
            is_run = (folder / RUN_CONFIG).is_file()
            remedy = f"it is a run: edgeface export {shlex.quote(str(folder))} --int8"
            whole = "make one with edgeface export, or copy it whole"
            raise BundleError(msg, remedy=remedy if is_run else whole)
        sealed.check(folder, "bundle", needs=(MANIFEST, GOLDEN))
        try:
            data = records.from_json(path.read_text("utf-8"), str(path), BundleError)
        except UnicodeDecodeError as error:
            msg = f"{path}: not text in UTF-8"
            raise BundleError(msg, remedy=_AGAIN) from error
        records.check_schema(data, SCHEMA, str(path), BundleError)
        manifest = records.build(Manifest, data, str(path), BundleError)
        _check(manifest, folder)
        return cls(folder, manifest)

    def path(self, file: ModelFile) -> Path:
        """Where a file of this bundle lies."""
        return self.folder / file.name

    def file(self, format: str | None = None, scheme: str | None = None) -> ModelFile:
        """The file of a format and scheme; by default int8 before float32, TFLite before ONNX.

        Raises:
            UsageError: The bundle has none.
        """
        ranked = sorted(
            self.manifest.files, key=lambda f: (f.scheme != "int8", f.format != "tflite")
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
        path = self.folder / SEEN
        return frozenset(path.read_text("ascii").split()) if path.is_file() else frozenset()

    def golden(self) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.float32]]]:
        """The golden crops (n, h, w, c) uint8, and per file name the outputs (n, classes) float32.

        Raises:
            BundleError: The file is not what `edgeface export` writes.
        """
        path = self.folder / GOLDEN
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                pixels = np.asarray(stored["pixels"])
                outputs = {f.name: np.asarray(stored[f.name]) for f in self.manifest.files}
        except _UNREADABLE as error:
            # Not with numpy's words: it advises to unpickle whatever it does not know.
            msg = f"{path}: not the golden values of this bundle ({type(error).__name__})"
            raise BundleError(msg, remedy=_AGAIN) from error
        right = pixels.dtype == np.uint8 and pixels.shape[1:] == self.manifest.preprocess.shape
        expected = (len(pixels), len(self.manifest.labels))
        fit = (o.shape == expected and o.dtype == np.float32 for o in outputs.values())
        if not right or not all(fit):
            msg = f"{path}: shapes or types do not go with the manifest"
            raise BundleError(msg, remedy=_AGAIN)
        return pixels, outputs


def _check(manifest: Manifest, folder: Path) -> None:
    """What types alone do not say."""
    where = folder / MANIFEST
    sums = sealed.read_sums(folder, "bundle")
    names = [file.name for file in manifest.files]
    if not names or len(set(names)) != len(names):
        msg = f"{where}: no files, or one that stands twice"
        raise BundleError(msg, remedy=_AGAIN)
    if not manifest.labels or len(set(manifest.labels)) != len(manifest.labels):
        msg = f"{where}: no labels, or one that stands twice"
        raise BundleError(msg, remedy=_AGAIN)
    for file in manifest.files:
        _check_file(file, manifest, sums, str(where))


def _check_file(file: ModelFile, manifest: Manifest, sums: dict[str, str], where: str) -> None:
    if file.name in ("", ".", "..") or "/" in file.name or "\\" in file.name:
        msg = f"{where}: {file.name!r} is not a plain file name; a bundle holds no paths"
        raise BundleError(msg, remedy=_AGAIN)
    if sums.get(file.name) != file.sha256:
        msg = f"{where}: the checksum of {file.name} is not the one in {sealed.SUMS}"
        raise BundleError(msg, remedy=_AGAIN)
    if PurePosixPath(file.name).suffix != f".{file.format}":
        msg = f"{where}: {file.name} is no .{file.format} file"
        raise BundleError(msg, remedy=_AGAIN)
    shapes = (1, *manifest.preprocess.shape), (1, len(manifest.labels))
    dtypes = file.input.dtype, file.output.dtype
    if (file.input.shape, file.output.shape) != shapes or dtypes != ("uint8", "float32"):
        msg = f"{where}: {file.name} does not go with the preprocessing and the labels"
        raise BundleError(msg, remedy=_AGAIN)
