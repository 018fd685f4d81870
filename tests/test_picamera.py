"""Picamera2, by a module that stands in for it: colours, buffers, timestamps, faults."""

import sys
import threading
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edgeface.camera import picamera
from edgeface.camera.newest import NewestFrames
from edgeface.camera.picamera import PicameraReader
from edgeface.camera.source import open_source
from edgeface.camera.wanted import Wanted
from edgeface.errors import InputError, SourceError

MS = 1_000_000
NOW = 100_000 * MS
RED = (250, 20, 30)  # red, green, blue: what stands before the camera
PADDING = 32  # bytes that libcamera adds to a row


class Request:
    """A completed request: its streams, in memory as libcamera lays them."""

    def __init__(self, camera: "Picamera2", metadata: dict[str, object]) -> None:
        self.camera, self.metadata, self.released = camera, metadata, 0
        self.memory = {name: lay(config) for name, config in camera.streams.items()}

    def get_metadata(self) -> dict[str, object]:
        return self.metadata

    def release(self) -> None:
        self.released += 1


def lay(config: dict[str, object]) -> np.ndarray:
    """A red scene in a format's memory. DRM names formats from the highest byte down."""
    width, height = config["size"]
    if config["format"] == "YUV420":
        stride = width + PADDING
        wide = np.zeros((height, stride, 3), np.uint8)
        wide[:, :width] = RED
        return cv2.cvtColor(wide, cv2.COLOR_RGB2YUV_I420)
    memory = np.zeros((height, width * 3 + PADDING), np.uint8)
    pixel = RED[::-1] if config["format"] == "RGB888" else RED
    memory[:, : width * 3] = np.tile(np.asarray(pixel, np.uint8), width)
    return memory


class MappedArray:
    """Looks into a request's memory without copying it."""

    mapped = 0

    def __init__(self, request: Request, stream: str) -> None:
        self.request, self.stream = request, stream

    def __enter__(self) -> "MappedArray":
        assert not self.request.released
        MappedArray.mapped += 1
        memory = self.request.memory[self.stream]
        config = self.request.camera.streams[self.stream]
        width, height = config["size"]
        if config["format"] == "YUV420":
            self.array = memory
        else:
            self.array = memory[:, : width * 3].reshape(height, width, 3)
        return self

    def __exit__(self, *error: object) -> None:
        self.array[:] = 7  # the camera writes into it again
        MappedArray.mapped -= 1


class Picamera2:
    """As much of Picamera2 as is asked for."""

    main_format = "RGB888"
    cameras = 1
    stamps: tuple[int | None, ...] = (NOW - 40 * MS,)
    frames = 1_000_000

    def __init__(self, number: int) -> None:
        if number >= self.cameras:
            msg = "list index out of range"
            raise IndexError(msg)
        self.streams: dict[str, dict[str, object]] = {}
        self.requests: list[Request] = []
        self.calls: list[str] = []
        self.timeouts = 0

    @staticmethod
    def global_camera_info() -> list[dict[str, object]]:
        return [{}] * Picamera2.cameras

    def create_video_configuration(self, **asked: object) -> dict[str, object]:
        self.asked = asked
        return asked

    def configure(self, config: dict[str, object]) -> None:
        for name in ("main", "lores"):
            if config[name]:
                self.streams[name] = dict(config[name])
        self.streams["main"]["format"] = self.main_format

    def camera_configuration(self) -> dict[str, dict[str, object]]:
        return self.streams

    def start(self) -> None:
        self.calls.append("start")

    def capture_request(self, wait: bool) -> str:
        assert wait is False
        return "job"

    def wait(self, job: str, timeout: float) -> Request:
        assert timeout <= 1
        if self.timeouts:
            self.timeouts -= 1
            raise TimeoutError
        if len(self.requests) == self.frames:
            msg = "Camera frontend has timed out!"
            raise RuntimeError(msg)
        stamp = self.stamps[len(self.requests) % len(self.stamps)]
        metadata = {} if stamp is None else {"SensorTimestamp": stamp}
        self.requests.append(Request(self, metadata))
        return self.requests[-1]

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch):
    """Picamera2 with some things otherwise."""

    def put(**changed: object) -> type[Picamera2]:
        kind = type("Other", (Picamera2,), changed)
        module = SimpleNamespace(Picamera2=kind, MappedArray=MappedArray)
        monkeypatch.setitem(sys.modules, "picamera2", module)
        return kind

    return put


def opened(**options: object) -> PicameraReader:
    return PicameraReader(clock=lambda: NOW, **options)


@pytest.mark.parametrize(
    ("main_format", "lores", "order"),
    [("RGB888", None, "bgr"), ("BGR888", None, "rgb"), ("RGB888", (48, 64), "yuv")],
)
def test_a_red_scene_is_red_in_the_third_channel(
    camera, main_format: str, lores: tuple[int, int] | None, order: str
) -> None:
    camera(main_format=main_format)
    reader = opened(size=(96, 128), lores=lores)
    taken = reader.read()
    picture = taken.develop()
    height, width = lores or (96, 128)
    assert picture.shape == (height, width, 3)
    assert picture.flags.c_contiguous
    assert np.abs(picture.reshape(-1, 3).astype(int) - RED[::-1]).max() <= 6
    assert reader.given.order == order
    assert (reader.given.height, reader.given.width) == (height, width)


