"""A decision is said once, not once a frame."""

from datetime import UTC, datetime

import numpy as np

from edgeface.camera.changes import Changes
from edgeface.camera.frame import Frame, Result
from edgeface.vision.decide import UNKNOWN, Decision
from edgeface.vision.pipeline import Face, Seen, Stages, Tracked


def face(track: int | None, name: str, *, settled: bool = True) -> Face:
    tracked = None if track is None else Tracked(track, settled, True, 3, {}, None, 1.0)
    return Face((0, 0, 9, 9), 1.0, Decision(name, "ada", 0.9, 0.5), tracked)


def said(changes: Changes, *faces: Face, ended: tuple[Face, ...] = (), others: int = 0):
    frame = Frame(np.zeros((2, 2, 3), np.uint8), 0, 0)
    seen = Seen(faces, Stages(0), ended, others=others)
    result = Result(frame, seen, 0, datetime(2026, 1, 2, tzinfo=UTC))
    return [
        (c.what, c.name, c.face and c.face.tracked and c.face.tracked.id) for c in changes(result)
    ]


def test_a_face_from_its_coming_to_its_going() -> None:
    changes = Changes()
    assert said(changes) == [("nobody", "nobody", None)]
    assert said(changes) == []
    assert said(changes, others=1) == []
    assert said(changes, face(1, UNKNOWN, settled=False)) == []
    assert said(changes, face(1, "ada")) == [("decided", "ada", 1)]
    assert said(changes, face(1, "ada")) == []
    assert said(changes, face(1, UNKNOWN, settled=False)) == []
    assert said(changes, face(1, "ada")) == []
    assert said(changes, face(1, "bob"), face(2, UNKNOWN)) == [
        ("decided", "bob", 1),
        ("decided", UNKNOWN, 2),
    ]
    assert said(changes, face(2, UNKNOWN), others=1) == []
    assert said(changes, face(2, UNKNOWN), ended=(face(1, "bob"),)) == [("ended", "bob", 1)]
    assert said(changes, ended=(face(2, UNKNOWN, settled=False),)) == [
        ("ended", UNKNOWN, 2),
        ("nobody", "nobody", None),
    ]
    assert said(changes) == []
    assert not changes._said


def test_nobody_is_not_said_while_somebody_is_missed_for_a_moment() -> None:
    changes = Changes()
    said(changes, face(1, "ada"))
    assert said(changes, others=1) == []
    assert said(changes, face(1, "ada")) == []


def test_what_ended_unseen_is_told_and_what_never_was_known_is_not() -> None:
    changes = Changes()
    assert said(changes, face(9, UNKNOWN), ended=(face(1, "ada"), face(2, "x", settled=False))) == [
        ("decided", "ada", 1),
        ("ended", "ada", 1),
        ("decided", UNKNOWN, 9),
    ]


def test_what_is_said_last_of_a_face_is_what_ended() -> None:
    changes = Changes()
    said(changes, face(1, "ada"))
    assert said(changes, face(1, UNKNOWN)) == [("decided", UNKNOWN, 1)]  # another is ada
    assert said(changes, ended=(face(1, "ada"),))[0] == ("ended", UNKNOWN, 1)


def test_faces_that_are_not_followed_are_told_every_time() -> None:
    changes = Changes()
    for _ in range(2):
        assert said(changes, face(None, "ada")) == [("decided", "ada", None)]
