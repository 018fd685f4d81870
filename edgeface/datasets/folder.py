"""A folder per person, on disk or in a zip: which photographs there are, and reading them.

Nothing is unpacked and nothing is written; a zip is read in place.
"""

import hashlib
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol

from edgeface.errors import InputError, UsageError
from edgeface.images import MAX_FILE_BYTES, SUFFIXES, Picture, decode_picture

RESERVED = ("unknown", "nobody")  # `edgeface.vision.decide` says so of strangers and empty frames
# Control characters, halves of characters (names that are no UTF-8), line and paragraph separators.
_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")

# What zipfile raises at an archive that is none, is cut, or is packed or locked unknown ways.
_BROKEN = (
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
        name: ``Person/file.jpg``, with forward slashes, below the data set's root.
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
        path = self._root / name
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                msg = f"{path}: larger than {MAX_FILE_BYTES // 2**20} MiB"
                raise InputError(msg)
            return path.read_bytes()
        except OSError as error:
            msg = f"{path}: cannot be read ({error.strerror})"
            raise InputError(msg) from error

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
        except _BROKEN as error:
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
        except _BROKEN as error:
            msg = f"{self._path}: {name} cannot be unpacked ({error})"
            raise InputError(msg) from error
        if len(data) > MAX_FILE_BYTES:
            msg = f"{self._path}: {name} is larger than {MAX_FILE_BYTES // 2**20} MiB"
            raise InputError(msg)
        return data

    def close(self) -> None:
        self._zip.close()


class PhotoFolder:
    """Photographs in a folder per person.

    Args:
        root: A folder of folders, or a zip of folders. Where it holds a single folder that in turn
            holds the folders, as zips often do, that one is taken.

    Attributes:
        root: As given.
        people: Label → names of its pictures, both sorted.
        ignored: Names of files that are no pictures by their suffix, or belong to nobody.

    Raises:
        UsageError: There is no such path.
        InputError: It holds no folder with pictures.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir() and not root.is_file():
            msg = f"{root}: no such folder or zip"
            raise UsageError(msg, remedy="name a folder with one folder of photographs per person")
        self.root = root
        self._store: _Store = _Folder(root) if root.is_dir() else _Zip(root)
        names = sorted(n for n in self._store.names() if not _hidden(n))
        self._prefix = _single_top(names)
        self.people, self.ignored = _sort_by_person(names, self._prefix)
        if not self.people:
            msg = f"{root}: no folder with photographs in it"
            remedy = "make one folder per person and put their photographs there"
            packed = [n for n in self.ignored if n.lower().endswith(".zip")]
            if packed:
                msg, remedy = f"{msg}, but {packed[0]}", f"unpack {packed[0]} first"
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

    def photo(self, name: str) -> tuple[Photo, Picture]:
        """The photograph and its picture, read once."""
        data = self.bytes_of(name)
        picture = decode_picture(data, f"{self.root}: {name}")
        label = name.split("/", 1)[0]
        return Photo(name, label, hashlib.sha256(data).hexdigest()), picture

    def chosen(self, people: Iterable[str]) -> dict[str, list[str]]:
        """`people` cut to those that were asked for; all of them if none were.

        Raises:
            UsageError: Somebody is not there; who is, stands in the remedy.
        """
        asked = list(people)
        if not asked:
            return dict(self.people)
        wanted = [unicodedata.normalize("NFC", p.strip()) for p in asked if p.strip()]
        if not wanted:
            msg = f"--people {','.join(asked)!r} names nobody"
            raise UsageError(msg)
        by_name = {unicodedata.normalize("NFC", p): p for p in self.people}
        for person in wanted:
            if person not in by_name:
                msg = f"{self.root}: nobody called {person!r}"
                some = ", ".join(sorted(by_name)[:12]) + (", …" if len(by_name) > 12 else "")
                raise UsageError(msg, remedy=f"the folders are: {some}")
        return {by_name[p]: self.people[by_name[p]] for p in sorted(set(wanted))}


def check_for_training(people: Mapping[str, list[str]], root: Path) -> None:
    """What a classifier cannot be trained on is said before anything is read.

    Raises:
        InputError: Fewer than two people, somebody with a single picture, a name that cannot be
            written down or that means something else here, or two names that differ in case or in
            Unicode form only (one person, or one folder on another system).
    """
    if len(people) < 2:
        msg = f"{root}: only one person ({next(iter(people))!r}); a classifier needs at least two"
        raise InputError(msg, remedy="add a folder with photographs of somebody else")
    for name in (str(root.absolute()), *(n for names in people.values() for n in names)):
        if any(unicodedata.category(c) in _UNWRITABLE for c in name):
            msg = f"{name!r}: a name with characters that cannot be written down"
            raise InputError(msg, remedy="rename it")
    seen: dict[str, str] = {}
    for person in people:
        if person in RESERVED:
            msg = f"{root}: a folder called {person!r}, which is what strangers are called"
            remedy = "rename it, or take it out: nobody trains on strangers to reject them"
            raise InputError(msg, remedy=remedy)
        key = unicodedata.normalize("NFKC", person).casefold()
        if key in seen:
            msg = f"{root}: {seen[key]!r} and {person!r} differ in case or spelling form only"
            raise InputError(msg, remedy="merge the two folders, or rename one")
        seen[key] = person
    for person, names in people.items():
        if len(names) < 2:
            msg = f"{root}: {person!r} has a single photograph; two are the least"
            remedy = "add photographs (one is trained on, one held back), or use --people"
            raise InputError(msg, remedy=remedy)


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


def _sort_by_person(names: list[str], prefix: str) -> tuple[dict[str, list[str]], list[str]]:
    people: dict[str, list[str]] = {}
    ignored: list[str] = []
    for full in names:
        name = full.removeprefix(prefix)
        if full.startswith(prefix) and "/" in name and _is_picture(name):
            people.setdefault(name.split("/", 1)[0], []).append(name)
        else:
            ignored.append(full)
    return people, ignored
