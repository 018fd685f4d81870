"""What sources are built of: something that is read one frame after the other, and blocks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edgeface.camera.frame import Given, Stamp
from edgeface.images import Picture


def _nothing() -> None:
    """There is nothing to give back."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A frame that was taken and may never be looked at.

    A live source takes more frames than anybody looks at, so decoding or copying waits until one is
    wanted. Exactly one of `develop` and `discard` is called, once.

    Attributes:
        develop: Makes the picture, (height, width, 3) uint8, blue-green-red, which belongs to the
            caller. It raises an InputError if the frame is broken.
        captured_ns: When it was taken (monotonic, ns).
        position_ns: Its place in a clip; None for cameras.
        stamp: Where ``captured_ns`` comes from.
        skipped: Frames that the reader passed over since the one before, because this one was
            there already.
        discard: Gives back what the frame holds, unseen.
    """

    develop: Callable[[], Picture]
    captured_ns: int
    position_ns: int | None = None
    stamp: Stamp = "read"
    skipped: int = 0
    discard: Callable[[], None] = _nothing


class Reader(Protocol):
    """Reads frames. One thread reads; `close` comes when it has ended."""

    @property
    def name(self) -> str:
        """What it is called in messages; never with a password."""

    @property
    def fps(self) -> float | None:
        """Frames per second as stated by the source."""

    @property
    def given(self) -> Given | None:
        """What it really gives."""

    @property
    def reopened(self) -> int:
        """How often it was lost and came back."""

    def read(self) -> Taken | None:
        """Wait for the next frame.

        Returns:
            The frame; None at the end, or soon after `wake`.

        Raises:
            SourceError: The source failed.
        """

    def wake(self) -> None:
        """Let a `read` that waits return soon; called by another thread, before `close`."""

    def close(self) -> None:
        """Release what is open. Of what is lost already nothing is raised."""
