"""npz files: arrays that numpy.savez wrote. Nothing in them is ever unpickled."""

import io
import math
import tokenize
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.arrayfile import Header, Kind, check_readable
from edgeface.datasets.folder import BROKEN
from edgeface.errors import InputError

# Of the description of an array; numpy itself takes 10,000 characters for safe to parse.
_HEADER_BYTES = 10_000

# The description is a Python literal: numpy's parser of it has failures of its own.
_UNREADABLE = (*BROKEN, SyntaxError, tokenize.TokenError, MemoryError, OverflowError, TypeError)


class NpzFile:
    """Arrays that numpy.savez wrote (numpy's NEP 1); a `edgeface.datasets.arrayfile.ArrayFile`.

    Raises:
        InputError: It is none, or broken.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.column_major = False
        headers: dict[str, Header] = {}
        try:
            with zipfile.ZipFile(path) as packed:
                for info in packed.infolist():
                    if info.filename.endswith(".npy"):
                        with packed.open(info) as member:
                            header = _header(member, info.file_size)
                        headers[info.filename.removesuffix(".npy")] = header
        except _UNREADABLE as error:
            msg = f"{path}: no npz file, or a broken one ({_short(error)})"
            raise InputError(msg, remedy="write it again with numpy.savez") from error
        self.headers: Mapping[str, Header] = headers

    def read(self, name: str) -> NDArray[Any]:
        """See `edgeface.datasets.arrayfile.ArrayFile.read`."""
        remedy = 'save it as plain numbers, for example numpy.savez(FILE, x=x.astype("uint8"), y=y)'
        check_readable(name, self.headers[name], self.path, remedy)
        try:
            with zipfile.ZipFile(self.path) as packed, packed.open(f"{name}.npy") as member:
                found: NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
                if member.read(1):  # at the end only the checksum is looked at
                    msg = "there is more behind the array"
                    raise ValueError(msg)
        except _UNREADABLE as error:
            msg = f"{self.path}: {name} cannot be read ({_short(error)})"
            raise InputError(msg, remedy="write it again with numpy.savez") from error
        return found


def _header(member: IO[bytes], file_size: int) -> Header:
    # Its length is stored before it, and what is packed may be a thousand times what the file is.
    begin = io.BytesIO(member.read(_HEADER_BYTES))
    version = np.lib.format.read_magic(begin)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(begin)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(begin)
    else:  # 3.0 is for names of fields that are not Latin: no plain array has them
        return Header((), "other", f"npy {version[0]}.{version[1]}", 0)
    # A text of no letters takes no bytes, however many there are.
    size = math.prod(shape) * max(1, dtype.itemsize)
    there = file_size - begin.tell()
    if min(shape, default=0) < 0 or (size > there and not dtype.hasobject):
        msg = f"an array of {size} bytes in {there}"
        raise ValueError(msg)
    kind: Kind = "number" if dtype.kind in "buif" else "text" if dtype.kind in "US" else "other"
    return Header(shape, kind, dtype.name, size)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
