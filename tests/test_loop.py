"""The loop: what it counts, what it survives, and how it is ended."""

import os
import signal
import threading
from datetime import UTC, datetime
from itertools import count

import numpy as np
import pytest

from edgeface.camera.frame import Frame
from edgeface.camera.loop import run_loop, stopping
from edgeface.camera.tally import KEPT, Tally
from edgeface.errors import BackendError, EdgefaceError, InputError, SourceError
from edgeface.vision.decide import Decision
from edgeface.vision.pipeline import Face, Seen, Stages

MS = 10**6


class Source:
    """Hands out frames, or raises what stands in their place."""

    name, fps = "a list", 30.0

    def __init__(self, items, dropped: int = 0) -> None:
        self._items, self.dropped = iter(items), dropped
        self.stopped = False

    def __enter__(self):
        return self

    def __exit__(self, *about: object) -> None:
        pass

    def __iter__(self):
        return self

    def __next__(self) -> Frame:
        if self.stopped:
            raise StopIteration
        item = next(self._items)
        if isinstance(item, Exception):
            raise item
        return item

    def stop(self) -> None:
        self.stopped = True


class Looks:
    """Finds as many faces as the first pixel says; 255 is an error of the model."""

    def look(self, picture, at_ns=None) -> Seen:
        faces = int(picture[0, 0, 0])
        if faces == 255:
            msg = "the model broke"
            raise BackendError(msg)
        face = Face((0, 0, 1, 1), 1.0, Decision("ada", "ada", 0.9, 0.5))
        other = Face((0, 0, 1, 1), 1.0, Decision("unknown", "ada", 0.3, 0.5))
        return Seen((face, *[other] * (faces - 1))[:faces], Stages(5 * MS, MS, 2 * MS, 0))


def frame(index: int, faces: int = 1, captured_ns: int = 0) -> Frame:
    return Frame(np.full((2, 2, 3), faces, np.uint8), index, captured_ns)


def stepping(step_ns: int = MS):
    ticks = count(step=step_ns)
    return lambda: next(ticks)


def noon() -> datetime:
    return datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_it_counts_what_it_saw() -> None:
    source = Source([frame(0, 1), frame(3, 0), frame(4, 3)], dropped=2)
    taken = []
    tally = run_loop(source, Looks(), [taken.append], clock=stepping(), now=noon)
    assert (tally.frames, tally.dropped, tally.failed) == (3, 2, 0)
    assert (tally.with_face, tally.faces) == (2, 4)
    assert tally.names == {"ada": 2, "unknown": 2}
    assert [r.frame.index for r in taken] == [0, 3, 4]
    assert taken[0].time == noon()
    assert [r.age_ns for r in taken] == list(tally.ages_ns)
    assert list(tally.stages_ns["detect"]) == [5 * MS] * 3
    assert list(tally.stages_ns["infer"]) == [2 * MS] * 2
    assert list(tally.stages_ns["capture"]) == [MS] * 3
    assert tally.first_decision_ns == taken[0].decided_ns
    assert tally.stopped_by is None


def test_the_age_of_a_frame_ends_when_it_is_decided() -> None:
    clock = stepping()
    taken = []
    run_loop(Source([frame(0, 1, captured_ns=0)]), Looks(), [taken.append], clock=clock)
    # Ticks: start, asked, captured, decided.
    assert taken[0].age_ns == 3 * MS


def test_it_ends_after_so_many_frames() -> None:
    tally = run_loop(Source(frame(i) for i in range(100)), Looks(), max_frames=7)
    assert tally.frames == 7


def test_a_frame_that_fails_is_counted_and_said_once() -> None:
    said, taken = [], []
    broken = [frame(0, 255), InputError("a.jpg: truncated"), frame(2, 255), frame(3)]
    tally = run_loop(Source(broken), Looks(), [taken.append], say=said.append)
    assert (tally.frames, tally.failed) == (4, 3)
    assert said == ["frame 0: the model broke; the loop goes on, further ones are counted only"]
    assert tally.first_failure == "frame 0: the model broke"
    assert [r.frame.index for r in taken] == [3]


def test_frames_that_fail_count_towards_the_limit() -> None:
    tally = run_loop(Source(frame(i, 255) for i in range(100)), Looks(), max_frames=5)
    assert (tally.frames, tally.failed) == (5, 5)


def test_a_source_that_fails_ends_it_with_its_sum() -> None:
    tally = run_loop(Source([frame(0), SourceError("unplugged")]), Looks())
    assert tally.frames == 1
    assert str(tally.stopped_by) == "unplugged"


def test_a_sink_that_fails_ends_it_with_its_sum() -> None:
    def full(result: object) -> None:
        msg = "disk full"
        raise EdgefaceError(msg)

    tally = run_loop(Source([frame(0), frame(1)]), Looks(), [full])
    assert tally.frames == 1
    assert str(tally.stopped_by) == "disk full"


def test_a_bug_is_not_swallowed() -> None:
    class Broken:
        def look(self, picture, at_ns=None) -> Seen:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_loop(Source([frame(0)]), Broken())


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_between_two_frames(number: signal.Signals) -> None:
    source = Source(frame(i) for i in range(1000))
    before = signal.getsignal(number)

    def interrupt(result) -> None:
        if result.frame.index == 4:
            os.kill(os.getpid(), number)

    with stopping(source):
        tally = run_loop(source, Looks(), [interrupt])
    assert tally.frames == 5
    assert signal.getsignal(number) is before


@pytest.mark.alone
def test_the_second_ctrl_c_is_an_ordinary_one() -> None:
    source = Source([])
    with stopping(source):
        os.kill(os.getpid(), signal.SIGINT)
        assert source.stopped
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_outside_of_the_main_thread_signals_are_left_alone() -> None:
    ran = []

    def in_thread() -> None:
        with stopping(Source([])):
            ran.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    assert ran == [before]


def test_the_sum_of_nothing() -> None:
    empty = Tally().as_dict()
    assert (empty["frames"], empty["fps"], empty["faces_per_frame"]) == (0, None, None)
    assert empty["age_ms"] == {"p50": None, "p90": None, "p95": None}


def test_the_sum_names_people_apart_from_unknown_and_has_quantiles_where_there_are_enough() -> None:
    source = Source(frame(i, 2, captured_ns=0) for i in range(100))
    tally = run_loop(source, Looks(), clock=stepping(1000))
    found = tally.as_dict()
    assert (found["names"], found["unknown"]) == ({"ada": 100}, 100)
    assert found["faces_per_frame"] == 2
    assert found["stages_p50_ms"]["detect"] == 5
    assert found["age_ms"]["p50"] < found["age_ms"]["p90"]
    assert found["age_ms"]["p95"] is None  # of 100 frames nobody knows it
    assert tally.fps == 100 / tally.seconds


def test_a_long_run_keeps_the_last_samples_only() -> None:
    tally = Tally()
    tally.ages_ns.extend(range(KEPT + 10))
    assert len(tally.ages_ns) == KEPT
    assert tally.ages_ns[0] == 10
