"""A live source that stops is opened again: when, how often, and what is said of it."""

import itertools
import threading

import numpy as np
import pytest

from edgeface.camera.newest import NewestFrames
from edgeface.camera.reader import Taken
from edgeface.camera.reopen import FIRST_S, LONGEST_S, Reopening
from edgeface.errors import SourceError

S = 10**9


class Clock:
    """A clock that waits move."""

    def __init__(self) -> None:
        self.ns = 0
        self.waits: list[float] = []
        self.woken = False

    def __call__(self) -> int:
        return self.ns

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.ns += round(seconds * S)
        return self.woken


class Camera:
    """Opens as its script says: a number of frames and then how it stops, or an error at once."""

    def __init__(self, *script: object, clock: Clock | None = None, step_ns: int = 0) -> None:
        self.script = list(script)
        self.clock, self.step_ns = clock, step_ns
        self.opened = self.closed = 0

    def open(self) -> "Opened":
        item = self.script.pop(0)
        if isinstance(item, Exception):
            raise item
        self.opened += 1
        return Opened(self, *item)


class Opened:
    name, fps, given, reopened = "camera", 30.0, None, 0

    def __init__(self, camera: Camera, frames: int, end: Exception | None = None) -> None:
        self.camera, self.left, self.end = camera, frames, end

    def read(self) -> Taken | None:
        if self.camera.clock:
            self.camera.clock.ns += self.camera.step_ns
        if not self.left:
            if self.end is not None:
                raise self.end
            return None
        self.left -= 1
        now = self.camera.clock() if self.camera.clock else 0
        return Taken(lambda: np.zeros((4, 4, 3), np.uint8), now)

    def wake(self) -> None:
        self.left, self.end = 0, None

    def close(self) -> None:
        self.camera.closed += 1


def gone(text: str = "camera stopped after 2 frames") -> SourceError:
    return SourceError(text)


def test_a_camera_that_is_unplugged_and_plugged_in_again() -> None:
    clock, said = Clock(), []
    camera = Camera((2, gone()), gone("no"), gone("no"), (3, gone()), clock=clock)
    reader = Reopening(camera.open, said.append, clock=clock, wait=clock.wait)
    assert [reader.read() is not None for _ in range(5)] == [True] * 5
    assert clock.waits == [0.5, 1.0, 2.0]
    assert said == [
        "camera stopped after 2 frames; it is tried again until it is back, and the loop waits",
        "camera is back after 3.5 s",
    ]
    assert (reader.reopened, camera.opened, camera.closed) == (1, 2, 1)


def test_waits_double_up_to_a_limit_and_nothing_more_is_said() -> None:
    clock, said = Clock(), []
    camera = Camera((1, gone()), *[gone("no")] * 20, (1,), clock=clock)
    reader = Reopening(camera.open, said.append, clock=clock, wait=clock.wait)
    reader.read()
    reader.read()
    assert clock.waits[:8] == [FIRST_S * 2**n for n in range(6)] + [LONGEST_S] * 2
    assert set(clock.waits[8:]) == {LONGEST_S}
    assert len(said) == 2


def test_a_camera_that_opens_and_gives_nothing_is_not_back() -> None:
    clock, said = Clock(), []
    camera = Camera((1, gone()), (0, gone("no picture")), (0, gone("no picture")), (1,))
    reader = Reopening(camera.open, said.append, clock=clock, wait=clock.wait)
    reader.read()
    reader.read()
    assert len(said) == 2
    assert reader.reopened == 1
    assert clock.waits == [0.5, 1.0, 2.0]


def test_a_camera_that_comes_and_goes_is_asked_less_and_less() -> None:
    clock = Clock()
    camera = Camera(*[(1, gone())] * 9, clock=clock, step_ns=S // 10)
    reader = Reopening(camera.open, clock=clock, wait=clock.wait)
    for _ in range(8):
        reader.read()
    assert clock.waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0]


def test_a_camera_that_was_steady_again_is_asked_quickly() -> None:
    clock = Clock()
    camera = Camera((1, gone()), gone(), (200, gone()), (1,), clock=clock, step_ns=S // 10)
    reader = Reopening(camera.open, clock=clock, wait=clock.wait)
    for _ in range(202):
        assert reader.read() is not None
    assert clock.waits == [0.5, 1.0, 0.5]


def test_a_stream_that_ends_is_lost_too() -> None:
    clock, said = Clock(), []
    camera = Camera((1, None), (1, None))
    reader = Reopening(camera.open, said.append, clock=clock, wait=clock.wait)
    reader.read()
    reader.read()
    assert said[0].startswith("camera ended; ")


def test_a_source_that_never_opened_is_an_error_at_once() -> None:
    clock = Clock()
    with pytest.raises(SourceError, match="no camera"):
        Reopening(Camera(SourceError("no camera")).open, clock=clock, wait=clock.wait)
    assert clock.waits == []


@pytest.mark.parametrize("end", [SourceError("opens and gives no picture"), None])
def test_a_source_that_never_gave_a_frame_is_an_error_at_once(end: Exception | None) -> None:
    clock = Clock()
    reader = Reopening(Camera((0, end)).open, clock=clock, wait=clock.wait)
    with pytest.raises(SourceError, match="opens and"):
        reader.read()
    assert clock.waits == []


def test_an_error_that_is_not_of_the_source_is_not_hidden() -> None:
    reader = Reopening(Camera((1, ZeroDivisionError("a bug"))).open)
    reader.read()
    with pytest.raises(ZeroDivisionError):
        reader.read()


def test_waiting_for_a_camera_that_is_gone_can_be_ended() -> None:
    camera = Camera((1, gone()), *itertools.repeat(gone("no"), 3))
    reader = Reopening(camera.open)
    reader.read()
    read = []
    thread = threading.Thread(target=lambda: read.append(reader.read()))
    thread.start()
    reader.wake()
    thread.join(20)
    assert read == [None]
    reader.close()
    assert camera.closed == 1


def test_the_loop_sees_one_source_with_numbers_that_go_on() -> None:
    clock = Clock()
    bug = ZeroDivisionError("the end of the test")
    camera = Camera((1, gone()), (1, gone()), (1, bug), clock=clock)
    seen = []
    source = NewestFrames(
        lambda: Reopening(camera.open, clock=clock, wait=clock.wait), "camera", clock
    )

    def iterate() -> None:
        for frame in source:
            seen.append(frame.index)  # noqa: PERF401 - what came before the error counts

    with source, pytest.raises(ZeroDivisionError):
        iterate()
    assert seen == sorted(set(seen))
    assert (seen[-1], source.reopened) == (2, 2)
