"""Sources: every frame of a file, the newest of what is live, and what does not open."""

import queue
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.camera import reader as reader_module
from edgeface.camera.newest import NewestFrames
from edgeface.camera.reader import CameraReader, ClipReader, PacedReader
from edgeface.camera.source import Clip, Pictures, open_source
from edgeface.errors import InputError, SourceError, UsageError

WAIT_S = 20.0


def write_clip(path: Path, frames: int = 10, fps: float = 20.0) -> Path:
    """A clip whose frames grow brighter from one to the next."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    assert writer.isOpened()
    for number in range(frames):
        writer.write(np.full((48, 64, 3), number * 20 % 256, np.uint8))
    writer.release()
    return path


def picture(value: int) -> np.ndarray:
    return np.full((4, 4, 3), value, np.uint8)


class Scripted:
    """A reader that a test feeds: a picture's value, an error, or None for the end."""

    name, fps = "scripted", 30.0

    def __init__(self) -> None:
        self.queue: queue.Queue[int | Exception | None] = queue.Queue()
        self.woken = threading.Event()
        self.closed = False

    def read(self):
        item = self.queue.get()
        if isinstance(item, Exception):
            raise item
        return None if item is None else (picture(item), 1000 + item, None)

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


def test_a_clip_hands_out_every_frame(tmp_path: Path) -> None:
    with open_source(str(write_clip(tmp_path / "clip.avi"))) as source:
        assert isinstance(source, Clip)
        assert source.fps == 20
        frames = list(source)
    assert [f.index for f in frames] == list(range(10))
    assert [round(f.picture.mean() / 20) for f in frames] == list(range(10))
    assert [f.position_ns for f in frames] == [n * 50_000_000 for n in range(10)]
    assert source.dropped == 0
    times = [f.captured_ns for f in frames]
    assert times == sorted(times)


def test_a_clip_can_be_stopped(tmp_path: Path) -> None:
    with open_source(str(write_clip(tmp_path / "clip.avi"))) as source:
        seen = 0
        for _ in source:
            seen += 1
            source.stop()
    assert seen == 1


def test_newest_frame_only() -> None:
    reader = Scripted()
    source = NewestFrames(lambda: reader, "scripted")
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
    assert newest.captured_ns == 1004
    assert source.dropped == 3
    assert reader.closed


def test_the_last_frame_before_an_error_is_handed_out_first() -> None:
    reader = Scripted()
    with NewestFrames(lambda: reader, "scripted") as source:
        reader.queue.put(0)
        reader.queue.put(SourceError("unplugged"))
        frames = iter(source)
        assert next(frames).index == 0
        with pytest.raises(SourceError, match="unplugged"):
            next(frames)


def test_a_bug_in_a_reader_reaches_the_one_who_iterates() -> None:
    reader = Scripted()
    with NewestFrames(lambda: reader, "scripted") as source:
        reader.queue.put(ZeroDivisionError("a bug"))
        with pytest.raises(ZeroDivisionError):
            next(iter(source))


def test_stop_ends_a_wait_for_a_frame_that_never_comes() -> None:
    reader = Scripted()
    ended = threading.Event()
    with NewestFrames(lambda: reader, "scripted") as source:

        def iterate() -> None:
            assert list(source) == []
            ended.set()

        threading.Thread(target=iterate, daemon=True).start()
        source.stop()
        assert ended.wait(WAIT_S)
    assert reader.woken.is_set()


class Clock:
    """A clock that only `tick` moves."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


class Stepping:
    """An event whose wait moves a clock by what was waited for."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.waits = clock, []

    def wait(self, seconds: float) -> bool:
        self.waits.append(round(seconds, 6))
        self.clock.ns += round(seconds * 1e9)
        return False

    def set(self) -> None:
        pass


def test_live_plays_at_the_speed_of_the_clip(tmp_path: Path) -> None:
    clock = Clock()
    paced = PacedReader(ClipReader(write_clip(tmp_path / "clip.avi", 4), clock), clock)
    stepping = paced._woken = Stepping(clock)
    first, second = paced.read(), paced.read()
    clock.ns += 80_000_000  # somebody was busy beyond the moment of the third frame
    third, fourth = paced.read(), paced.read()
    assert paced.read() is None
    paced.close()
    taken = [frame[1] for frame in (first, second, third, fourth)]
    assert taken == [0, 50_000_000, 130_000_000, 150_000_000]
    assert stepping.waits == [0.05, 0.02]


