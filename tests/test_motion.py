"""Where something moved, and which part of a frame is searched."""

import numpy as np
import pytest

from edgeface.errors import UsageError
from edgeface.geometry import Detections
from edgeface.vision.motion import MotionGate
from edgeface.vision.searching import check_region, covering, pixels_of, search

WHOLE = (0, 0, 640, 480)


def scene(x: int = -200, gain: float = 1.0, seed: int = 0, noise: float = 3.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    room = np.random.default_rng(99).integers(60, 160, (60, 80, 3)).astype(np.float32)
    picture = np.repeat(np.repeat(room, 8, axis=0), 8, axis=1)
    if x > -100:
        picture[200:280, max(x, 0) : x + 60] = 240
    picture = picture * gain + rng.normal(0, noise, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def seen(gate: MotionGate, picture: np.ndarray, at_s: float):
    region = gate.moved(picture, at_s)
    if region is not None:
        gate.searched(region, at_s, whole=region == WHOLE)
    return region


def test_a_still_room_is_searched_once_a_second() -> None:
    gate = MotionGate(full_s=1.0)
    searched = [seen(gate, scene(seed=n), n / 10) for n in range(30)]
    assert [n for n, region in enumerate(searched) if region] == [0, 10, 20]


def test_what_moved_lies_within_what_is_searched() -> None:
    gate = MotionGate(full_s=100.0)
    seen(gate, scene(), 0.0)
    region = seen(gate, scene(x=300, seed=1), 0.1)
    assert region is not None
    assert region[0] <= 300
    assert region[1] <= 200
    assert region[2] >= 360
    assert region[3] >= 280
    assert region != WHOLE
    assert seen(gate, scene(x=300, seed=2), 0.2) is None


def test_slow_motion_adds_up_and_light_is_no_motion() -> None:
    gate = MotionGate(full_s=100.0)
    seen(gate, scene(x=100), 0.0)
    assert any(seen(gate, scene(x=100 + n, seed=n), n / 10) for n in range(1, 16))
    gate = MotionGate(full_s=100.0)
    seen(gate, scene(noise=1), 0.0)
    assert (
        seen(gate, np.clip(scene(noise=1, seed=1).astype(int) + 20, 0, 255).astype("u1"), 0.1)
        is None
    )


def test_a_frame_of_another_size_and_a_clock_that_goes_back_are_searched() -> None:
    gate = MotionGate()
    seen(gate, scene(), 5.0)
    assert gate.moved(scene(seed=1)[:240], 5.1) == (0, 0, 640, 240)
    assert gate.moved(scene(seed=1), 2.0) == WHOLE


def test_a_part_cuts_through_no_face() -> None:
    face = (100.0, 100.0, 160.0, 160.0)
    part = covering((150, 90, 250, 200), [], [face], WHOLE)
    assert part is not None
    assert part[0] <= 100
    assert covering(None, [], [face], WHOLE) is None
    assert covering(None, [face], [face], WHOLE) == (70, 70, 191, 191)
    assert covering((0, 0, 600, 400), [], [], WHOLE) == WHOLE
    assert covering((0, 0, 100, 100), [], [], (300, 0, 640, 480)) is None


@pytest.mark.parametrize("region", [(0, 0, 0, 1), (0.5, 0, 0.4, 1), (0, 0, 1.2, 1), (-1, 0, 1, 1)])
def test_a_region_lies_in_the_frame(region) -> None:
    with pytest.raises(UsageError, match="no part of a frame"):
        check_region(region)


class Bright:
    """Finds the bright square of a picture and remembers what it was shown."""

    name = "bright"

    def detect(self, picture: np.ndarray) -> Detections:
        self.shape = picture.shape
        rows, columns = np.nonzero(picture[..., 1] > 200)
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        marks = np.tile(np.asarray([columns.min(), rows.min()], np.float32), (1, 5, 1))
        return Detections(np.asarray([box], np.float32), np.ones(1, np.float32), marks)


def test_boxes_and_landmarks_are_in_pixels_of_the_frame_whatever_was_searched() -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[200:280, 300:380] = 240
    detector = Bright()
    for region, least in ((WHOLE, 0), ((250, 150, 500, 400), 0), ((250, 150, 500, 400), 64)):
        found = search(detector, picture, region, least)
        assert found.boxes.tolist() == [[300, 200, 380, 280]]
        assert found.landmarks is not None
        assert found.landmarks[0, 0].tolist() == [300, 200]
    assert detector.shape == (125, 125, 3)
    assert not len(search(detector, picture, WHOLE, 100))
    assert pixels_of((0.5, 0.25, 1, 1), (480, 640, 3)) == (320, 120, 640, 480)
