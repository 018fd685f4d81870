"""A folder per person, on disk or in a zip: which photographs there are, and reading them.

Nothing is unpacked and nothing is written; a zip is read in place.
"""

import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol

from edgeface.datasets.people import choose_people
from edgeface.datasets.sides import OfficialSide, official_tops
from edgeface.errors import InputError, UsageError
from edgeface.images import MAX_FILE_BYTES, SUFFIXES, Picture, decode_picture, read_bytes

# What zipfile raises at an archive that is none, is cut, or is packed or locked unknown ways.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    RuntimeError,  # and NotImplementedError, which is one
    ValueError,
    struct.error,
    KeyError,
)


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph of a data set.

    Attributes:
        name: ``Person/file.jpg`` or ``train/Person/file.jpg``, with forward slashes, below the data
            set's root.
        label: The person.
        sha256: Of the file, in hexadecimal.
    """

    name: str
    label: str
    sha256: str


class _Store(Protocol):
    def names(self) -> Iterable[str]: ...
    def read(self, name: str) -> bytes: ...
    def close(self) -> None: ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> Iterable[str]:
        try:
            return [p.relative_to(self._root).as_posix() for p in _files(self._root, frozenset())]
        except OSError as error:
            msg = f"{error.filename}: cannot be read ({error.strerror})"
            raise InputError(msg) from error

    def read(self, name: str) -> bytes:
        return read_bytes(self._root / name)

    def close(self) -> None:
        pass


def _files(folder: Path, above: frozenset[str]) -> Iterator[Path]:
    """Every file below a folder; linked folders are followed, but not in circles."""
    real = os.path.realpath(folder)
    if real in above:
        return
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path, above | {real})
        elif path.is_file():
            yield path


class _Zip:
    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except BROKEN as error:
            msg = f"{path}: no folder, and no zip or a broken one ({error})"
            raise InputError(msg, remedy="name a folder of folders, or a zip of it") from error
        self._path = path
        for info in self._zip.infolist():
            if info.flag_bits & 1:
                msg = f"{path}: encrypted ({info.filename})"
                raise InputError(msg, remedy="unpack it, and name the folder")
            if _climbs(info.filename):
                # It could only be read; but who packs such names wants them to be written.
                msg = f"{path}: {info.filename!r} leads out of the zip"
                raise InputError(msg, remedy="unpack it where it can do no harm, and look at it")

    def names(self) -> Iterable[str]:
        # Not ZipInfo.is_dir, which in Python 3.11 fails at a damaged entry without a name.
        files = (i for i in self._zip.infolist() if i.filename and not i.filename.endswith("/"))
        # By its name: where one stands twice, as after an update, the later one is what is read.
        return {i.filename for i in files if not stat.S_ISLNK(i.external_attr >> 16)}

    def read(self, name: str) -> bytes:
        # The header may lie about the size: never read more than is allowed.
        try:
            with self._zip.open(name) as member:
                data = member.read(MAX_FILE_BYTES + 1)
        except BROKEN as error:
            msg = f"{self._path}: {name} cannot be unpacked ({error})"
            raise InputError(msg) from error
        if len(data) > MAX_FILE_BYTES:
            msg = f"{self._path}: {name} is larger than {MAX_FILE_BYTES // 2**20} MiB"
            raise InputError(msg)
        return data

    def close(self) -> None:
        self._zip.close()


class PhotoFolder:
    """Photographs in a folder per person; a `edgeface.datasets.photos.Photos`.

    Args:
        root: A folder of folders, or a zip of folders. Where it holds a single folder that in turn
            holds the folders, as zips often do, that one is taken. Where all its folders are called
            after the sides of a split, one of them ``train`` or the like, and hold the folders of
            the people, the set is split already.

    Attributes:
        root: As given.
        people: Label → names of its pictures, both sorted.
        ignored: Names of files that are no pictures by their suffix, or belong to nobody.
        official: Name → side, where the set is split already; empty otherwise.

    Raises:
        UsageError: There is no such path.
        InputError: It holds no folder with pictures, or is split already and a picture belongs to
            nobody or to no side.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir() and not root.is_file():
            msg = f"{root}: no such folder or zip"
            raise UsageError(msg, remedy="name a folder with one folder of photographs per person")
        self.root = root
        self._store: _Store = _Folder(root) if root.is_dir() else _Zip(root)
        names = sorted(n for n in self._store.names() if not _hidden(n))
        self._prefix = _single_top(names)
        below = [n.removeprefix(self._prefix) for n in names if n.startswith(self._prefix)]
        sides = official_tops([n for n in below if _is_picture(n)], root)
        self.people, self.ignored = _sort_by_person(names, self._prefix, 1 if sides else 0)
        self._labels = {name: label for label, own in self.people.items() for name in own}
        self.official: dict[str, OfficialSide] = (
            {name: sides[name.split("/", 1)[0]] for name in self._labels} if sides else {}
        )
        if not self.people:
            msg = f"{root}: no folder with photographs in it"
            remedy = "make one folder per person and put their photographs there"
            packed = [n for n in self.ignored if n.lower().endswith((".zip", ".npz", ".mat"))]
            if packed:
                first = packed[0]
                verb = "unpack" if first.lower().endswith(".zip") and root.is_file() else "name"
                msg, remedy = f"{msg}, but {first}", f"{verb} {first} itself"
            raise InputError(msg, remedy=remedy)

    def __enter__(self) -> "PhotoFolder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the zip, where it is one."""
        self._store.close()

    def bytes_of(self, name: str) -> bytes:
        """The file ``name`` as it is."""
        return self._store.read(self._prefix + name)

    def picture(self, name: str) -> Picture:
        """The photograph ``name``, upright (see `edgeface.images.read_picture`)."""
        return decode_picture(self.bytes_of(name), f"{self.root}: {name}")

    def photo(self, name: str, sha256: str | None = None) -> tuple[Photo, Picture]:
        """The photograph and its picture, read once.

        Args:
            name: Of the photograph.
            sha256: What it was when a network was trained on it; None asks for nothing.

        Raises:
            InputError: It is broken, or not the one of that checksum.
        """
        data = self.bytes_of(name)
        photo = Photo(name, self._labels[name], hashlib.sha256(data).hexdigest())
        check_unchanged(photo, sha256, self.root)
        return photo, decode_picture(data, f"{self.root}: {name}")

    def chosen(self, people: Iterable[str]) -> dict[str, list[str]]:
        """`people` cut to those that were asked for (see `choose_people`)."""
        return choose_people(self.people, people, self.root)


