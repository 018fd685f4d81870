"""Tracks: who is who from frame to frame, whatever the order in which faces were found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface.geometry import Detections, no_detections
from edgeface.vision.track import Tracker, TrackRules

FRAME_S = 1 / 15


def found(*boxes: tuple[float, float, float], scores: tuple[float, ...] = ()) -> Detections:
    """Squares from their centre and side."""
    at = np.asarray([(x - s / 2, y - s / 2, x + s / 2, y + s / 2) for x, y, s in boxes], np.float32)
    return Detections(at.reshape(-1, 4), np.asarray(scores or [1.0] * len(boxes), np.float32))


def step(tracker: Tracker, what: Detections, at_s: float) -> list[int | None]:
    tracker.begin(at_s)
    given_to, _ = tracker.update(what, at_s)
    return [None if t is None else t.id for t in given_to]


def test_a_face_that_moves_keeps_its_track_and_two_that_cross_keep_theirs() -> None:
    tracker = Tracker()
    for n in range(40):
        left, right = (20 + 14 * n, 200, 90), (600 - 14 * n, 260, 60)
        ids = step(tracker, found(left, right, scores=(2, 1)), n * FRAME_S)
        assert ids == [1, 2]
    assert [t.hits for t in tracker.tracks] == [40, 40]


def test_a_face_that_is_missed_for_a_moment_is_the_same_face_afterwards() -> None:
    tracker = Tracker()
    for n in range(10):
        step(tracker, found((100 + 6 * n, 100, 60)), n * FRAME_S)
    for n in range(10, 14):
        assert step(tracker, no_detections(), n * FRAME_S) == []
    assert step(tracker, found((100 + 6 * 14, 100, 60)), 14 * FRAME_S) == [1]


def test_a_track_ends_after_its_life_and_its_number_is_not_given_again() -> None:
    tracker = Tracker(TrackRules(life_s=1.0))
    step(tracker, found((100, 100, 60)), 0.0)
    ended = []
    for n in range(1, 40):
        tracker.begin(n * FRAME_S)
        ended += [(t.id, n) for t in tracker.update(no_detections(), n * FRAME_S)[1]]
    assert ended == [(1, 16)]
    assert not tracker.tracks
    assert step(tracker, found((100, 100, 60)), 40 * FRAME_S) == [2]


def test_a_gap_and_a_clip_that_begins_again_are_other_scenes() -> None:
    for later in (30.0, -0.5):
        tracker = Tracker()
        step(tracker, found((100, 100, 60)), 10.0)
        assert [t.id for t in tracker.begin(10.0 + later)] == [1]
        assert not tracker.tracks


def test_slow_sources_have_tracks_too() -> None:
    tracker = Tracker(TrackRules(life_s=0.1))
    ids = [step(tracker, found((100, 100, 60)), n * 0.09) for n in range(10)]
    assert ids[-1] == [1]
    assert step(tracker, no_detections(), 10 * 0.09) == []
    assert step(tracker, found((100, 100, 60)), 11 * 0.09) == [1]


def test_one_face_found_twice_is_one_track() -> None:
    tracker = Tracker()
    assert step(tracker, found((100, 100, 60), (104, 102, 66), scores=(1, 2)), 0.0) == [None, 1]
    assert step(tracker, found((100, 100, 60), (104, 102, 66)), FRAME_S) in ([1, None], [None, 1])
    assert len(tracker.tracks) == 1


def test_what_was_not_searched_stays() -> None:
    tracker = Tracker()
    for n in range(3):
        step(tracker, found((100, 100, 60), (500, 100, 60)), n * FRAME_S)
    for n in range(3, 60):
        tracker.begin(n * FRAME_S)
        tracker.update(found((100, 100, 60)), n * FRAME_S, (0, 0, 300, 480))
    assert [t.id for t in tracker.tracks] == [1, 2]
    assert [t.found for t in tracker.tracks] == [True, True]


def test_a_jump_a_pause_and_a_rival_are_doubtful() -> None:
    tracker = Tracker()
    for n in range(4):
        step(tracker, found((100, 100, 60)), n * FRAME_S)
    assert not tracker.tracks[0].doubtful
    step(tracker, found((140, 100, 60)), 4 * FRAME_S)
    assert tracker.tracks[0].doubtful
    for n in range(5, 12):
        step(tracker, found((140, 100, 60)), n * FRAME_S)
    assert not tracker.tracks[0].doubtful
    for n in range(12, 21):
        step(tracker, no_detections(), n * FRAME_S)
    step(tracker, found((140, 100, 60)), 21 * FRAME_S)
    assert tracker.tracks[0].doubtful


FACES = st.lists(
    st.tuples(st.integers(0, 640), st.integers(0, 480), st.integers(20, 200), st.integers(1, 99)),
    max_size=7,
    unique=True,
)


def of(faces: list[tuple[int, int, int, int]]) -> Detections:
    return found(*(f[:3] for f in faces), scores=tuple(float(f[3]) for f in faces))


@settings(max_examples=60)
@given(st.lists(FACES, max_size=8), st.randoms(use_true_random=False))
def test_invariants(frames, random) -> None:
    """Numbers are unique, no order matters, nobody outlives their life."""
    one, other = Tracker(), Tracker()
    ended_ids: set[int] = set()
    for n, faces in enumerate(frames):
        at_s = n * 0.3
        shuffled = random.sample(range(len(faces)), len(faces))
        for tracker in (one, other):
            before = {t.id for t in tracker.tracks}
            gone = {t.id for t in tracker.begin(at_s)}
            assert gone <= before
        got, ended = one.update(of(faces), at_s)
        same, ended_too = other.update(of([faces[i] for i in shuffled]), at_s)
        ids = [None if t is None else t.id for t in got]
        assert [None if same[k] is None else same[k].id for k in np.argsort(shuffled)] == ids
        assert {t.id for t in ended} == {t.id for t in ended_too}
        taken = [i for i in ids if i is not None]
        assert len(taken) == len(set(taken))
        alive = [t.id for t in one.tracks]
        assert len(alive) == len(set(alive))
        ended_ids |= {t.id for t in ended}
        assert not ended_ids & set(alive)
        assert all(at_s - t.seen_s <= max(1.0, 3 * 0.3) for t in one.tracks)
        assert len(alive) <= sum(len(f) for f in frames[max(0, n - 4) : n + 1])


@pytest.mark.parametrize("every", [1, 3])
def test_the_life_is_three_searches_at_least(every: int) -> None:
    tracker = Tracker(TrackRules(life_s=0.0), every)
    for n in range(60):
        tracker.begin(n * 0.1)
        if n % every == 0:
            tracker.update(found((100, 100, 60)), n * 0.1)
    last = tracker.tracks[0].seen_s
    n = 59
    while tracker.tracks:
        n += 1
        tracker.begin(n * 0.1)
        tracker.update(no_detections(), n * 0.1)
    assert n * 0.1 - last == pytest.approx(3 * every * 0.1, abs=0.11)
