"""The pictures of a file of arrays: stored in it row by row, or named by it."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.errors import InputError
from edgeface.images import MAX_PIXELS, Picture, decode_picture, read_bytes


class Rows(Protocol):
    """Pictures by number."""

    def __len__(self) -> int: ...

    def open(self, row: int) -> tuple[str, Callable[[], Picture]]:
        """The checksum of a picture, and what decodes it: (height, width, 3) uint8 BGR."""

    def bytes_of(self, row: int) -> bytes:
        """A picture as a file."""


class StoredRows:
    """Pictures that are rows of an array.

    Args:
        array: (n, h, w) or (n, h, w, 3), as `picture_rows` gives it.
        factor: What its values are multiplied by to be 0 to 255, as `factor_of` gives it.
        colour: Order of three channels.
    """

    def __init__(self, array: NDArray[Any], factor: float, colour: Literal["rgb", "bgr"]) -> None:
        self._array, self._factor, self._colour = array, factor, colour

    def __len__(self) -> int:
        return len(self._array)

    def _row(self, row: int) -> NDArray[np.uint8]:
        values = self._array[row]
        if values.dtype != np.uint8:
            values = np.rint(values.astype(np.float64) * self._factor)
        return np.ascontiguousarray(values, np.uint8)

    def _bgr(self, stored: NDArray[np.uint8]) -> Picture:
        if stored.ndim == 2:
            return np.repeat(stored[..., None], 3, axis=2)
        return np.ascontiguousarray(stored[..., ::-1] if self._colour == "rgb" else stored)

    def open(self, row: int) -> tuple[str, Callable[[], Picture]]:
        """See `Rows.open`. The checksum is that of the shape and the bytes, 0 to 255, as stored."""
        stored = self._row(row)
        shape = "x".join(map(str, stored.shape)).encode()
        digest = hashlib.sha256(shape + b"\0" + stored.tobytes()).hexdigest()
        return digest, lambda: self._bgr(stored)

    def bytes_of(self, row: int) -> bytes:
        """The picture as a PNG, gray where it is; nothing is lost."""
        stored = self._row(row)
        done, data = cv2.imencode(".png", stored if stored.ndim == 2 else self._bgr(stored))
        assert done
        return data.tobytes()


class NamedRows:
    """Pictures that are files, named by an array of text.

    Args:
        names: Relative to the folder of the file of arrays.
        folder: That folder; nothing outside it is read.
        where: File and array, for the errors.

    Raises:
        InputError: A name leads out of the folder.
    """

    def __init__(self, names: Sequence[str], folder: Path, where: str) -> None:
        self._names, self._folder = names, folder
        for name in dict.fromkeys(names):
            if not _is_inside(name, folder):
                msg = f"{where}: {name[:80]!r} is no file below {folder}, and no other is read"
                raise InputError(msg, remedy="store names relative to the folder of the file")

    def __len__(self) -> int:
        return len(self._names)

    def open(self, row: int) -> tuple[str, Callable[[], Picture]]:
        """See `Rows.open`. The checksum is the file's."""
        data = self.bytes_of(row)
        where = str(self._folder / self._names[row])
        return hashlib.sha256(data).hexdigest(), lambda: decode_picture(data, where)

    def bytes_of(self, row: int) -> bytes:
        """The file as it is."""
        return read_bytes(self._folder / self._names[row])


def _is_inside(name: str, folder: Path) -> bool:
    """Whether a name leads to a place below a folder, links followed."""
    try:
        return bool(name) and (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # links in a circle, half characters, a NUL
        return False


def picture_rows(
    array: NDArray[Any], pictures: int | None, where: str, *, column_major: bool
) -> NDArray[Any]:
    """Bring an array to (n, h, w) or (n, h, w, 3), as a view where that can be.

    Args:
        array: (n, h, w), (n, h, w, 1), (n, h, w, 3), or flat squares (n, h * h). Of a column-major
            file also with the pictures counted by the last axis.
        pictures: n, where the targets tell it.
        where: File and array, for the errors.
        column_major: Flat squares are stored column by column (see `ArrayFile`).

    Raises:
        InputError: It is of no such shape.
    """
    shape = array.shape
    if column_major and array.ndim > 1 and pictures == shape[-1]:
        if pictures == shape[0]:
            msg = f"{where}: {_words(shape)}, which may count the pictures first or last"
            raise InputError(msg, remedy="save it as npz, where the first axis counts them")
        array = np.moveaxis(array, -1, 0)
    if array.ndim == 2:
        array = _squares(array, where, column_major=column_major)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim == 4 and array.shape[3] != 3 and array.shape[1] in (1, 3):
        msg = f"{where}: {_words(shape)}, the channels before the rows"
        remedy = "store them last, for example x.transpose(0, 2, 3, 1)"
        raise InputError(msg, remedy=remedy)
    is_picture = array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3)
    if not is_picture or min(array.shape[:3], default=0) < 1 or max(array.shape[1:3]) < 2:
        msg = f"{where}: {_words(shape)} is no array of pictures"
        remedy = "(n, h, w), (n, h, w, 1), (n, h, w, 3), or (n, h * h) for gray squares are read"
        raise InputError(msg, remedy=remedy)
    if array.shape[1] * array.shape[2] > MAX_PIXELS:
        msg = f"{where}: pictures of more than {MAX_PIXELS // 10**6} megapixels"
        raise InputError(msg)
    return array


def _squares(array: NDArray[Any], where: str, *, column_major: bool) -> NDArray[Any]:
    n, size = array.shape
    side = math.isqrt(size)
    if side * side != size:
        msg = f"{where}: rows of {size} values, which make no square picture"
        remedy = "store the pictures as (n, h, w) or (n, h, w, 3), so that their shape is known"
        raise InputError(msg, remedy=remedy)
    squares = array.reshape(n, side, side)
    return squares.transpose(0, 2, 1) if column_major else squares


def factor_of(arrays: Mapping[str, NDArray[Any]], path: Path) -> float:
    """What the values of arrays are multiplied by to be 0 to 255; one factor for all of them.

    Args:
        arrays: By their names, none of them empty.
        path: Of their file, for the errors.

    Returns:
        255 for fractions from 0 to 1 and for booleans, else 1.

    Raises:
        InputError: There are values below 0, above 255, or that are no numbers; whole numbers that
            are 0 and 1 only; or fractions in one array and 0 to 255 in another.
    """
    found = {name: _factor(array, f"{path}: {name}") for name, array in arrays.items()}
    if len(set(found.values())) > 1:
        by_factor = {factor: name for name, factor in found.items()}
        msg = f"{path}: {by_factor[255.0]} is of 0 to 1, {by_factor[1.0]} of 0 to 255"
        raise InputError(msg, remedy="scale both the same way")
    return next(iter(found.values()))


def _factor(array: NDArray[Any], where: str) -> float:
    low, high = float(array.min()), float(array.max())
    if math.isnan(low):
        msg = f"{where}: values that are no numbers (NaN)"
        raise InputError(msg, remedy="look at what made it; numpy.isnan finds them")
    if low < 0 or high > 255:
        msg = f"{where}: values from {low:g} to {high:g}; pictures have 0 to 255, or 0 to 1"
        remedy = "scale them, for example x = (x - x.min()) / (x.max() - x.min())"
        raise InputError(msg, remedy=remedy)
    if array.dtype.kind in "fb":
        return 255.0 if high <= 1 else 1.0
    if high == 1:
        msg = f"{where}: whole numbers of 0 and 1, which is all but black in 0 to 255"
        raise InputError(msg, remedy="store x * 255 where 1 means white")
    return 1.0


def _words(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
