"""What a command was pointed at: a bundle, a file of a bundle, or a file that stands alone."""

from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import options
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.bundle import Bundle, ModelFile
    from edgeface.pointbundle import AnyBundle, AnyFile

    PictureFiles = tuple[Bundle, tuple[ModelFile, ...]]

Format = Annotated[str | None, typer.Option("--format", help="Only files of it: tflite, onnx.")]
Scheme = Annotated[
    str | None,
    typer.Option("--scheme", help="Only files of it: float32, float16, dynamic, int8, int16x8."),
]


@dataclass(frozen=True, slots=True)
class Target:
    """What to work on.

    Attributes:
        path: The bundle's folder, or the file.
        bundle: None for a file that stands alone.
        files: The chosen files of the bundle.
        by_name: Whether the user asked for these very files, so that leaving one out is an error.
    """

    path: Path
    bundle: "AnyBundle | None"
    files: "tuple[AnyFile, ...]"
    by_name: bool


def resolve(named: Path | None, format: str | None, scheme: str | None) -> Target:
    """Find out what ``named`` is; None is the newest bundle.

    Raises:
        UsageError: There is no such thing, or nothing in it is of that format and scheme.
        BundleError: It is a damaged bundle, or a file of one.
    """
    from edgeface.bundlefolder import MANIFEST
    from edgeface.pointbundle import open_bundle
    from edgeface.sealed import SUMS
    from edgeface.vision.windowfile import is_window

    if named is not None and not named.exists():
        msg = f"{named}: no such bundle or model file"
        raise UsageError(msg, remedy="name a folder that edgeface export wrote, or a model file")
    if named is None or not named.is_file():
        folder = options.bundle_folder(named)
        bundle = open_bundle(folder)
        files = _choose(bundle, format, scheme)
        return Target(folder, bundle, files, by_name=bool(format or scheme))
    if format or scheme:
        msg = f"{named} is a single file: --format and --scheme choose among those of a bundle"
        raise UsageError(msg)
    if is_window(named):
        msg = f"{named} is a file of the window detector: it finds faces, it does not name them"
        remedy = f"edgeface detect PICTURES --detector window --detector-model {quote(str(named))}"
        raise UsageError(msg, remedy=remedy)
    beside = named.parent
    if (beside / MANIFEST).is_file() and (beside / SUMS).is_file():
        bundle = open_bundle(beside)
        files = tuple(f for f in bundle.manifest.files if f.name == named.name)
        if files:
            return Target(named, bundle, files, by_name=True)
    return Target(named, None, (), by_name=True)


def _choose(bundle: "AnyBundle", format: str | None, scheme: str | None) -> "tuple[AnyFile, ...]":
    held = bundle.manifest.files
    chosen = [f for f in held if format in (None, f.format) and scheme in (None, f.scheme)]
    if not chosen:
        wanted = " ".join(word for word in (format, scheme) if word)
        msg = f"{bundle.folder} holds no {wanted} file; it holds {', '.join(f.key for f in held)}"
        raise UsageError(msg)
    return tuple(chosen)


def of_pictures(bundle: "AnyBundle", files: "tuple[AnyFile, ...]") -> "PictureFiles":
    """A bundle and its files, where they look at pictures.

    Raises:
        UsageError: It is the bundle of a regression.
    """
    from edgeface.bundle import Bundle, ModelFile

    if not isinstance(bundle, Bundle):
        msg = f"{bundle.folder} is the bundle of a regression: it answers numbers, not names"
        raise UsageError(msg, remedy="name a bundle whose network looks at pictures")
    return bundle, tuple(file for file in files if isinstance(file, ModelFile))


def size(count: int) -> str:
    """``183.4 kB``, ``2.1 MB``: decimal, as files are sold."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
