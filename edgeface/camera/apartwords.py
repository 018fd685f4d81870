"""What the loop and the process of a camera say to each other: bytes of a fixed form.

::

    loop → camera   one line of JSON: the order; then a byte a frame: the number of a memory
    camera → loop   a line of JSON: what was opened; then a head a frame, or the end, or an error

A frame itself lies in the memory that the loop named, which is its own until it names it again.
Nothing is pickled.
"""

import json
import struct
from dataclasses import dataclass
from typing import TypeVar, get_args

from edgeface import records
from edgeface.camera.frame import Given, Stamp
from edgeface.camera.wanted import Wanted
from edgeface.errors import SourceError

T = TypeVar("T")

MEMORIES = 3  # the newest, the one that is looked at, the one that is filled

FRAME, END, ERROR = b"F", b"E", b"X"
_STAMPS: tuple[Stamp, ...] = get_args(Stamp)
_HEAD = struct.Struct("<cBqqIIII")
HEAD_BYTES = _HEAD.size


@dataclass(frozen=True, slots=True)
class Order:
    """What the process shall open: as on the command line, and what is asked of it."""

    spec: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Opened:
    """What it opened: see `edgeface.camera.reader.Reader`."""

    name: str
    fps: float | None
    given: Given | None


@dataclass(frozen=True, slots=True)
class Wrong:
    """An error of ours, with its remedy."""

    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Head:
    """What goes with a frame, the end, or an error.

    Attributes:
        kind: `FRAME`, `END` or `ERROR`.
        stamp: Of `edgeface.camera.frame.Frame`.
        captured_ns: The same; the monotonic clock is one for all processes.
        position_ns: The same.
        skipped: Frames dropped before this one.
        height: Of the picture; 0 but for a frame.
        width: The same.
        text_bytes: Of the `Wrong` that follows an error.
    """

    kind: bytes
    stamp: Stamp = "read"
    captured_ns: int = 0
    position_ns: int | None = None
    skipped: int = 0
    height: int = 0
    width: int = 0
    text_bytes: int = 0

    def pack(self) -> bytes:
        """`HEAD_BYTES` bytes."""
        position = -1 if self.position_ns is None else self.position_ns
        numbers = (self.skipped, self.height, self.width, self.text_bytes)
        stamp = _STAMPS.index(self.stamp)
        return _HEAD.pack(self.kind, stamp, self.captured_ns, position, *numbers)


def unpack(data: bytes) -> Head:
    """The head that `HEAD_BYTES` bytes hold.

    Raises:
        SourceError: They hold none.
    """
    kind, stamp, captured, position, skipped, height, width, text = _HEAD.unpack(data)
    if kind not in (FRAME, END, ERROR) or stamp >= len(_STAMPS):
        msg = "the process of the camera says something that is not understood"
        raise SourceError(msg)
    where = None if position < 0 else position
    return Head(kind, _STAMPS[stamp], captured, where, skipped, height, width, text)


def to_line(record: Order | Opened | Wrong) -> bytes:
    """A record as one line of JSON."""
    return json.dumps(records.plain(record)).encode() + b"\n"


def from_line(cls: type[T], line: bytes) -> T:
    """The record that a line holds.

    Raises:
        SourceError: It holds none.
    """
    where = "the process of the camera"
    return records.build(
        cls,
        records.from_json(line.decode("utf-8", "replace"), where, SourceError),
        where,
        SourceError,
    )
