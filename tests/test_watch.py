"""Frames of a scene: faces are followed and named by all that was seen of them."""

import numpy as np
import pytest

from edgeface.errors import BackendError, DetectorError
from edgeface.geometry import Detections
from edgeface.images import Preprocess
from edgeface.vision.classify import Classifier
from edgeface.vision.decide import UNKNOWN
from edgeface.vision.pipeline import Pipeline
from edgeface.vision.watch import Watch, WatchRules

LABELS = ("ada", "bob", "cyd")
ADA, CYD = 60, 185  # grey levels that FakeBackend takes for them
FRAME_NS = 10**9 // 15
WIDTH = 320


class Drawn:
    """Finds the faces that were drawn, and counts how often it was asked, and with what."""

    name = "drawn"

    def __init__(self) -> None:
        self.faces: list[tuple[int, int, int, int]] = []
        self.shapes: list[tuple[int, ...]] = []
        self.broken = False
        self.frame = np.zeros((1, 1, 3), np.uint8)

    def detect(self, picture: np.ndarray) -> Detections:
        self.shapes.append(picture.shape)
        if self.broken:
            msg = "the detector broke"
            raise DetectorError(msg)
        # Of a part of the frame: where it begins is told by its place in memory.
        top, left = divmod((picture.ctypes.data - self.frame.ctypes.data) // 3, WIDTH)
        boxes = [(x - left, y - top, x - left + s, y - top + s) for x, y, s, _ in self.faces]
        at = np.asarray(boxes, np.float32).reshape(-1, 4)
        return Detections(at, np.ones(len(boxes), np.float32))


class Scene:
    """A watch, and frames for it."""

    def __init__(self, backend, rules: WatchRules) -> None:
        self.detector, self.backend = Drawn(), backend
        classifier = Classifier(backend, Preprocess(32, 32, margin=0.0), LABELS, 0.5)
        self.watch = Watch(Pipeline(self.detector, classifier), rules)
        self.number = 0
        self.texture = np.random.default_rng(0).integers(-25, 26, (240, 320, 1))

    def show(self, *faces: tuple[int, int, int, int], at_ns: int | None = None):
        """A frame with faces: x, y, side and grey level."""
        picture = np.full((240, 320, 3), 120, int)
        for x, y, side, level in faces:
            part = np.s_[max(y, 0) : y + side, max(x, 0) : x + side]
            picture[part] = level + self.texture[part]
        self.detector.faces = list(faces)
        at_ns = self.number * FRAME_NS if at_ns is None else at_ns
        self.number += 1
        self.detector.frame = np.clip(picture, 0, 255).astype(np.uint8)
        return self.watch.look(self.detector.frame, at_ns)


@pytest.fixture
def scene(fake_backend):
    return lambda **rules: Scene(fake_backend, WatchRules(**({"motion": False} | rules)))


def names(seen) -> list[str]:
    return [f.decision.name if f.tracked.settled else "?" for f in seen.faces]


def test_faces_are_followed_and_named_after_some_looks(scene) -> None:
    room = scene()
    said = [
        names(room.show((10 + 4 * n, 50, 60, ADA), (250 - 4 * n, 150, 50, CYD))) for n in range(12)
    ]
    assert said[0] == []
    assert said[1] == ["?", "?"]
    assert said[-1] == ["ada", "cyd"]
    assert said == sorted(said, key=lambda names: (len(names), names.count("ada")))


def test_one_frame_of_somebody_else_changes_nothing_and_many_do(scene) -> None:
    room = scene()
    for _ in range(12):
        room.show((100, 100, 60, ADA))
    seen = room.show((100, 100, 60, CYD))
    assert names(seen) == ["ada"]
    assert seen.faces[0].tracked.single.name == "cyd"
    for _ in range(40):
        seen = room.show((100, 100, 60, CYD))
    assert names(seen) == ["cyd"]
    assert seen.faces[0].tracked.id == 1


def test_a_face_that_is_not_good_enough_is_not_shown_to_the_network(scene) -> None:
    room = scene()
    for _ in range(30):
        seen = room.show((100, 100, 12, ADA))
    assert names(seen) == [UNKNOWN]
    assert seen.faces[0].tracked.refused == {"small": 30}
    assert seen.faces[0].tracked.votes == 0
    assert not np.isfinite(seen.faces[0].decision.score)
    assert room.backend.calls == 0
    assert names([room.show((100, 100, 60, ADA)) for _ in range(12)][-1]) == ["ada"]


def test_a_model_that_answers_no_number_names_nobody(scene) -> None:
    room = scene()
    room.backend.infer = lambda pixels: np.full(3, np.nan, np.float32)
    seen = [room.show((100, 100, 60, ADA)) for _ in range(30)][-1]
    assert names(seen) == [UNKNOWN]
    assert seen.faces[0].tracked.refused == {"no number": 30}


def test_a_track_that_ended_is_told_once(scene) -> None:
    room = scene()
    for _ in range(12):
        room.show((100, 100, 60, ADA))
    gone = [room.show() for _ in range(30)]
    assert [len(s.ended) for s in gone].count(1) == 1
    ended = next(s.ended[0] for s in gone if s.ended)
    assert (ended.decision.name, ended.tracked.id, ended.tracked.seen) == ("ada", 1, False)
    assert 0.7 < ended.tracked.seconds < 0.8
    assert gone[-1].nobody
    assert gone[-1].others == 0
    assert gone[0].faces[0].tracked.seen is False
    assert [room.show((100, 100, 60, ADA)) for _ in range(3)][-1].faces[0].tracked.id == 2


def test_between_searches_faces_are_expected(scene) -> None:
    room = scene(detect_every=3)
    for n in range(30):
        seen = room.show((10 + 6 * n, 100, 60, ADA))
        assert seen.searched == (n % 3 == 0)
    assert len(room.detector.shapes) == 10
    assert names(seen) == ["ada"]
    assert seen.faces[0].tracked.seen is False
    assert seen.faces[0].box[0] == pytest.approx(10 + 6 * 29, abs=4)


def test_with_the_motion_gate_a_still_scene_costs_nothing_and_is_known_still(scene) -> None:
    room = scene(motion=True)
    seen = [room.show((100, 100, 60, ADA)) for _ in range(60)]
    assert names(seen[-1]) == ["ada"]
    assert sum(s.searched for s in seen) < 20
    assert all(len(s.faces) == 1 for s in seen[1:])
    moved = room.show((110, 100, 60, ADA))
    assert moved.searched
    assert names(moved) == ["ada"]
    assert room.detector.shapes[-1] != (240, 320, 3)


def test_of_two_with_one_name_the_clearly_weaker_is_unknown(scene) -> None:
    for one_each, expected in ((True, ["ada", UNKNOWN]), (False, ["ada", "ada"])):
        room = scene(one_each=one_each)
        for _ in range(30):
            room.show((20, 50, 60, ADA))
        for _ in range(8):
            seen = room.show((20, 50, 60, ADA), (200, 100, 60, ADA))
        assert names(seen) == expected


def test_a_name_does_not_go_over_to_somebody_else_at_a_jump(scene) -> None:
    room = scene()
    for _ in range(20):
        room.show((100, 100, 60, ADA))
    seen = room.show((140, 100, 60, CYD))
    assert seen.faces[0].tracked.id == 1
    assert names(seen) == ["?"]
    assert names([room.show((140, 100, 60, CYD)) for _ in range(8)][-1]) == ["cyd"]


def test_a_frame_of_another_size_and_an_earlier_one_are_another_scene(scene) -> None:
    room = scene()
    for _ in range(12):
        room.show((100, 100, 60, ADA))
    assert room.show((100, 100, 60, ADA), at_ns=0).ended
    room.detector.faces, room.detector.frame = [], np.zeros((100, 100, 3), np.uint8)
    room.watch.look(room.detector.frame, FRAME_NS)
    assert room.show(at_ns=2 * FRAME_NS).nobody


def test_what_breaks_loses_nothing(scene) -> None:
    room = scene()
    for _ in range(12):
        room.show((100, 100, 60, ADA))
    room.detector.broken = True
    with pytest.raises(DetectorError):
        room.show((100, 100, 60, ADA))
    room.detector.broken = False
    answer = room.backend.infer

    def broken(pixels):
        raise ValueError

    room.backend.infer = broken
    with pytest.raises(BackendError):
        room.show((100, 100, 60, ADA))
    room.backend.infer = answer
    assert names(room.show((100, 100, 60, ADA))) == ["ada"]
    # The scene ends in a frame that fails: the end is told with the next one.
    room.detector.broken = True
    with pytest.raises(DetectorError):
        room.show(at_ns=10**12)
    room.detector.broken = False
    assert [f.decision.name for f in room.show(at_ns=10**12 + FRAME_NS).ended] == ["ada"]


def test_nothing_grows_with_those_who_come_and_go(scene) -> None:
    room = scene()
    for n in range(40):
        for _ in range(3):
            room.show((60 * (n % 4), 100, 50, ADA))
        for _ in range(17):
            room.show()
    assert not room.watch._people
    assert not room.watch._ended
    assert not room.watch._tracker.tracks


def test_smallest_face_and_region(scene) -> None:
    room = scene(least_face_px=50, region=(0.5, 0, 1, 1))
    room.detector.detect = lambda picture: Detections(
        np.asarray([[10, 10, 40, 40], [60, 60, 120, 120]], np.float32), np.ones(2, np.float32)
    )
    seen = [room.show() for _ in range(3)][-1]
    assert [f.box for f in seen.faces] == [(220, 60, 280, 120)]
