"""Arrays as a data set of pictures: npz and mat files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.arrayfile import MAX_ARRAY_BYTES, ArrayFile, too_large
from edgeface.datasets.choosing import Part, choose
from edgeface.datasets.folder import Photo, check_unchanged
from edgeface.datasets.matfile import MatFile
from edgeface.datasets.npzfile import NpzFile
from edgeface.datasets.people import choose_people
from edgeface.datasets.photos import Reading
from edgeface.datasets.rows import NamedRows, Rows, StoredRows, factor_of, picture_rows
from edgeface.datasets.sides import OfficialSide
from edgeface.datasets.targets import labels_of
from edgeface.errors import InputError, UsageError
from edgeface.images import Picture

FOLDERS: dict[OfficialSide, str] = {"training": "train", "validation": "val", "test": "test"}

# The Olivetti faces as AT&T Laboratories Cambridge and Sam Roweis published them: a 64x64 picture a
# column, ten of each of 40 people one after the other, and no targets.
_OLIVETTI_PIXELS, _OLIVETTI_EACH = 64 * 64, 10


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pictures with their labels.

    Attributes:
        side: Of the split that they come with; None where they come with none.
        rows: The pictures.
        labels: One each.
    """

    side: OfficialSide | None
    rows: Rows
    labels: Sequence[str]


class ArrayPhotos:
    """Pictures of arrays; a `edgeface.datasets.photos.Photos`.

    A picture is called ``label/000123`` by its row, or ``train/label/000123`` where the arrays are
    split already.

    Args:
        root: The file they came from.
        parts: The pictures; all with a side, or a single one without.
        ignored: Names of the arrays that are not used.

    Attributes:
        root: As given.
        people: Label → names of its pictures, both sorted.
        ignored: As given.
        official: Name → side, where the file is split already; empty otherwise.
    """

    def __init__(self, root: Path, parts: Sequence[Labelled], ignored: Sequence[str] = ()) -> None:
        self.root = root
        self.ignored = list(ignored)
        self.official: dict[str, OfficialSide] = {}
        self._where: dict[str, tuple[Rows, int, str]] = {}
        people: dict[str, list[str]] = {}
        for part in parts:
            above = "" if part.side is None else f"{FOLDERS[part.side]}/"
            for row, label in enumerate(part.labels):
                name = f"{above}{label}/{row:06d}"
                self._where[name] = part.rows, row, label
                people.setdefault(label, []).append(name)
                if part.side is not None:
                    self.official[name] = part.side
        self.people = {label: sorted(people[label]) for label in sorted(people)}

    def __enter__(self) -> "ArrayPhotos":
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
        """The picture ``name`` as a PNG, or the file that it is."""
        rows, row, _ = self._where[name]
        return rows.bytes_of(row)

    def picture(self, name: str) -> Picture:
        """(height, width, 3) uint8, blue-green-red."""
        return self.photo(name)[1]

    def photo(self, name: str, sha256: str | None = None) -> tuple[Photo, Picture]:
        """See `edgeface.datasets.photos.Photos.photo`."""
        rows, row, label = self._where[name]
        digest, decode = rows.open(row)
        photo = Photo(name, label, digest)
        check_unchanged(photo, sha256, self.root)
        return photo, decode()

    def chosen(self, people: Iterable[str]) -> dict[str, list[str]]:
        """`people` cut to those that were asked for (see `choose_people`)."""
        return choose_people(self.people, people, self.root)


def open_arrays(path: Path, reading: Reading) -> ArrayPhotos:
    """Read the pictures of an npz or mat file.

    Raises:
        UsageError: There is no such file, or no array of a name that was given.
        InputError: The file is broken or too large, or its arrays are no pictures with classes.
    """
    if not path.is_file():
        msg = f"{path}: no such file"
        raise UsageError(msg, remedy="name an npz or mat file, or a folder per person")
    file: ArrayFile = MatFile(path) if path.suffix.lower() == ".mat" else NpzFile(path)
    parts = choose(file, reading)
    used = [name for part in parts for name in (part.pixels, part.targets) if name is not None]
    total = sum(file.headers[name].bytes for name in used)
    if total > MAX_ARRAY_BYTES:
        raise too_large(used, total, path)
    read = [_read(file, part, reading) for part in parts]
    rows = _rows(
        path, {p.pixels: array for p, (array, _) in zip(parts, read, strict=True)}, reading
    )
    labelled = [
        Labelled(part.side, of, labels)
        for part, of, (_, labels) in zip(parts, rows, read, strict=True)
    ]
    return ArrayPhotos(path, labelled, [name for name in file.headers if name not in used])