def test_live_hands_out_the_frames_of_a_clip_or_counts_them(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.avi", 5, fps=100)
    with open_source(str(clip), live=True) as source:
        assert isinstance(source, NewestFrames)
        frames = list(source)
    assert len(frames) + source.dropped == 5
    assert frames[-1].index == 4


def test_a_folder_hands_out_its_pictures_by_name_and_goes_on_after_a_broken_one(
    tmp_path: Path,
) -> None:
    for name, value in (("b.png", 20), ("c.png", 30)):
        cv2.imwrite(str(tmp_path / name), picture(value))
    (tmp_path / "a.jpg").write_text("no picture")
    (tmp_path / "notes.txt").write_text("nothing to see")
    with open_source(str(tmp_path)) as source:
        assert isinstance(source, Pictures)
        frames = iter(source)
        with pytest.raises(InputError, match=r"a\.jpg"):
            next(frames)
        rest = list(frames)
    assert [(f.index, f.file, int(f.picture.mean())) for f in rest] == [
        (1, "b.png", 20),
        (2, "c.png", 30),
    ]


def test_a_single_picture_is_a_source(tmp_path: Path) -> None:
    path = tmp_path / "ü -x.png"
    cv2.imwrite(str(path), picture(7))
    with open_source(str(path)) as source:
        assert [f.file for f in source] == [path.name]


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="a folder without pictures"), open_source(str(tmp_path)):
        pass


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"this is text\n" * 300])
@pytest.mark.parametrize("live", [False, True])
def test_a_clip_that_is_none(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes, live: bool
) -> None:
    path = tmp_path / "clip.mkv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="not a clip"), open_source(str(path), live=live):
        pass
    assert capfd.readouterr() == ("", "")


def test_a_clip_that_was_cut_off_says_so_at_its_end(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "clip.avi", 100)
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = []
    with open_source(str(cut)) as source, pytest.raises(SourceError, match="is cut off"):
        frames.extend(source)
    assert 30 < len(frames) < 70


def test_nothing_of_that_name() -> None:
    with pytest.raises(UsageError, match="no such camera, clip or folder"):
        open_source("/nowhere/clip.mkv")


def test_pictures_cannot_be_played_live(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no frames per second"):
        open_source(str(tmp_path), live=True)


class Capture:
    """What OpenCV's VideoCapture is to a camera."""

    def __init__(self, frames: int, stamp_ms: float = 0.0, opens: bool = True) -> None:
        self.left, self.stamp_ms, self.opens = frames, stamp_ms, opens
        self.was_set: dict[int, float] = {}

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opens

    def set(self, what: int, value: float) -> None:
        self.was_set[what] = value

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_POS_MSEC: self.stamp_ms}[what]

    def read(self):
        if not self.left:
            return False, None
        self.left -= 1
        return True, picture(9)

    def release(self) -> None:
        pass


def as_camera(monkeypatch: pytest.MonkeyPatch, capture: Capture) -> None:
    monkeypatch.setattr(reader_module.cv2, "VideoCapture", lambda device, api: capture)


def test_a_camera_is_asked_for_a_small_picture_and_a_short_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capture = Capture(1)
    as_camera(monkeypatch, capture)
    with open_source("/dev/video3") as source:
        assert source.name == "/dev/video3"
        assert next(iter(source)).index == 0
    assert capture.was_set == {
        cv2.CAP_PROP_FRAME_WIDTH: 640,
        cv2.CAP_PROP_FRAME_HEIGHT: 480,
        cv2.CAP_PROP_BUFFERSIZE: 1,
    }


@pytest.mark.parametrize(
    ("stamp_ms", "expected_ns"),
    [(19_900.0, 19_900_000_000), (0.0, 20_000_000_000), (20_001.0, 20_000_000_000)],
    ids=["the driver's own", "none", "of another clock"],
)
def test_a_camera_frame_is_as_old_as_the_driver_says(
    monkeypatch: pytest.MonkeyPatch, stamp_ms: float, expected_ns: int
) -> None:
    as_camera(monkeypatch, Capture(1, stamp_ms))
    taken = CameraReader(0, lambda: 20_000_000_000).read()
    assert taken is not None
    assert taken[1] == expected_ns


def test_a_camera_that_is_unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    as_camera(monkeypatch, Capture(2))
    camera = CameraReader(0)
    camera.read()
    camera.read()
    with pytest.raises(SourceError, match="stopped after 2 frames"):
        camera.read()


def test_a_camera_that_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    as_camera(monkeypatch, Capture(0))
    with pytest.raises(SourceError, match="opens and gives no picture"):
        CameraReader(0).read()


def test_a_camera_that_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    as_camera(monkeypatch, Capture(0, opens=False))
    with pytest.raises(SourceError, match="camera /dev/video9 does not open") as error:
        CameraReader(9)
    assert error.value.remedy


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "frames", "fps"),
    [
        ("asl_walk.mkv", 89, 30),
        ("asl_book.mkv", 109, 30),
        ("face-demographics-walking.gif", 35, 12.5),
    ],
)
def test_real_clips(real_data: Path, name: str, frames: int, fps: float) -> None:
    with open_source(str(real_data / "video" / name)) as source:
        count = sum(1 for _ in source)
        assert source.fps == fps
    assert count == frames
