"""mat files: arrays as MATLAB saves them with ``-v6`` and ``-v7``, and Octave with the same.

The format is version 5 of "MAT-File Format" (The MathWorks), chapter 1. It is read here and not by
SciPy, so that the device half needs no further package, and so that no length that stands in a file
is believed before it is held against a limit: nothing is unpacked beyond what was asked for.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.arrayfile import Header, check_readable
from edgeface.datasets.folder import BROKEN
from edgeface.errors import InputError

_MATRIX, _COMPRESSED = 14, 15  # types of elements
_LOGICAL, _COMPLEX = 0x0200, 0x0800  # flags of an array
_CHAR, _OPAQUE = 4, 17
_OTHERS = {1: "cell", 2: "struct", 3: "object", 5: "sparse", 16: "function", _OPAQUE: "object"}
_NUMBERS = {
    6: ("double", "f8"),
    7: ("single", "f4"),
    8: ("int8", "i1"),
    9: ("uint8", "u1"),
    10: ("int16", "i2"),
    11: ("uint16", "u2"),
    12: ("int32", "i4"),
    13: ("uint32", "u4"),
    14: ("int64", "i8"),
    15: ("uint64", "u8"),
}
# How the values are stored, by the type of their element: doubles that are whole as uint8, say.
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8"} | {
    13: "u8"
}
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}


@dataclass(frozen=True, slots=True)
class _Variable:
    """An array as it stands in the file.

    Attributes:
        at: Where its element begins.
        shape: As stored; of text with the letters last.
        type: A key of `_NUMBERS`, `_CHAR`, or what cannot be read.
        flags: `_LOGICAL` and the like.
    """

    at: int
    shape: tuple[int, ...]
    type: int
    flags: int

    @property
    def header(self) -> Header:
        count = math.prod(self.shape)
        if self.type == _CHAR:  # every row is a text
            return Header(self.shape[:-1], "text", "char", 4 * count)
        if self.type not in _NUMBERS:
            return Header(self.shape, "other", _OTHERS.get(self.type, f"type {self.type}"), 0)
        word, dtype = _NUMBERS[self.type]
        if self.flags & _COMPLEX:
            return Header(self.shape, "other", f"complex {word}", 0)
        if self.flags & _LOGICAL:
            return Header(self.shape, "number", "logical", count)
        return Header(self.shape, "number", word, count * np.dtype(dtype).itemsize)


class MatFile:
    """Arrays of a mat file; a `edgeface.datasets.arrayfile.ArrayFile`.

    Raises:
        InputError: It is none, is broken, or of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.column_major = True
        self._variables: dict[str, _Variable] = {}
        try:
            with path.open("rb") as file:
                self._order = _byte_order(file.read(128), path)
                for at, stream in _elements(file, self._order):
                    name, variable = _describe(stream, self._order, at)
                    if name:  # MATLAB keeps what belongs to objects in one without a name
                        self._variables[name] = variable
        except BROKEN as error:
            raise self._broken(error) from error
        self.headers: Mapping[str, Header] = {n: v.header for n, v in self._variables.items()}

    def read(self, name: str) -> NDArray[Any]:
        """See `edgeface.datasets.arrayfile.ArrayFile.read`."""
        remedy = "save a plain matrix, of text the one that char(y) makes, with save(FILE, '-v7')"
        check_readable(name, self.headers[name], self.path, remedy)
        variable = self._variables[name]
        try:
            with self.path.open("rb") as file:
                file.seek(variable.at)
                _, stream = next(_elements(file, self._order))
                _describe(stream, self._order, variable.at)  # to where the values begin
                values = _texts if variable.type == _CHAR else _numbers
                found = values(stream, self._order, variable)
                stream.read(16)  # the padding, and behind it the checksum of what is compressed
        except BROKEN as error:
            raise self._broken(error) from error
        return found

    def _broken(self, error: Exception) -> InputError:
        msg = f"{self.path}: no mat file, or a broken one ({' '.join(str(error).split())[:120]})"
        return InputError(msg, remedy="save it again with save(FILE, '-v7'), or as npz")


