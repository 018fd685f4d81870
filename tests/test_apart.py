"""A camera in a process of its own: its frames, its faults, its end."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.camera import apartwords as words
from edgeface.camera.apart import ApartReader
from edgeface.camera.clip import ClipReader
from edgeface.camera.frame import Given
from edgeface.camera.reopen import Reopening
from edgeface.camera.source import open_source
from edgeface.camera.wanted import Wanted
from edgeface.errors import SourceError

WAIT_S = 60.0
REHEARSAL = Wanted(live=True, apart=True)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Forty seconds whose frames differ."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for number in range(400):
        writer.write(np.full((48, 64, 3), number % 25 * 10, np.uint8))
    writer.release()
    return path


def files() -> set[str]:
    """What this process has open."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_frames_come_as_they_are_and_nothing_is_left(clip: Path) -> None:
    before = files()
    here = ClipReader(clip)
    reader = ApartReader(str(clip), REHEARSAL)
    assert reader.name == str(clip)
    assert reader.given == Given(48, 64, 10.0, "MJPG", "bgr", "stream")
    for _ in range(3):
        taken, other = reader.read(), here.read()
        for _ in range(taken.skipped):
            other = here.read()
        assert taken.stamp == "stream"
        assert taken.position_ns == other.position_ns
        assert 0 <= time.monotonic_ns() - taken.captured_ns < WAIT_S * 1e9
        assert np.array_equal(taken.develop(), other.develop())
    pid = reader.pid
    reader.wake()
    reader.close()
    reader.close()
    here.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    del reader, taken
    assert files() <= before


def test_a_crash_of_the_camera_is_a_source_that_is_lost_and_comes_back(clip: Path) -> None:
    said, readers = [], []

    def open_reader() -> ApartReader:
        readers.append(ApartReader(str(clip), REHEARSAL))
        return readers[-1]

    reopening = Reopening(open_reader, said.append, wait=lambda seconds: False)
    assert reopening.read() is not None
    os.kill(readers[0].pid, signal.SIGSEGV)
    while not reopening.reopened:  # what it had sent before it died is a frame like any
        taken = reopening.read()
        assert taken is not None
        taken.discard()
    assert "its process died of SIGSEGV; it is tried again" in said[0]
    assert "is back after" in said[1]
    reopening.close()


def test_a_process_that_hangs_is_given_up_and_ended(clip: Path) -> None:
    reader = ApartReader(str(clip), REHEARSAL)
    reader._silent_s = 0.2
    os.kill(reader.pid, signal.SIGSTOP)
    with pytest.raises(SourceError, match=r"said nothing for 0\.2 s"):
        reader.read()
    reader.close()
    assert reader._process.returncode == -signal.SIGKILL


def test_what_is_wrong_over_there_is_the_same_error_here(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"\0" * 100)
    with pytest.raises(SourceError, match="not a clip") as error:
        ApartReader(str(broken), REHEARSAL)
    assert error.value.remedy.startswith("convert it")


def test_a_wait_can_be_ended(clip: Path) -> None:
    reader = ApartReader(str(clip), REHEARSAL)
    os.kill(reader.pid, signal.SIGSTOP)
    read = []

    def drain() -> None:
        while (taken := reader.read()) is not None:
            taken.discard()
        read.append(None)

    thread = threading.Thread(target=drain)
    thread.start()
    reader.wake()
    thread.join(WAIT_S)
    os.kill(reader.pid, signal.SIGCONT)
    reader.close()
    assert read == [None]


def test_the_loop_with_a_camera_process(fake_bundle, cli, clip: Path) -> None:
    ran = cli(
        *("run", "--source", clip, "--live", "--camera-process", "--detector", "none"),
        *("--max-frames", 3, "--json"),
    )
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["frames"] == 3


def test_a_source_is_not_among_the_words_of_the_process(clip: Path) -> None:
    """Anybody on the machine may read those, and an address may hold a password."""
    reader = ApartReader(str(clip), REHEARSAL)
    typed = Path(f"/proc/{reader.pid}/cmdline").read_bytes()
    reader.close()
    assert b"apartmain" in typed
    assert clip.name.encode() not in typed


@pytest.mark.parametrize("spec", ["0", "picamera"])
def test_a_camera_that_is_not_there(spec: str) -> None:
    if Path("/dev/video0").exists():
        pytest.skip("there is a camera")
    with (
        pytest.raises(SourceError) as error,
        open_source(spec, Wanted(apart=True)),
    ):
        pass
    assert error.value.remedy


@given(
    st.builds(
        words.Head,
        st.sampled_from([words.FRAME, words.END, words.ERROR]),
        st.sampled_from(["sensor", "driver", "stream", "read"]),
        st.integers(0, 2**62),
        st.none() | st.integers(0, 2**62),
        *[st.integers(0, 2**32 - 1)] * 4,
    )
)
def test_a_head_is_read_as_it_was_written(head: words.Head) -> None:
    data = head.pack()
    assert len(data) == words.HEAD_BYTES
    assert words.unpack(data) == head


@given(st.binary(min_size=words.HEAD_BYTES, max_size=words.HEAD_BYTES))
def test_bytes_that_are_no_head_are_an_error_of_ours(data: bytes) -> None:
    try:
        words.unpack(data)
    except SourceError:
        pass


@given(st.binary(max_size=60))
def test_lines_that_are_none_are_an_error_of_ours(line: bytes) -> None:
    with pytest.raises(SourceError):
        words.from_line(words.Order, line)


def test_records_are_read_as_they_were_written() -> None:
    order = words.Order("0", Wanted(size=(480, 640), fps=30.0, pixels="MJPG", apart=True))
    assert words.from_line(words.Order, words.to_line(order)) == order
    opened = words.Opened("x", None, Given(1, 2, None, "MJPG", "bgr", "driver"))
    assert words.from_line(words.Opened, words.to_line(opened)) == opened
