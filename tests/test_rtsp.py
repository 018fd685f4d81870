"""RTSP: how it is asked for, how old its frames say they are, and a real server where one is."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.camera import rtsp
from edgeface.camera.rtsp import OPTIONS, RtspReader
from edgeface.camera.source import open_source
from edgeface.camera.wanted import Wanted
from edgeface.errors import SourceError

MS = 1_000_000
URL = "rtsp://me:secret@camera/live?token=secret"


class Capture:
    """What OpenCV's VideoCapture is to a stream."""

    def __init__(self, positions: list[float], opens: bool = True) -> None:
        self.positions, self.opens = positions, opens
        self.asked: tuple[str, str | None] = ("", None)

    def __call__(self, url: str, api: int, params: list[int]) -> "Capture":
        self.asked = (url, os.environ.get(OPTIONS))
        self.params = dict(zip(params[::2], params[1::2], strict=True))
        return self

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opens

    def get(self, what: int) -> float:
        if what == cv2.CAP_PROP_POS_MSEC:
            return self.position
        h264 = float(cv2.VideoWriter.fourcc(*"h264"))
        known = {cv2.CAP_PROP_FPS: 25.0, cv2.CAP_PROP_FOURCC: h264}
        return known.get(what, 480.0)

    def read(self):
        if not self.positions:
            return False, None
        self.position = self.positions.pop(0)
        return True, np.zeros((4, 4, 3), np.uint8)

    def release(self) -> None:
        pass


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch):
    """Puts a capture in OpenCV's place."""
    monkeypatch.delenv(OPTIONS, raising=False)

    def put(capture: Capture) -> Capture:
        monkeypatch.setattr(rtsp.cv2, "VideoCapture", capture)
        return capture

    return put


@pytest.mark.parametrize(("tcp", "by"), [(False, "udp"), (True, "tcp")])
def test_a_stream_is_opened_without_buffering_and_the_environment_is_left_as_it_was(
    stream, tcp: bool, by: str
) -> None:
    capture = stream(Capture([]))
    reader = RtspReader(URL, tcp=tcp)
    assert capture.asked == (URL, f"rtsp_transport;{by}|fflags;nobuffer|flags;low_delay")
    assert capture.params[cv2.CAP_PROP_N_THREADS] == 1
    assert OPTIONS not in os.environ
    assert str(reader.given) == f"480x480 h264 over {by.upper()} at 25 fps"
    assert reader.name == "rtsp://camera/live?…"


def test_options_of_the_user_are_taken_as_they_are(stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPTIONS, "rtsp_transport;http")
    capture = stream(Capture([]))
    RtspReader(URL)
    assert capture.asked[1] == os.environ[OPTIONS] == "rtsp_transport;http"


def test_a_frame_that_lay_in_a_queue_says_so(stream) -> None:
    stream(Capture([40.0, 80.0, 120.0, 0.0]))
    arrivals = iter([1000 * MS, 1040 * MS, 1980 * MS, 2000 * MS])
    reader = RtspReader(URL, clock=lambda: next(arrivals))
    taken = [reader.read() for _ in range(4)]
    assert [t.captured_ns // MS for t in taken] == [1000, 1040, 1080, 2000]
    assert [t.stamp for t in taken] == ["stream"] * 3 + ["read"]


def test_what_is_wrong_with_a_stream_shows_no_password(stream) -> None:
    stream(Capture([], opens=False))
    errors = []
    for tcp in (False, True):
        with pytest.raises(SourceError, match="does not open") as error:
            RtspReader(URL, tcp=tcp)
        errors.append(error.value)
    stream(Capture([40.0]))
    reader = RtspReader(URL)
    reader.read()
    with pytest.raises(SourceError, match="stopped") as error:
        reader.read()
    stream(Capture([]))
    with pytest.raises(SourceError, match="opens and gives no picture") as silent:
        RtspReader(URL).read()
    errors += [error.value, silent.value]
    assert "secret" not in "".join(f"{e} {e.remedy}" for e in errors)
    assert "--rtsp-tcp" in errors[0].remedy
    assert "--rtsp-tcp" not in errors[1].remedy


@pytest.fixture
def camera(checkout: Path) -> Iterator[str]:
    """The address of a real RTSP server on this machine."""
    script = checkout / "benchmarks" / "rtsp_camera.py"
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("no RTSP server: no system Python")
    with subprocess.Popen(
        [python, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        address = server.stdout.readline().decode().strip()
        if not address:
            reason = server.stderr.read().decode().strip().splitlines()[-1:]
            pytest.skip(f"no RTSP server: gir1.2-gst-rtsp-server-1.0 is not installed ({reason})")
        yield address
        server.communicate(timeout=20)


def shown_ms(picture: np.ndarray) -> int:
    """The time that a frame of `benchmarks/rtsp_camera.py` shows."""
    fields = [picture[24, n * 26 + 13].mean() > 128 for n in range(24)]
    return int("".join("01"[bool(f)] for f in fields), 2)


@pytest.mark.parametrize("tcp", [False, True])
def test_after_a_stall_frames_of_a_real_server_are_new(camera: str, tcp: bool) -> None:
    shown = []
    with open_source(camera, Wanted(tcp=tcp)) as source:
        for frame in source:
            shown.append(shown_ms(frame.picture))
            assert frame.stamp == "stream"
            if len(shown) == 5:
                time.sleep(1.0)
            if len(shown) == 12:
                break
        assert source.dropped > 10
    assert shown == sorted(set(shown))
    assert shown[5] - shown[4] > 500  # not those that piled up
