"""Newest frame only: what is dropped, what is too old, what ends it."""

import queue
import threading
from collections.abc import Callable

import numpy as np
import pytest

from edgeface.camera.newest import NewestFrames
from edgeface.camera.reader import Taken
from edgeface.errors import InputError, SourceError

WAIT_S = 20.0
BROKEN = 99
MS = 1_000_000


def picture(value: int) -> np.ndarray:
    return np.full((4, 4, 3), value, np.uint8)


class Scripted:
    """A reader that a test feeds: a picture's value, also with its age, an error, or None."""

    name, fps, given, reopened = "scripted", 30.0, None, 0

    def __init__(self, clock: Callable[[], int] = lambda: 0) -> None:
        self.clock = clock
        self.queue: queue.Queue[object] = queue.Queue()
        self.developed: list[int] = []
        self.discarded: list[int] = []
        self.woken = threading.Event()
        self.closed = False

    def read(self):
        item = self.queue.get()
        if isinstance(item, Exception):
            raise item
        if item is None:
            return None
        number, age_ns = item if isinstance(item, tuple) else (item, 0)
        return Taken(
            lambda: self._develop(number),
            self.clock() - age_ns,
            stamp="driver",
            discard=lambda: self.discarded.append(number),
        )

    def _develop(self, number: int) -> np.ndarray:
        if number == BROKEN:
            msg = "a broken frame"
            raise InputError(msg)
        self.developed.append(number)
        return picture(number)

    def wake(self) -> None:
        self.woken.set()
        self.queue.put(None)

    def close(self) -> None:
        self.closed = True


def wait_for(condition) -> None:
    """Until another thread has come so far; the deadline only ends a test that failed."""
    turn = threading.Event()
    for _ in range(int(WAIT_S * 200)):
        if condition():
            return
        turn.wait(0.005)
    pytest.fail("the other thread never came so far")


def test_newest_frame_only() -> None:
    reader = Scripted()
    source = NewestFrames(lambda: reader, "scripted", lambda: 0)
    with source:
        frames = iter(source)
        reader.queue.put(0)
        first = next(frames)
        for value in (1, 2, 3, 4):
            reader.queue.put(value)
        wait_for(lambda: source.dropped == 3)
        wait_for(lambda: source._slot is not None and source._slot.index == 4)
        newest = next(frames)
        reader.queue.put(5)
        after = next(frames)
        reader.queue.put(None)
        assert list(frames) == []
    assert [f.index for f in (first, newest, after)] == [0, 4, 5]
    assert [f.picture[0, 0, 0] for f in (first, newest, after)] == [0, 4, 5]
    assert newest.stamp == "driver"
    assert source.dropped == 3
    assert reader.closed
    # What nobody looked at was given back, and never decoded.
    assert (reader.developed, reader.discarded) == ([0, 4, 5], [1, 2, 3])


def test_the_last_frame_before_an_error_is_handed_out_first() -> None:
    reader = Scripted()
    with NewestFrames(lambda: reader, "scripted", lambda: 0) as source:
        reader.queue.put(0)
        reader.queue.put(SourceError("unplugged"))
        frames = iter(source)
        assert next(frames).index == 0
        with pytest.raises(SourceError, match="unplugged"):
            next(frames)


def test_a_bug_in_a_reader_reaches_the_one_who_iterates() -> None:
    reader = Scripted()
    with NewestFrames(lambda: reader, "scripted", lambda: 0) as source:
        reader.queue.put(ZeroDivisionError("a bug"))
        with pytest.raises(ZeroDivisionError):
            next(iter(source))


def test_stop_ends_a_wait_for_a_frame_that_never_comes() -> None:
    reader = Scripted()
    ended = threading.Event()
    with NewestFrames(lambda: reader, "scripted", lambda: 0) as source:

        def iterate() -> None:
            assert list(source) == []
            ended.set()

        threading.Thread(target=iterate, daemon=True).start()
        source.stop()
        assert ended.wait(WAIT_S)
    assert reader.woken.is_set()


def test_a_broken_frame_is_an_error_of_its_own_and_the_next_one_comes() -> None:
    reader = Scripted()
    with NewestFrames(lambda: reader, "scripted", lambda: 0) as source:
        reader.queue.put(BROKEN)
        with pytest.raises(InputError, match="a broken frame"):
            next(source)
        reader.queue.put(7)
        assert next(source).index == 1


