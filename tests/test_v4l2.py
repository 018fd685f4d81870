"""Cameras through V4L2: what is asked for, what is given, how old it is, what is lost."""

import cv2
import numpy as np
import pytest

from edgeface.camera import v4l2
from edgeface.camera.source import open_source
from edgeface.camera.v4l2 import CameraReader
from edgeface.camera.wanted import Wanted
from edgeface.errors import SourceError


class Capture:
    """What OpenCV's VideoCapture is to a camera."""

    def __init__(self, frames: int, stamp_ms: float = 0.0, opens: bool = True) -> None:
        self.left, self.stamp_ms, self.opens = frames, stamp_ms, opens
        self.was_set: dict[int, float] = {}
        self.gives = {
            cv2.CAP_PROP_FPS: 30.0,
            cv2.CAP_PROP_FRAME_WIDTH: 640.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 480.0,
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"YUYV")),
        }

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opens

    def set(self, what: int, value: float) -> None:
        self.was_set[what] = value

    def get(self, what: int) -> float:
        return self.stamp_ms if what == cv2.CAP_PROP_POS_MSEC else self.gives[what]

    def read(self):
        if not self.left:
            return False, None
        self.left -= 1
        return True, np.full((4, 4, 3), 9, np.uint8)

    def release(self) -> None:
        pass


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch):
    """Puts a capture in OpenCV's place."""

    def put(capture: Capture) -> Capture:
        monkeypatch.setattr(v4l2.cv2, "VideoCapture", lambda device, api: capture)
        return capture

    return put


def test_a_camera_is_asked_for_a_small_picture_and_a_short_queue(camera) -> None:
    capture = camera(Capture(1))
    with open_source("/dev/video3") as source:
        assert source.name == "/dev/video3"
        assert next(iter(source)).index == 0
        assert str(source.given) == "640x480 YUYV at 30 fps"
    assert capture.was_set == {
        cv2.CAP_PROP_FRAME_WIDTH: 640,
        cv2.CAP_PROP_FRAME_HEIGHT: 480,
        cv2.CAP_PROP_BUFFERSIZE: 1,
    }


def test_what_is_asked_for_is_asked_in_an_order_that_drivers_take(camera) -> None:
    capture = camera(Capture(10**9))
    said = []
    wanted = Wanted(size=(720, 1280), fps=60, pixels="MJPG")
    with open_source("0", wanted, say=said.append):
        pass
    assert list(capture.was_set.items())[:4] == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 60),
    ]
    assert said == [
        "/dev/video0 gives 640x480 YUYV at 30 fps; it was asked for 1280x720 MJPG at 60 fps"
    ]


def test_a_camera_that_gives_what_it_was_asked_for_is_not_spoken_of(camera) -> None:
    camera(Capture(10**9))
    said = []
    with open_source("0", Wanted(size=(480, 640), fps=30, pixels="YUYV"), say=said.append):
        pass
    assert said == []


@pytest.mark.parametrize(
    ("stamp_ms", "expected_ns", "stamp"),
    [
        (19_900.0, 19_900_000_000, "driver"),
        (0.0, 20_000_000_000, "read"),
        (20_001.0, 20_000_000_000, "read"),
        (1.7e12, 20_000_000_000, "read"),
        (float("nan"), 20_000_000_000, "read"),
    ],
    ids=["the driver's own", "none", "of another clock", "the time of day", "no number"],
)
def test_a_camera_frame_is_as_old_as_the_driver_says(
    camera, stamp_ms: float, expected_ns: int, stamp: str
) -> None:
    camera(Capture(1, stamp_ms))
    taken = CameraReader(0, clock=lambda: 20_000_000_000).read()
    assert (taken.captured_ns, taken.stamp) == (expected_ns, stamp)


def test_a_camera_that_is_unplugged(camera) -> None:
    camera(Capture(2))
    reader = CameraReader(0)
    reader.read()
    reader.read()
    with pytest.raises(SourceError, match=r"stopped after 2 frames$"):
        reader.read()


def test_a_camera_that_gives_nothing(camera) -> None:
    camera(Capture(0))
    with pytest.raises(SourceError, match="opens and gives no picture"):
        CameraReader(0).read()


def test_a_camera_that_is_silent_is_waited_for(camera) -> None:
    """OpenCV gives a wait up after a second: that is no unplugged camera yet."""
    clock = iter(range(0, 60 * 10**9, 10**9))

    class Silent(Capture):
        reads = 0

        def read(self):
            self.reads += 1
            return super().read() if self.reads == 4 else (False, None)

    capture = camera(Silent(1))
    reader = CameraReader(0, clock=lambda: next(clock))
    assert reader.read() is not None
    assert capture.reads == 4
    with pytest.raises(SourceError, match="10 s of silence"):
        reader.read()


def test_a_wait_for_a_silent_camera_can_be_ended(camera) -> None:
    class Ended(Capture):
        def read(self):
            reader.wake()
            return False, None

    camera(Ended(0))
    reader = CameraReader(0)
    assert reader.read() is None


def test_a_camera_that_does_not_open(camera) -> None:
    camera(Capture(0, opens=False))
    with pytest.raises(SourceError, match="camera /dev/video9 does not open") as error:
        CameraReader(9)
    assert error.value.remedy
