"""What the folders of all bundles have in common: their files, their checks, their golden values.

Which records they hold is in `edgeface.bundle` and `edgeface.pointbundle`.
"""

import shlex
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeface import records, sealed
from edgeface.errors import BundleError, UsageError

SCHEMA = 1
MANIFEST = "manifest.json"
GOLDEN = "golden.npz"
SEEN = "trained-on.txt"
MEANS = "class-means.npz"
RUN_CONFIG = "config.toml"  # what a run has in its place
AGAIN = "copy the bundle again from where it was made"
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
Scheme = Literal["float32", "float16", "dynamic", "int8", "int16x8"]
# Which schemes a format has: ONNX Runtime runs no int16x8, and QDQ is its way to int8.
SCHEMES: dict[Format, tuple[Scheme, ...]] = {
    "tflite": ("float32", "float16", "dynamic", "int8", "int16x8"),
    "onnx": ("float32", "float16", "int8"),
}
# Whose ranges come from calibration pictures.
CALIBRATED: tuple[Scheme, ...] = ("int8", "int16x8")
Task = Literal["classify", "regress"]


def read_manifest(folder: Path) -> Any:
    """What ``manifest.json`` holds, after every checksum of the bundle was found right.

    Raises:
        BundleError: Anything is missing or changed, or it is of another schema.
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
        raise BundleError(msg, remedy=AGAIN) from error
    records.check_schema(data, SCHEMA, str(path), BundleError)
    return data


def task_of(data: Any) -> Task:
    """What the network of a manifest does; manifests before there were two tasks do not say."""
    return "regress" if isinstance(data, Mapping) and data.get("task") == "regress" else "classify"


def read_seen(folder: Path) -> frozenset[str]:
    """What ``trained-on.txt`` lists; nothing where there is no such file."""
    path = folder / SEEN
    return frozenset(path.read_text("ascii").split()) if path.is_file() else frozenset()


def read_golden(
    folder: Path, inputs: str, files: Iterable[str]
) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    """The golden inputs, by the name of their array, and the outputs of every file.

    Raises:
        BundleError: The file is not what `edgeface export` writes.
    """
    path = folder / GOLDEN
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return np.asarray(stored[inputs]), {name: np.asarray(stored[name]) for name in files}
    except _UNREADABLE as error:
        # Not with numpy's words: it advises to unpickle whatever it does not know.
        msg = f"{path}: not the golden values of this bundle ({type(error).__name__})"
        raise BundleError(msg, remedy=AGAIN) from error


def read_means(folder: Path, classes: int) -> NDArray[np.float32]:
    """The mean embedding of every class, (classes, d), of bundles whose score is ``distance``.

    Raises:
        BundleError: They are missing, or not what `edgeface export` writes.
    """
    path = folder / MEANS
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            means: NDArray[np.float32] = np.asarray(stored["means"])
    except _UNREADABLE as error:
        msg = f"{path}: not the class means of this bundle ({type(error).__name__})"
        raise BundleError(msg, remedy=AGAIN) from error
    sound = means.ndim == 2 and len(means) == classes and means.dtype == np.float32
    if not sound or not np.isfinite(means).all():
        msg = f"{path}: {means.dtype} {means.shape} are not the means of {classes} classes"
        raise BundleError(msg, remedy=AGAIN)
    return means


class Listed(Protocol):
    """A file as a manifest lists it."""

    @property
    def name(self) -> str:
        """In its folder."""

    @property
    def format(self) -> Format:
        """Of the file."""

    @property
    def sha256(self) -> str:
        """Of the file."""


def check_names(files: Sequence[Listed], sums: Mapping[str, str], where: str) -> None:
    """Hold the files of a manifest against the checksums beside it.

    Args:
        files: Of the manifest.
        sums: File name → SHA-256, of the folder.
        where: The manifest, for the errors.

    Raises:
        BundleError: There are none, or one twice, elsewhere, of another checksum or suffix.
    """
    names = [file.name for file in files]
    if not names or len(set(names)) != len(names):
        msg = f"{where}: no files, or one that stands twice"
        raise BundleError(msg, remedy=AGAIN)
    for file in files:
        _check_name(file, sums, where)


def _check_name(file: Listed, sums: Mapping[str, str], where: str) -> None:
    if file.name in ("", ".", "..") or "/" in file.name or "\\" in file.name:
        msg = f"{where}: {file.name!r} is not a plain file name; a bundle holds no paths"
        raise BundleError(msg, remedy=AGAIN)
    if sums.get(file.name) != file.sha256:
        msg = f"{where}: the checksum of {file.name} is not the one in {sealed.SUMS}"
        raise BundleError(msg, remedy=AGAIN)
    if PurePosixPath(file.name).suffix != f".{file.format}":
        msg = f"{where}: {file.name} is no .{file.format} file"
        raise BundleError(msg, remedy=AGAIN)