def test_a_frame_is_as_old_as_the_sensor_says(camera) -> None:
    camera(stamps=(NOW - 40 * MS, None, NOW + MS, 1))
    reader = opened()
    taken = [reader.read() for _ in range(4)]
    assert [t.captured_ns for t in taken] == [NOW - 40 * MS, NOW, NOW, NOW]
    assert [t.stamp for t in taken] == ["sensor", "read", "read", "read"]


def test_a_buffer_is_given_back_once_looked_at_or_not(camera) -> None:
    camera()
    reader = opened()
    seen, unseen = reader.read(), reader.read()
    requests = reader._camera.requests
    assert [r.released for r in requests] == [0, 0]
    seen.develop()
    unseen.discard()
    assert [r.released for r in requests] == [1, 1]
    assert MappedArray.mapped == 0


def test_frames_that_nobody_looks_at_are_not_copied(
    camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = []
    whole = picamera.to_bgr
    monkeypatch.setattr(picamera, "to_bgr", lambda *a: copied.append(1) or whole(*a))
    camera(frames=50, stamps=(None,))
    reader = opened()
    source = NewestFrames(lambda: reader, "picamera", lambda: NOW)
    looked_at = 0
    with source:
        source._thread.join(20)  # it has taken all of them before anybody looked
        looked_at += next(source).index == 49
        requests = reader._camera.requests
        assert [r.released for r in requests] == [1] * 50
    assert (looked_at, len(copied), source.dropped) == (1, 1, 49)


def test_what_it_is_set_up_with(camera) -> None:
    camera()
    reader = opened(size=(720, 1280), lores=(240, 320), fps=15.0)
    asked = reader._camera.asked
    assert asked["main"] == {"size": (1280, 720), "format": "RGB888"}
    assert asked["lores"] == {"size": (320, 240), "format": "YUV420"}
    assert asked["queue"] is False
    assert asked["buffer_count"] >= 3
    assert asked["controls"] == {"FrameRate": 15.0}
    assert str(reader.given) == "320x240 YUV420 at 15 fps"


def test_the_camera_is_stopped_and_closed_once(camera) -> None:
    camera()
    reader = opened()
    reader.close()
    reader.close()
    assert reader._camera.calls == ["start", "stop", "close"]


def test_a_frame_of_a_camera_that_was_closed_meanwhile_is_a_broken_frame(camera) -> None:
    camera()
    reader = opened()
    taken = reader.read()
    reader.close()
    with pytest.raises(InputError, match="was lost before"):
        taken.develop()


def test_a_slow_frame_is_waited_for_by_one_job(camera) -> None:
    camera()
    reader = opened()
    reader._camera.timeouts = 3
    assert reader.read() is not None


def test_a_camera_that_gives_nothing_is_lost(camera) -> None:
    camera()
    ticks = iter(range(10**6))
    reader = PicameraReader(clock=lambda: next(ticks) * 10**9)
    reader._camera.timeouts = 10**6
    with pytest.raises(SourceError, match=r"opens and gives no picture \(nothing for 5 s\)"):
        reader.read()


def test_a_wait_can_be_ended(camera) -> None:
    camera()
    reader = opened()
    reader._camera.timeouts = 10**9
    read = []
    thread = threading.Thread(target=lambda: read.append(reader.read()))
    thread.start()
    reader.wake()
    thread.join(20)
    assert read == [None]


def test_a_camera_whose_cable_comes_loose(camera) -> None:
    camera(frames=2)
    reader = opened()
    reader.read()
    reader.read()
    with pytest.raises(SourceError, match=r"picamera stopped \(Camera frontend has timed out!\)"):
        reader.read()


def test_there_is_no_such_camera(camera) -> None:
    camera(cameras=0)
    Picamera2.cameras = 0
    try:
        with pytest.raises(SourceError, match="picamera does not open") as error:
            opened()
    finally:
        Picamera2.cameras = 1
    assert "0 cameras are found" in error.value.remedy


def test_a_camera_that_is_in_use(camera) -> None:
    def busy(self: object, number: int) -> None:
        msg = "Camera __init__ sequence did not complete."
        raise RuntimeError(msg)

    camera(__init__=busy)
    with pytest.raises(SourceError, match="did not complete") as error:
        opened()
    assert "another program" in error.value.remedy


def test_a_size_that_it_cannot_give(camera) -> None:
    def refuse(self: object, config: object) -> None:
        msg = "lores stream dimensions may not exceed main stream"
        raise RuntimeError(msg)

    kind = camera(configure=refuse)
    closed = []
    kind.close = lambda self: closed.append(1)
    with pytest.raises(SourceError, match="lores stream dimensions"):
        opened(lores=(960, 1280))
    assert closed == [1]


def test_picamera2_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(SourceError, match="is not installed") as error:
        opened()
    assert "python3-picamera2" in error.value.remedy
    assert "--system-site-packages" in error.value.remedy


def test_the_second_camera(camera) -> None:
    camera(cameras=2)
    with open_source("picamera:1", Wanted(size=(48, 64))) as source:
        assert source.name == "picamera:1"
        assert next(source).stamp in ("sensor", "read")
