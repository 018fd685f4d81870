"""What files are called where several are compared, and which of them the others are held against.

It holds for files of pictures and of points alike.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from edgeface.errors import UsageError


class Compared(Protocol):
    """A file among those that are compared."""

    @property
    def name(self) -> str:
        """As results call it."""

    @property
    def path(self) -> Path:
        """Where it lies."""

    @property
    def format(self) -> str:
        """``tflite`` or ``onnx``."""

    @property
    def scheme(self) -> str:
        """``float32`` and the like; empty where nothing says it."""

    @property
    def sha256(self) -> str:
        """Of the file."""

    @property
    def size_bytes(self) -> int:
        """Of the file."""


C = TypeVar("C", bound=Compared)


def told(file: Compared) -> dict[str, Any]:
    """What ``--json`` says of a file before what was measured of it."""
    return {
        "file": file.name,
        "path": str(file.path),
        "format": file.format,
        "scheme": file.scheme or None,
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
    }


def distinct(paths: Sequence[Path]) -> list[str]:
    """For every path its shortest end that no other ends in: a file name where that is enough.

    Args:
        paths: All different.
    """
    parts = [path.absolute().parts for path in paths]

    def end(of: tuple[str, ...], length: int) -> tuple[str, ...]:
        return of[-length:]

    names = []
    for own in parts:
        length = 1
        while length < len(own) and sum(end(p, length) == end(own, length) for p in parts) > 1:
            length += 1
        names.append(os.path.join(*end(own, length)))  # noqa: PTH118 - a name, not a place
    return names


def reference_first(files: Sequence[C], against: Path | None) -> list[C]:
    """The files in the order in which they are tried as the reference.

    That is the one that was asked for; or the float32 file, TFLite before ONNX, whose answers were
    held against those of the trained network when it was exported; or else the first.

    Args:
        files: At least one.
        against: Its path, or its name as results call it; None leaves the choice here.

    Raises:
        UsageError: It is none of them, or it may be several.
    """
    if against is None:
        return sorted(files, key=lambda f: (f.scheme != "float32", f.format != "tflite"))
    asked = [f for f in files if f.name == str(against)]
    if not asked and against.exists():
        asked = [f for f in files if against.resolve() == f.path.resolve()]
    if not asked:
        asked = [f for f in files if f.path.name == str(against)]
    if len(asked) != 1:
        said = "is not among the files that are compared" if not asked else "may be several files"
        msg = f"--against {against} {said}"
        raise UsageError(msg, remedy=f"one of {', '.join(f.name for f in files)}")
    return asked + [f for f in files if f is not asked[0]]