def _read(file: ArrayFile, part: Part, reading: Reading) -> tuple[NDArray[Any], list[str]]:
    """The pictures of a part, or the names of their files, by the first axis, and their labels."""
    pixels = file.read(part.pixels)
    where = f"{file.path}: {part.pixels}"
    if part.targets is None:
        people = _olivetti_people(file, part.pixels)
        if people is None:
            msg = f"{file.path}: no array of targets beside {part.pixels}"
            raise InputError(msg, remedy="add one (y, labels, target), or name it with --targets")
        rows = picture_rows(pixels.T, None, where, column_major=True)
        names = reading.labels or _olivetti_names(len(rows))
        return rows, labels_of(people, len(rows), names, where)
    targets = file.read(part.targets)
    if pixels.dtype.kind in "US":
        rows = pixels.reshape(-1)
    else:
        rows = picture_rows(pixels, _count(targets), where, column_major=file.column_major)
    return rows, labels_of(targets, len(rows), reading.labels, f"{file.path}: {part.targets}")


def _count(targets: NDArray[Any]) -> int:
    """How many pictures there are for targets that are (n,), (n, k) or (1, n)."""
    if targets.ndim == 2 and targets.shape[0] == 1:
        return int(targets.shape[1])
    return int(targets.shape[0]) if targets.ndim else 1


def _olivetti_people(file: ArrayFile, pixels: str) -> NDArray[np.intp] | None:
    """The number of the person on every picture of the published Olivetti file."""
    shape = file.headers[pixels].shape
    is_it = file.column_major and pixels.casefold() == "faces" and len(shape) == 2
    if not is_it or shape[0] != _OLIVETTI_PIXELS or shape[1] % _OLIVETTI_EACH:
        return None
    return np.arange(shape[1]) // _OLIVETTI_EACH


def _olivetti_names(pictures: int) -> tuple[str, ...]:
    """``s1`` to ``s40``, as the people are called in the set that the pictures come from."""
    return tuple(f"s{number + 1}" for number in range(pictures // _OLIVETTI_EACH))


def _rows(path: Path, pixels: Mapping[str, NDArray[Any]], reading: Reading) -> list[Rows]:
    where = f"{path}: {', '.join(pixels)}"
    named = [array.dtype.kind in "US" for array in pixels.values()]
    if all(named):
        names = [[_text(v, where) for v in array.tolist()] for array in pixels.values()]
        return [NamedRows(own, path.parent, where) for own in names]
    if any(named):
        msg = f"{where}: pictures in one, names of files in another"
        raise InputError(msg, remedy="store all of them in one way")
    factor = factor_of(pixels, path)
    return [StoredRows(array, factor, reading.colour) for array in pixels.values()]


def _text(value: str | bytes, where: str) -> str:
    try:
        return (value.decode() if isinstance(value, bytes) else value).strip()
    except UnicodeDecodeError as error:
        msg = f"{where}: a name that is not UTF-8"
        raise InputError(msg) from error


def from_arrays(
    root: Path, images: NDArray[Any], targets: NDArray[Any], names: Sequence[str] = ()
) -> ArrayPhotos:
    """A data set of arrays that are in memory already, such as scikit-learn's loaders give.

    Args:
        root: What to call it in errors.
        images: (n, h, w) or (n, h, w, 3) red-green-blue, 0 to 255 or fractions from 0 to 1.
        targets: n of them, as `labels_of` takes them.
        names: Of the numbers 0, 1, …; none: the numbers are the labels.

    Raises:
        InputError: They are no pictures, or there is not one target for each.
    """
    rows = picture_rows(images, None, f"{root}: images", column_major=False)
    labels = labels_of(targets, len(rows), names, f"{root}: targets")
    factor = factor_of({"images": rows}, root)
    return ArrayPhotos(root, [Labelled(None, StoredRows(rows, factor, "rgb"), labels)])
