"""Crops that were cut once: in memory while they are few, in a temporary file when they are many.

The file has no name (it is gone when the store is, even after a kill) and is read crop by crop. It
is not mapped into memory: pages that were looked at would count as ours until somebody else needs
them, and a disk that fills up would end the process without a word instead of with an error.
"""

import errno
import os
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import EdgefaceError
from edgeface.images import Pixels

# 5,461 crops of 64x64x3. More would gain nothing: what was read lately is in the cache of the
# system, and a crop comes from there as fast.
MEMORY_BYTES = 64 * 1024 * 1024

Shape = tuple[int, int, int]
Index = int | np.integer[Any] | slice | Sequence[int] | Sequence[bool] | NDArray[Any]


class _Rows(Protocol):
    """Where crops stand, by number from 0 in the order in which they were appended."""

    shape: Shape

    def append(self, pixels: Pixels) -> None: ...
    def read(self, which: NDArray[np.intp]) -> Pixels: ...
    def close(self) -> None: ...


class CropStore:
    """The crops of a data set: they are not changed any more, and read in any order.

    Indexed like an array along its first axis: by a number, a slice, a mask, or numbers. What comes
    back is a copy, (h, w, c) uint8 for a number and (m, h, w, c) for the others. Several threads
    may read at once.
    """

    def __init__(self, rows: _Rows, which: NDArray[np.intp]) -> None:
        self._rows, self._which = rows, which

    @classmethod
    def of(cls, pixels: Pixels) -> Self:
        """Of crops that are in memory already, (n, h, w, c) uint8."""
        return cls(_InMemory(pixels, len(pixels)), np.arange(len(pixels)))

    def __len__(self) -> int:
        return len(self._which)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, h, w, c)."""
        return len(self), *self._rows.shape

    @property
    def in_memory(self) -> bool:
        """Whether they are held in memory."""
        return isinstance(self._rows, _InMemory)

    def __getitem__(self, index: Index) -> Pixels:
        which: NDArray[np.intp] = np.asarray(self._which[index])
        crops = self._rows.read(np.atleast_1d(which))
        return np.asarray(crops[0]) if which.ndim == 0 else crops

    def __iter__(self) -> Iterator[Pixels]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All of them in memory; always a copy."""
        if copy is False:
            msg = "crops cannot be looked at as one array without a copy"
            raise ValueError(msg)
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)

    def only(self, which: Index) -> "CropStore":
        """Some of them, in that order, without a copy."""
        return CropStore(self._rows, np.atleast_1d(self._which[which]))

    def close(self) -> None:
        """Let go of the file; this and every store that `only` made of it have no crops then."""
        self._rows.close()


class CropWriter:
    """Takes crops one by one, in order, and makes a store of them.

    Args:
        shape: (h, w, c) of every crop.
        most: No more than so many will come; decides whether they stay in memory.
        memory_bytes: The most that they may take there.

    Raises:
        EdgefaceError: There is no place for temporary files.
    """

    def __init__(self, shape: Shape, most: int, *, memory_bytes: int = MEMORY_BYTES) -> None:
        fits = most * int(np.prod(shape)) <= memory_bytes
        self._rows: _Rows = _InMemory.empty(shape, most) if fits else _OnDisk(shape)
        self._most, self._count = most, 0

    def append(self, pixels: Pixels) -> None:
        """One more, (h, w, c) uint8.

        Raises:
            EdgefaceError: The disk is full.
        """
        if pixels.shape != self._rows.shape or pixels.dtype != np.uint8:
            msg = f"a crop of {pixels.shape} {pixels.dtype} among those of {self._rows.shape} uint8"
            raise ValueError(msg)
        if self._count == self._most:
            msg = f"more crops than the {self._most} that were promised"
            raise ValueError(msg)
        self._rows.append(pixels)
        self._count += 1

    def store(self) -> CropStore:
        """What was appended so far."""
        return CropStore(self._rows, np.arange(self._count))


class _InMemory:
    def __init__(self, pixels: Pixels, filled: int) -> None:
        height, width, channels = pixels.shape[1:]
        self.shape: Shape = (height, width, channels)
        self._pixels, self._filled = pixels, filled

    @classmethod
    def empty(cls, shape: Shape, most: int) -> Self:
        """With room for so many; the system gives the memory when it is written to."""
        return cls(np.empty((most, *shape), np.uint8), 0)

    def append(self, pixels: Pixels) -> None:
        self._pixels[self._filled] = pixels
        self._filled += 1

    def read(self, which: NDArray[np.intp]) -> Pixels:
        return self._pixels[which]

    def close(self) -> None:
        self._pixels = self._pixels[:0]


class _OnDisk:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._bytes = int(np.prod(shape))
        try:
            file = tempfile.TemporaryFile(prefix="edgeface-", buffering=0)  # noqa: SIM115 - kept
        except OSError as error:
            raise _no_place(error) from error
        # Asked for its number every time: that of a closed file may by then be another file's.
        self._file = file
        self.close = weakref.finalize(self, file.close)

    def append(self, pixels: Pixels) -> None:
        rest = np.ascontiguousarray(pixels).data.cast("B")
        while rest:
            try:
                written = os.write(self._file.fileno(), rest)
            except OSError as error:
                raise _no_place(error) from error
            rest = rest[written:]

    def read(self, which: NDArray[np.intp]) -> Pixels:
        made = np.empty((len(which), *self.shape), np.uint8)
        if not len(which):
            return made
        file = self._file.fileno()
        everything, size = made.data.cast("B"), self._bytes
        for place, row in enumerate(which.tolist()):
            part = everything[place * size : (place + 1) * size]
            if os.preadv(file, [part], row * size) != size:
                msg = f"the temporary file of the crops in {tempfile.gettempdir()} was cut short"
                raise EdgefaceError(msg, remedy="check the disk, and run the command again")
        return made


def _no_place(error: OSError) -> EdgefaceError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return EdgefaceError(
        f"the crops do not fit in memory, and not on disk in {tempfile.gettempdir()} "
        f"({error.strerror or error})",
        remedy=("free some space there, or name" if full else "name")
        + " another folder for temporary files with TMPDIR=DIR before the command",
    )