def check_unchanged(photo: Photo, sha256: str | None, root: Path) -> None:
    """Hold a photograph against a recorded checksum, where one is given.

    Raises:
        InputError: It is another.
    """
    if sha256 is not None and photo.sha256 != sha256:
        msg = f"{root}: {photo.name} was changed after the network was trained"
        raise InputError(msg, remedy="put the photograph back, or train again")


def _climbs(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/")


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _single_top(names: list[str]) -> str:
    """``photos/`` where every name starts with it and people stand one level below it."""
    pictures = [n for n in names if _is_picture(n)]
    tops = {n.split("/", 1)[0] for n in pictures}
    deep = all(n.count("/") > 1 for n in pictures)
    return tops.pop() + "/" if len(tops) == 1 and deep else ""


def _sort_by_person(
    names: list[str], prefix: str, level: int
) -> tuple[dict[str, list[str]], list[str]]:
    people: dict[str, list[str]] = {}
    ignored: list[str] = []
    for full in names:
        name = full.removeprefix(prefix)
        parts = name.split("/")
        if full.startswith(prefix) and len(parts) > level + 1 and _is_picture(name):
            people.setdefault(parts[level], []).append(name)
        else:
            ignored.append(full)
    return {person: people[person] for person in sorted(people)}, ignored
