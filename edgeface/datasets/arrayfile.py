"""Files of named arrays: what is in an npz or mat file, known before any of it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from edgeface.errors import InputError

# Of the arrays that are read from one file, together, as they lie in memory.
MAX_ARRAY_BYTES = 2 * 2**30

Kind = Literal["number", "text", "other"]


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of an array that was not loaded.

    Attributes:
        shape: As it will be loaded.
        kind: Numbers, text, or what cannot be used here (objects, cells, structures).
        type: In the words of the file: ``uint8``, ``cell``.
        bytes: When it is loaded.
    """

    shape: tuple[int, ...]
    kind: Kind
    type: str
    bytes: int

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.shape)) or 'single'} {self.type}"


class ArrayFile(Protocol):
    """A file of named arrays.

    Attributes:
        path: Of the file.
        headers: Name → what it is, in the order of the file.
        column_major: Whether flat pictures are stored column by column, and the last axis may count
            the pictures, as in MATLAB.
    """

    path: Path
    headers: Mapping[str, Header]
    column_major: bool

    def read(self, name: str) -> NDArray[Any]:
        """An array.

        Raises:
            InputError: It cannot be read, is too large, or holds objects.
        """


def check_readable(name: str, header: Header, path: Path, remedy: str) -> None:
    """Say what cannot be loaded before it is.

    Args:
        name: Of the array.
        header: What is known of it.
        path: Of the file.
        remedy: How plain arrays are saved by what writes such files.

    Raises:
        InputError: It holds objects, or is over `MAX_ARRAY_BYTES`.
    """
    if header.kind == "other":
        msg = f"{path}: {name} is of type {header.type}; numbers or text are read"
        if header.type == "object":
            msg = f"{path}: {name} holds Python objects, which could run a program when loaded"
        raise InputError(msg, remedy=remedy)
    if header.bytes > MAX_ARRAY_BYTES:
        raise too_large([name], header.bytes, path)


def too_large(names: list[str], size: int, path: Path) -> InputError:
    """What is said of arrays of ``size`` bytes."""
    take = "takes" if len(names) == 1 else "together take"
    msg = (
        f"{path}: {', '.join(names)} {take} {size / 2**30:.1f} GiB, "
        f"over the limit of {MAX_ARRAY_BYTES / 2**30:g} GiB for arrays"
    )
    return InputError(msg, remedy="keep the pictures as files, in a folder per person")
