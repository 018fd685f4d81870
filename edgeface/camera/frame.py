"""What passes through the loop: frames on the way in, results on the way out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from edgeface.images import Picture
from edgeface.vision.pipeline import Seen


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source. Whoever holds it owns the picture; nobody writes into it.

    Attributes:
        picture: (height, width, 3) uint8, blue-green-red.
        index: Its number in the source, from 0; frames that are dropped have one too.
        captured_ns: When it was taken, on the clock of `time.monotonic_ns`; for a file, when it was
            read.
        position_ns: Its place in a clip; None for cameras and folders.
        file: Name of the picture in a folder; empty for cameras and clips.
    """

    picture: Picture
    index: int
    captured_ns: int
    position_ns: int | None = None
    file: str = ""


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
    def dropped(self) -> int:
        """Frames that were taken and never handed out, because newer ones had come."""

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
