"""Where the choice of ``edgeface tune`` goes, and what other commands take of it."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import output
from edgeface.errors import BundleError, EdgefaceError, UsageError

if TYPE_CHECKING:
    from edgeface.pointbundle import AnyBundle
    from edgeface.tuned import Tuned

DeviceFile = Annotated[
    Path | None,
    typer.Option(
        "--device-file",
        metavar="FILE",
        help="What edgeface tune chose for this board. [default: BUNDLE/device.json]",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        help="Threads of the computation. [default: what edgeface tune found, else 1]",
    ),
]


def place(bundle: "AnyBundle", out: Path | None, *, force: bool, write: bool) -> Path:
    """Where the choice goes; checked before the search, not after it."""
    from edgeface.sealed import SUMS, check_writable
    from edgeface.tuned import FILE

    found = out or bundle.folder / FILE
    if found.is_dir() or (out is not None and found.suffix != ".json"):
        msg = f"--out {found}: a file that ends in .json is meant"
        raise UsageError(msg)
    if out is not None and found.name != FILE and (found.parent / SUMS).is_file():
        msg = f"--out {found}: {FILE} is the only name that such a file has in a bundle"
        raise UsageError(msg, remedy="leave --out away, or name another folder")
    if write and found.exists() and not force and not _ours(found):
        msg = f"{found} exists already, and edgeface tune did not write it"
        raise UsageError(msg, remedy="choose another --out, or add --force to replace it")
    if write:
        try:
            check_writable(found)
        except EdgefaceError as error:
            folder = bundle.folder
            remedy = f"add --out FILE.json, and give edgeface run {folder} --device-file FILE.json"
            raise EdgefaceError(str(error), remedy=remedy) from error
    return found


def _ours(found: Path) -> bool:
    """Whether it looks like something that tune wrote, of whatever schema."""
    from edgeface import records

    try:
        data = records.from_json(found.read_text("utf-8"), str(found), EdgefaceError)
    except (OSError, UnicodeDecodeError, EdgefaceError):
        return False
    return isinstance(data, dict) and {"schema", "sha256", "backend", "threads"} <= data.keys()


def found_for(bundle: "AnyBundle", named: Path | None) -> "Tuned | None":
    """What was chosen for this board; None where nothing was, or for another board, said once.

    Args:
        bundle: A loaded bundle.
        named: The file; None is the one beside the bundle's manifest.

    Raises:
        UsageError: There is no such file.
        BundleError: The file that was named cannot be read, or does not hold here.
    """
    from edgeface.tuned import FILE, renew

    path = named or bundle.folder / FILE
    if not path.is_file():
        if named is None:
            return None
        msg = f"--device-file {named}: no such file"
        raise UsageError(msg, remedy=f"make it: {_renew_at(bundle, named)}")
    try:
        found, why = _read(bundle, path)
    except BundleError as error:
        if named is not None:
            raise
        found, why = None, str(error)
    if why and named is not None:
        msg = f"{path} does not hold here: {why}"
        raise BundleError(msg, remedy=f"make it again: {_renew_at(bundle, named)}")
    if why:
        output.say(f"note: {path.name} is left aside: {why}; to renew it: {renew(bundle.folder)}")
        return None
    return found


def _read(bundle: "AnyBundle", path: Path) -> "tuple[Tuned, str]":
    """The choice, and why it does not hold here."""
    from edgeface import board
    from edgeface.runtime import BACKENDS
    from edgeface.tuned import Tuned

    found = Tuned.load(path)
    why = found.obstacle(board.read_board(), bundle.manifest.files)
    if not why:
        format = next(f.format for f in bundle.manifest.files if f.name == found.file)
        if found.backend not in BACKENDS[format]:
            why = f"this edgeface runs no .{format} files on {found.backend}"
    return found, why


def beside(bundle: "AnyBundle") -> dict[str, Any] | None:
    """What stands beside the manifest, for JSON; None where nothing does."""
    from edgeface.tuned import FILE

    path = bundle.folder / FILE
    if not path.is_file():
        return None
    try:
        found, why = _read(bundle, path)
    except BundleError as error:
        return {"holds": False, "why": str(error)}
    names = ("file", "backend", "device", "threads", "p50_ms", "created")
    told = {name: getattr(found, name) for name in names}
    return {"holds": not why, "why": why, **told, "reasons": list(found.reasons)}


def mention(bundle: "AnyBundle") -> None:
    """One line about what stands beside the manifest; nothing where nothing does."""
    from edgeface.bench.summary import milliseconds
    from edgeface.tuned import FILE, renew

    path = bundle.folder / FILE
    if not path.is_file():
        return
    try:
        found, why = _read(bundle, path)
    except BundleError as error:
        output.result(f"{FILE}: cannot be used: {error}; to renew it: {renew(bundle.folder)}")
        return
    if why:
        output.result(f"{FILE}: does not hold here: {why}; to renew it: {renew(bundle.folder)}")
        return
    figure = f"p50 {milliseconds(found.p50_ms)} ms, {found.created[:10]}"
    output.result(f"{FILE}: for this board {found.words}, {figure}")
    for line in found.reasons:
        output.result(f"  {line}")


def _renew_at(bundle: "AnyBundle", named: Path) -> str:
    return f"edgeface tune {shlex.quote(str(bundle.folder))} --out {shlex.quote(str(named))}"
