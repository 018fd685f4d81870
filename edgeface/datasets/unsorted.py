"""Pictures in a folder that nobody sorted: they have no labels."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from edgeface.datasets.folder import Photo, check_unchanged
from edgeface.datasets.sides import OfficialSide
from edgeface.errors import InputError
from edgeface.images import SUFFIXES, Picture, decode_picture, read_bytes

NOBODY = ""  # the label of all of them


def is_unsorted(path: Path) -> bool:
    """Whether a folder holds pictures itself, and no folders of them."""
    if not path.is_dir():
        return False
    inside = [p for p in path.iterdir() if not p.name.startswith(".")]
    return any(_is_picture(p) for p in inside) and not any(p.is_dir() for p in inside)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


class UnsortedFolder:
    """Pictures without labels; a `edgeface.datasets.photos.Photos` of a single label, `NOBODY`.

    Args:
        root: A folder that holds pictures.

    Raises:
        InputError: It holds none.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        names = sorted(p.name for p in root.iterdir() if not p.name.startswith("."))
        pictures = [name for name in names if _is_picture(root / name)]
        if not pictures:
            msg = f"{root}: no pictures in it"
            raise InputError(msg, remedy="name a folder of pictures")
        self.people: Mapping[str, list[str]] = {NOBODY: pictures}
        self.ignored = [name for name in names if name not in set(pictures)]
        self.official: Mapping[str, OfficialSide] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open."""

    def bytes_of(self, name: str) -> bytes:
        """The file as it is.

        Raises:
            InputError: It cannot be read, or is too large.
        """
        return read_bytes(self.root / name)

    def picture(self, name: str) -> Picture:
        """The picture, upright (see `edgeface.images.read_picture`)."""
        return decode_picture(self.bytes_of(name), f"{self.root}: {name}")

    def photo(self, name: str, sha256: str | None = None) -> tuple[Photo, Picture]:
        """The picture and its checksum (see `edgeface.datasets.folder.PhotoFolder.photo`)."""
        data = self.bytes_of(name)
        photo = Photo(name, NOBODY, hashlib.sha256(data).hexdigest())
        check_unchanged(photo, sha256, self.root)
        return photo, decode_picture(data, f"{self.root}: {name}")

    def chosen(self, people: Iterable[str]) -> dict[str, list[str]]:
        """All of them: there are no people to choose among."""
        return dict(self.people)
