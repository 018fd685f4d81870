"""The bundle: the folder that goes to a device, and what it says about itself.

A network that answers numbers, and names nothing, has a bundle of its own kind: see
`edgeface.pointbundle`.

::

    bundles/friends/
      manifest.json            `edgeface.manifest.Manifest`, schema 1
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

import numpy as np
from numpy.typing import NDArray

from edgeface import records, sealed
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
from edgeface.manifest import Held as Held
from edgeface.manifest import Manifest as Manifest
from edgeface.manifest import Measured as Measured
from edgeface.manifest import ModelFile as ModelFile
from edgeface.manifest import Origin as Origin
from edgeface.manifest import Quantised as Quantised
from edgeface.manifest import Tensor as Tensor
from edgeface.manifest import WindowFile as WindowFile

# float16 computes as float32 does and is half as large; int16x8 has no fast kernels.
_PREFERRED: tuple[Scheme, ...] = ("int8", "float16", "float32", "dynamic", "int16x8")


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
