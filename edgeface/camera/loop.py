"""The loop: a frame from the source, a look at it, the result to every sink; and again."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import Protocol

from edgeface.camera.frame import Frame, FrameSource, Result, Sink
from edgeface.camera.tally import Tally
from edgeface.errors import EdgefaceError, InputError
from edgeface.images import Picture
from edgeface.vision.pipeline import Seen


class Looks(Protocol):
    """What the loop needs of a `Pipeline`, or of a `Watch` over one (`edgeface.vision`)."""

    def look(self, picture: Picture, at_ns: int | None = None) -> Seen:
        """What is on a picture; ``at_ns``: when it was taken."""


def run_loop(
    source: FrameSource,
    pipeline: Looks,
    sinks: Sequence[Sink] = (),
    *,
    max_frames: int | None = None,
    say: Callable[[str], None] = lambda text: None,
    clock: Callable[[], int] = time.monotonic_ns,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Tally:
    """Look at every frame of a source until it ends or is stopped.

    A frame that cannot be read, and one on which the detector or the model fails, is counted and
    the first of them is said; the loop goes on. An error of the source or of a sink ends it.

    Args:
        source: Entered by the caller.
        pipeline: Looks at pictures.
        sinks: Entered by the caller; called in this order.
        max_frames: Look at so many frames at most.
        say: Takes a line for a person.
        clock: Monotonic, ns; the source's frames carry times of the same clock.
        now: The time of day in UTC.

    Returns:
        The sum, with the error that ended the loop in `Tally.stopped_by` if one did.
    """
    tally = Tally(started_ns=clock())
    frames = iter(source)
    try:
        while max_frames is None or tally.frames < max_frames:
            asked_ns = clock()
            try:
                frame = next(frames)
            except StopIteration:
                break
            except InputError as error:
                _count_failure(tally, str(error), say)
                continue
            tally.stages_ns["capture"].append(clock() - asked_ns)
            result = _look(frame, pipeline, tally, say, clock, now)
            if result is None:
                continue
            tally.add(result)
            emit_ns = clock()
            for sink in sinks:
                sink(result)
            tally.stages_ns["emit"].append(clock() - emit_ns)
    except EdgefaceError as error:  # of the source or a sink: those of the pipeline were counted
        tally.stopped_by = error
    finally:
        tally.ended_ns = clock()
        tally.dropped = source.dropped
    return tally


def _look(
    frame: Frame,
    pipeline: Looks,
    tally: Tally,
    say: Callable[[str], None],
    clock: Callable[[], int],
    now: Callable[[], datetime],
) -> Result | None:
    try:
        # The time within a clip, which is played as fast as it goes, is that of its position.
        at_ns = frame.captured_ns if frame.position_ns is None else frame.position_ns
        seen = pipeline.look(frame.picture, at_ns)
    except EdgefaceError as error:
        _count_failure(tally, f"frame {frame.index}: {error}", say)
        return None
    return Result(frame, seen, clock(), now())


def _count_failure(tally: Tally, what: str, say: Callable[[str], None]) -> None:
    tally.frames += 1
    tally.failed += 1
    if tally.failed == 1:
        tally.first_failure = what
        say(f"{what}; the loop goes on, further ones are counted only")


@contextlib.contextmanager
def stopping(source: FrameSource) -> Iterator[None]:
    """Within it, Ctrl-C and SIGTERM end the source, and with it the loop, between two frames.

    A second one acts as if there were no loop. Outside of the main thread nothing is changed, for
    Python gives signals to that one alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in numbers}

    def stop(number: int, frame: FrameType | None) -> None:
        source.stop()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