class Hand:
    """A clock that a test sets."""

    ns = 0

    def __call__(self) -> int:
        return self.ns


def test_after_a_stall_no_frame_from_before_it_is_handed_out() -> None:
    """The whole process was held up for a second: the frame that lies there is that old."""
    clock = Hand()
    reader = Scripted(clock)
    with NewestFrames(lambda: reader, "scripted", clock) as source:
        reader.queue.put(0)
        assert next(source).index == 0
        reader.queue.put(1)
        wait_for(lambda: source._slot is not None)
        clock.ns += 1000 * MS
        asked = threading.Thread(target=reader.queue.put, args=(2,))
        asked.start()
        assert next(source).index == 2
        asked.join()
        assert source.dropped == 1
        assert reader.discarded == [1]


def test_what_lay_in_the_driver_during_a_stall_is_passed_over() -> None:
    clock = Hand()
    reader = Scripted(clock)
    with NewestFrames(lambda: reader, "scripted", clock) as source:
        for number, age_ns in enumerate((900 * MS, 867 * MS, 834 * MS, 800 * MS)):
            reader.queue.put((number, age_ns))
        reader.queue.put((4, 20 * MS))
        frame = next(source)
        assert (frame.index, source.dropped) == (4, 4)
        assert reader.developed == [4]


def test_a_frame_that_was_waited_for_while_the_process_was_stopped_is_passed_over() -> None:
    clock = Hand()
    reader = Scripted(clock)
    with NewestFrames(lambda: reader, "scripted", clock) as source:
        reader.queue.put(0)
        assert next(source).index == 0  # and the thread waits for the next one already
        clock.ns += 1000 * MS
        reader.queue.put((1, 990 * MS))
        reader.queue.put((2, 10 * MS))
        assert next(source).index == 2
        assert reader.developed == [0, 2]


def test_a_source_that_is_always_late_is_no_stall() -> None:
    clock = Hand()

    class Slow(Scripted):
        def read(self):
            taken = super().read()
            clock.ns += 33 * MS  # each was waited for
            return taken

    reader = Slow(clock)
    with NewestFrames(lambda: reader, "scripted", clock) as source:
        for number in range(3):
            reader.queue.put((number, 900 * MS))
            assert next(source).index == number
        assert source.dropped == 0


def test_a_camera_of_one_frame_a_second_is_no_stall() -> None:
    clock = Hand()
    reader = Scripted(clock)
    with NewestFrames(lambda: reader, "scripted", clock) as source:
        for number in range(4):
            reader.queue.put(number)
            assert next(source).index == number
            clock.ns += 1000 * MS
        reader.queue.put(4)
        wait_for(lambda: source._slot is not None)
        clock.ns += 900 * MS
        assert next(source).index == 4


def test_the_last_frame_is_handed_out_however_old() -> None:
    clock = Hand()
    reader = Scripted(clock)
    with NewestFrames(lambda: reader, "scripted", clock) as source:
        reader.queue.put(0)
        reader.queue.put(None)
        wait_for(lambda: source._ended)
        clock.ns += 5000 * MS
        assert [f.index for f in source] == [0]


def test_what_is_left_is_given_back_before_the_reader_is_closed() -> None:
    order = []

    class Held(Scripted):
        def close(self) -> None:
            order.append(list(self.discarded))

    reader = Held()
    with NewestFrames(lambda: reader, "scripted", lambda: 0) as source:
        reader.queue.put(3)
        wait_for(lambda: source._slot is not None)
    assert order == [[3]]


def test_frames_that_the_reader_passed_over_have_numbers_and_are_counted() -> None:
    class Skipping(Scripted):
        def read(self):
            taken = super().read()
            return taken and Taken(taken.develop, taken.captured_ns, skipped=2)

    reader = Skipping()
    with NewestFrames(lambda: reader, "scripted", lambda: 0) as source:
        reader.queue.put(1)
        assert next(source).index == 2
        assert source.dropped == 2


def test_a_reader_that_hangs_is_left_behind_and_not_closed() -> None:
    let_go = threading.Event()

    class Hanging(Scripted):
        def read(self):
            let_go.wait(WAIT_S)

    reader = Hanging()
    with NewestFrames(lambda: reader, "scripted", lambda: 0):
        pass
    assert not reader.closed
    let_go.set()
