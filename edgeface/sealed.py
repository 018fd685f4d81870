"""Folders that are written whole or not at all, and that know when a byte of them changed.

Runs and bundles are such folders. Their files stand in ``SHA256SUMS``, in the format that
``sha256sum --check`` reads.
"""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from edgeface.errors import BundleError, EdgefaceError, UsageError

SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  ([^/\\\x00-\x1f]+)")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file beside its place and rename it, so that no reader ever sees half of it."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


def check_free(path: Path, *, force: bool) -> None:
    """Say before a long job that its result would have no place.

    Raises:
        UsageError: Something stands at ``path`` and ``force`` is off; or it is not ours to replace.
        EdgefaceError: Nothing can be written there.
    """
    if not path.exists() and not path.is_symlink():
        check_writable(path)
        return
    if not force:
        msg = f"{path} exists already"
        raise UsageError(msg, remedy="choose another --out, or add --force to replace it")
    if (
        path.is_symlink()
        or not path.is_dir()
        or (any(path.iterdir()) and not (path / SUMS).exists())
    ):
        msg = f"{path} was not made by edgeface and is left alone, even with --force"
        raise UsageError(msg, remedy="choose another --out, or remove it yourself")
    check_writable(path)


def check_writable(path: Path) -> None:
    """Say before a long job that nothing can be written at ``path``; nothing is created.

    Raises:
        EdgefaceError: The nearest folder above it that is there is closed to us, or is none.
    """
    above = path.absolute().parent
    while not os.path.lexists(above):
        above = above.parent
    if not above.is_dir():
        raise _cannot_write(path, NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))
    if not os.access(above, os.W_OK | os.X_OK):
        code = errno.EROFS if os.statvfs(above).f_flag & os.ST_RDONLY else errno.EACCES
        raise _cannot_write(path, OSError(code, os.strerror(code)))


@contextlib.contextmanager
def new_folder(path: Path, *, force: bool = False) -> Iterator[Path]:
    """A folder to fill; when the block ends it is sealed and takes its place in one rename.

    If the block raises, whatever it wrote is removed and what stood at ``path`` is untouched.

    Raises:
        UsageError: ``path`` is taken (see `check_free`).
        EdgefaceError: The disk is full or cannot be written.
    """
    check_free(path, force=force)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        beside.mkdir(parents=True)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield beside
        _seal(beside)
        check_free(path, force=force)  # again: the block may have taken an hour
        _take_place(beside, path)
    except OSError as error:
        if _is_about_writing(error, beside):
            raise _cannot_write(path, error) from error
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _seal(folder: Path) -> None:
    names = sorted(p.name for p in folder.iterdir())
    lines = []
    for name in names:
        if not (folder / name).is_file() or (folder / name).is_symlink():
            # It would be copied and read like the rest, and nothing would notice when it changed.
            msg = f"{name!r}: a sealed folder holds plain files only"
            raise ValueError(msg)
        lines.append(f"{sha256(folder / name)}  {name}\n")
    (folder / SUMS).write_bytes("".join(lines).encode())
    for name in [*names, SUMS]:
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())


def _take_place(beside: Path, path: Path) -> None:
    """Rename; where a folder stands already, the two change places in one step."""
    if not path.exists():
        beside.rename(path)
        return
    if _exchange(beside, path):  # the old one now lies beside and is removed there
        return
    # Not Linux, or a file system that cannot: the old one steps aside first.
    old = path.with_name(f".{path.name}.{secrets.token_hex(4)}.old")
    path.rename(old)
    try:
        beside.rename(path)
    except BaseException:
        old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step (renameat2(2)); False where that cannot be."""
    import ctypes

    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    here, exchange = ctypes.c_int(-100), ctypes.c_uint(2)  # AT_FDCWD, RENAME_EXCHANGE
    return bool(renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


def check(folder: Path, what: str, needs: Iterable[str] = ()) -> None:
    """Hold every file of a sealed folder against its checksum.

    Args:
        folder: The folder.
        what: ``bundle`` or ``run``, for the errors.
        needs: The files that it cannot do without.

    Raises:
        BundleError: The sums are missing or altered, or a file is missing or changed; it is named.
    """
    sums = read_sums(folder, what)
    for name in needs:
        if name not in sums:
            msg = f"{folder}: {name} is not among the checksums of {SUMS}"
            raise BundleError(msg, remedy=f"copy the {what} again from where it was made")
    for name, expected in sums.items():
        path = folder / name
        if not path.is_file() or path.is_symlink():
            msg = f"{folder}: {name} is missing"
            raise BundleError(msg, remedy=f"copy the {what} again from where it was made")
        try:
            found = sha256(path)
        except OSError as error:
            msg = f"{path}: cannot be read ({error.strerror})"
            raise BundleError(msg) from error
        if found != expected:
            msg = f"{folder}: {name} was changed after the {what} was written (checksum differs)"
            raise BundleError(msg, remedy=f"copy the {what} again from where it was made")


def read_sums(folder: Path, what: str) -> dict[str, str]:
    """File name → SHA-256 as written when the folder was sealed.

    Raises:
        BundleError: There is no such file, or it is not byte for byte one that `new_folder` writes.
    """
    path = folder / SUMS
    if not path.is_file():
        msg = f"{folder} is no {what}: it has no {SUMS}"
        raise BundleError(msg, remedy=f"name a folder that edgeface wrote as a {what}")
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise BundleError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{folder}: {SUMS} was changed (not text)"
        raise BundleError(msg) from error
    sums: dict[str, str] = {}
    for line in text.split("\n")[:-1]:
        found = _LINE.fullmatch(line)
        if found is None or found[2] in sums or found[2] in (".", ".."):
            msg = f"{folder}: {SUMS} was changed (line {line[:80]!r})"
            raise BundleError(msg, remedy=f"copy the {what} again from where it was made")
        sums[found[2]] = found[1]
    if not sums or text != "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())):
        msg = f"{folder}: {SUMS} was changed"
        raise BundleError(msg, remedy=f"copy the {what} again from where it was made")
    return sums


def newest(parent: Path, what: str, marker: str) -> Path:
    """The sealed folder below ``parent`` that was written last.

    Args:
        parent: Where to look, one level deep.
        what: ``bundle`` or ``run``.
        marker: The file that every one of them has.

    Raises:
        UsageError: There is none.
    """
    if (parent / marker).is_file():
        return parent
    found = [p.parent for p in parent.glob(f"*/{marker}") if not p.parent.name.startswith(".")]
    if not found:
        command = "edgeface export" if what == "bundle" else "edgeface train friends PHOTOS"
        msg = f"no {what} was named and there is none in {parent}/"
        raise UsageError(msg, remedy=f"name one, or make one: {command}")
    return max(found, key=lambda p: (p / marker).stat().st_mtime_ns)


def _is_about_writing(error: OSError, beside: Path) -> bool:
    """Whether the disk is full or closed to us; HDF5 hides the number in its message."""
    if error.errno in (errno.EACCES, errno.EPERM):  # may be about a file that the block reads
        return error.filename is None or Path(error.filename).parent in (beside, beside.parent)
    full = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
    return error.errno in full or os.strerror(errno.ENOSPC) in str(error)


def _cannot_write(path: Path, error: OSError) -> EdgefaceError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space" in str(error)
    reason = os.strerror(errno.ENOSPC) if "No space" in str(error) else error.strerror or str(error)
    return EdgefaceError(
        f"{path} could not be written ({reason}); nothing was left behind",
        remedy=f"{'free some space, or ' if full else ''}choose another place with --out",
    )
