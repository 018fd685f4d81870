"""What passes through the loop: frames on the way in, results on the way out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Literal, Protocol, Self

from edgeface.images import Picture
from edgeface.vision.pipeline import Seen

# What the age of a frame is counted from: the sensor's own clock (start of exposure), the driver's,
# the times that a stream carries (see `edgeface.camera.delay`), or the moment it was read.
Stamp = Literal["sensor", "driver", "stream", "read"]


@dataclass(frozen=True, slots=True)
class Given:
    """What a source really gives, whatever it was asked for.

    Attributes:
        height: Of its pictures, in pixels; 0 where it is not known before the first frame.
        width: The same.
        fps: As it states them; None where it states none.
        pixels: How they come: a V4L2 code (``MJPG``), a libcamera format (``RGB888``), a codec.
        order: Colours in the memory that it hands over: ``bgr``, ``yuv``, ``jpeg``. Frames are
            blue-green-red whatever this is.
        stamp: What the age of its frames is counted from.
    """

    height: int
    width: int
    fps: float | None
    pixels: str
    order: str
    stamp: Stamp

    def __str__(self) -> str:
        """Words for a person: ``640x480 MJPG at 30 fps``."""
        size = f"{self.width}x{self.height} " if self.width else ""
        rate = "" if self.fps is None else f" at {self.fps:g} fps"
        return f"{size}{self.pixels}{rate}"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source. Whoever holds it owns the picture; nobody writes into it.

    Attributes:
        picture: (height, width, 3) uint8, blue-green-red.
        index: Its number in the source, from 0; frames that are dropped have one too.
        captured_ns: When it was taken, on the clock of `time.monotonic_ns`, which nobody sets; for
            a file, when it was read.
        position_ns: Its place in a clip; None for cameras and folders.
        file: Name of the picture in a folder; empty for cameras and clips.
        stamp: Where ``captured_ns`` comes from.
    """

    picture: Picture
    index: int
    captured_ns: int
    position_ns: int | None = None
    file: str = ""
    stamp: Stamp = "read"


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What was seen on one frame, and when.

    Attributes:
        frame: The frame.
        seen: Its faces and the time of each stage.
        decided_ns: When the decisions were there, on the clock of `Frame.captured_ns`.
        time: The same in UTC.
    """

    frame: Frame
    seen: Seen
    decided_ns: int
    time: datetime

    @property
    def age_ns(self) -> int:
        """How old the frame was when the decisions were there."""
        return self.decided_ns - self.frame.captured_ns


class FrameSource(Protocol):
    """A context manager that iterates frames; iterate it once."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    @property
    def fps(self) -> float | None:
        """Frames per second as the source states it; None where it states none."""

    @property
    def given(self) -> Given | None:
        """What it really gives, once it is open; None for pictures, of which each may differ."""

    @property
    def dropped(self) -> int:
        """Frames that were taken and never handed out, because newer ones had come."""

    @property
    def reopened(self) -> int:
        """How often it was lost and came back."""

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            SourceError: It does not open.
        """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""

    def __iter__(self) -> Iterator[Frame]:
        """The frames in order.

        Raises:
            InputError: One frame cannot be read; the next may.
            SourceError: The source failed and gives no more.
        """

    def stop(self) -> None:
        """End the iteration soon. It may be called by a signal handler or another thread."""


class Sink(Protocol):
    """A callable with a context that takes every result."""

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            EdgefaceError: It cannot be written.
        """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish it."""

    def __call__(self, result: Result) -> None:
        """Take one result.

        Raises:
            EdgefaceError: It could not be written.
        """