class _Inflated(io.RawIOBase):
    """What a compressed element holds, unpacked as far as it is read."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size
        self._unpack = zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        data = b""
        while not data and not self._unpack.eof:
            packed = self._unpack.unconsumed_tail
            if not packed:
                packed = self._file.read(min(self._left, 2**16))
                self._left -= len(packed)
            data = self._unpack.decompress(packed, len(into))
            if not data and not packed and not self._unpack.eof:
                msg = "cut off"
                raise EOFError(msg)
        into[: len(data)] = data
        return len(data)


def _byte_order(begin: bytes, path: Path) -> str:
    """``<`` or ``>``, from the first 128 bytes of the file."""
    if begin.startswith(b"MATLAB 7.3"):
        msg = f"{path}: of MATLAB version 7.3 (HDF5), which is not read"
        raise InputError(msg, remedy="save it again in MATLAB with save(FILE, '-v7')")
    order = {b"\x00\x01IM": "<", b"\x01\x00MI": ">"}.get(begin[124:128])
    if order is None:
        msg = f"{path}: no mat file of MATLAB version 5 to 7.2"
        raise InputError(msg, remedy="save it again with save(FILE, '-v7'), or as npz")
    return order


def _elements(file: IO[bytes], order: str) -> Iterator[tuple[int, IO[bytes]]]:
    """Every array from here on: where it begins, and its content."""
    at = file.tell()
    end = file.seek(0, io.SEEK_END)
    while at < end:
        file.seek(at)
        kind, size = struct.unpack(f"{order}II", file.read(8))
        if at + 8 + size > end:
            msg = "cut off"
            raise EOFError(msg)
        stream: IO[bytes] = file
        if kind == _COMPRESSED:
            stream = io.BufferedReader(_Inflated(file, size))
            kind, _ = struct.unpack(f"{order}II", stream.read(8))
        if kind == _MATRIX:
            yield at, stream
        at += 8 + size


def _tag(stream: IO[bytes], order: str) -> tuple[int, int, bytes | None]:
    """Type and size of an element within an array, and its content where that is short."""
    first = stream.read(4)
    (word,) = struct.unpack(f"{order}I", first)
    if word >> 16:
        size = word >> 16
        if size > 4:
            msg = f"{size} bytes in 4"
            raise ValueError(msg)
        return word & 0xFFFF, size, stream.read(4)[:size]
    (size,) = struct.unpack(f"{order}I", stream.read(4))
    return word, size, None


def _small(stream: IO[bytes], order: str, most: int) -> bytes:
    """The content of an element that is at most so many bytes, whatever the file says."""
    _, size, short = _tag(stream, order)
    if short is not None:
        return short
    if size > most:
        msg = f"{size} bytes where {most} are the most"
        raise ValueError(msg)
    return stream.read(size + -size % 8)[:size]


def _describe(stream: IO[bytes], order: str, at: int) -> tuple[str, _Variable]:
    """Name and facts of an array; what comes next in the stream are its values."""
    (flags,) = struct.unpack(f"{order}I", _small(stream, order, 8)[:4])
    dims = b"" if flags & 0xFF == _OPAQUE else _small(stream, order, 128)
    shape = struct.unpack(f"{order}{len(dims) // 4}i", dims)
    name = _small(stream, order, 256).decode()
    if min(shape, default=0) < 0:
        msg = f"{name} of the shape {shape}"
        raise ValueError(msg)
    return name, _Variable(at, shape, flags & 0xFF, flags & (_LOGICAL | _COMPLEX))


def _numbers(stream: IO[bytes], order: str, variable: _Variable) -> NDArray[Any]:
    kind, size, short = _tag(stream, order)
    stored = np.dtype(order + _STORED[kind])
    dtype = np.dtype(_NUMBERS[variable.type][1])
    if size != math.prod(variable.shape) * stored.itemsize or stored.itemsize > dtype.itemsize:
        msg = f"{size} bytes of {stored.name} for {variable.header}"
        raise ValueError(msg)
    flat = np.frombuffer(stream.read(size) if short is None else short, stored)
    if variable.flags & _LOGICAL:
        dtype = np.dtype(bool)
    return flat.astype(dtype).reshape(variable.shape, order="F")


def _texts(stream: IO[bytes], order: str, variable: _Variable) -> NDArray[Any]:
    """Letters are stored column by column; every row of them is a text."""
    kind, size, short = _tag(stream, order)
    *shape, width = variable.shape
    if size > 4 * math.prod(variable.shape):
        msg = f"{size} bytes for {variable.header}"
        raise ValueError(msg)
    coding = _TEXTS[kind]
    if coding in ("utf-16", "utf-32"):
        coding += "-le" if order == "<" else "-be"
    text = (stream.read(size) if short is None else short).decode(coding)
    letters = np.frombuffer(text.encode("utf-32-le"), "<u4").reshape(variable.shape, order="F")
    if not width:
        return np.zeros(shape, "U1")
    return np.ascontiguousarray(letters).view(f"<U{width}").reshape(shape)
