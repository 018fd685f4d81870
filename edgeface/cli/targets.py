"""What a command was pointed at: a bundle, a file of a bundle, or a file that stands alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import options
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.bundle import Bundle, ModelFile

Format = Annotated[str | None, typer.Option("--format", help="Only files of it: tflite, onnx.")]
Scheme = Annotated[str | None, typer.Option("--scheme", help="Only files of it: float32, int8.")]


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
    bundle: "Bundle | None"
    files: "tuple[ModelFile, ...]"
    by_name: bool


def resolve(named: Path | None, format: str | None, scheme: str | None) -> Target:
    """Find out what ``named`` is; None is the newest bundle.

    Raises:
        UsageError: There is no such thing, or nothing in it is of that format and scheme.
        BundleError: It is a damaged bundle, or a file of one.
    """
    from edgeface.bundle import MANIFEST, Bundle
    from edgeface.sealed import SUMS

    if named is not None and not named.exists():
        msg = f"{named}: no such bundle or model file"
        raise UsageError(msg, remedy="name a folder that edgeface export wrote, or a model file")
    if named is None or not named.is_file():
        folder = options.bundle_folder(named)
        bundle = Bundle.load(folder)
        files = _choose(bundle, format, scheme)
        return Target(folder, bundle, files, by_name=bool(format or scheme))
    if format or scheme:
        msg = f"{named} is a single file: --format and --scheme choose among those of a bundle"
        raise UsageError(msg)
    beside = named.parent
    if (beside / MANIFEST).is_file() and (beside / SUMS).is_file():
        bundle = Bundle.load(beside)
        files = tuple(f for f in bundle.manifest.files if f.name == named.name)
        if files:
            return Target(named, bundle, files, by_name=True)
    return Target(named, None, (), by_name=True)


def _choose(bundle: "Bundle", format: str | None, scheme: str | None) -> "tuple[ModelFile, ...]":
    held = bundle.manifest.files
    chosen = [f for f in held if format in (None, f.format) and scheme in (None, f.scheme)]
    if not chosen:
        wanted = " ".join(word for word in (format, scheme) if word)
        msg = f"{bundle.folder} holds no {wanted} file; it holds {', '.join(f.key for f in held)}"
        raise UsageError(msg)
    return tuple(chosen)


def size(count: int) -> str:
    """``183.4 kB``, ``2.1 MB``: decimal, as files are sold."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
