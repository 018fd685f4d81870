"""Sources by what is written on the command line; clips and pictures, every frame of them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.camera.clip import ClipReader, PacedReader
from edgeface.camera.every import EveryFrame
from edgeface.camera.folder import Pictures
from edgeface.camera.newest import NewestFrames
from edgeface.camera.source import kind_of, open_source
from edgeface.camera.wanted import Wanted, read_size
from edgeface.errors import InputError, SourceError, UsageError


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


def test_a_clip_hands_out_every_frame(tmp_path: Path) -> None:
    with open_source(str(write_clip(tmp_path / "clip.avi"))) as source:
        assert isinstance(source, EveryFrame)
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
    taken = [frame.captured_ns for frame in (first, second, third, fourth)]
    assert taken == [0, 50_000_000, 100_000_000, 150_000_000]  # the third is 30 ms old by then
    assert first.stamp == "stream"
    assert stepping.waits == [0.05, 0.02]


def test_a_clip_too_slow_to_decode_is_played_slower_and_not_ever_later(tmp_path: Path) -> None:
    clock = Clock()
    paced = PacedReader(ClipReader(write_clip(tmp_path / "clip.avi", 3), clock), clock)
    paced._woken = Stepping(clock)
    paced.read()
    clock.ns += 5_000_000_000
    late, after = paced.read(), paced.read()
    paced.close()
    assert late.captured_ns == 5_000_000_000
    assert after.captured_ns == 5_050_000_000


def test_live_hands_out_the_frames_of_a_clip_or_counts_them(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.avi", 5, fps=100)
    with open_source(str(clip), Wanted(live=True)) as source:
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
    with pytest.raises(SourceError, match="not a clip"), open_source(str(path), Wanted(live=live)):
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
        open_source(str(tmp_path), Wanted(live=True))


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("0", "v4l2"),
        ("/dev/video12", "v4l2"),
        ("picamera", "picamera"),
        ("picamera:1", "picamera"),
        ("drawn", "drawn"),
        ("drawn:seed=3", "drawn"),
        ("http://camera/stream", "mjpeg"),
        ("HTTPS://camera/stream", "mjpeg"),
        ("rtsp://camera/live", "rtsp"),
    ],
)
def test_what_a_source_is(spec: str, kind: str) -> None:
    assert kind_of(spec) == kind


@pytest.mark.parametrize(
    ("spec", "wanted", "message"),
    [
        ("rtmp://camera/live", Wanted(), "streams are read from http, https, rtsp and rtsps"),
        ("http:///nothing", Wanted(), "names no host"),
        ("http://host:port/", Wanted(), "cannot be read"),
        ("rtsp://a b/", Wanted(), "a space"),
        ("http://camera/", Wanted(size=(480, 640)), "--size cannot be asked of --source"),
        ("0", Wanted(tcp=True), "--rtsp-tcp cannot be asked of --source /dev/video0"),
        ("0", Wanted(lores=(240, 320)), "--lores cannot be asked .* it is for picamera"),
        ("picamera", Wanted(pixels="MJPG"), "--pixel-format cannot be asked"),
        ("drawn", Wanted(apart=True), "is no camera"),
        ("drawn:size=3", Wanted(), "unknown 'size'"),
        ("drawn:seed=x", Wanted(), "not a whole number"),
        ("drawn:people=200", Wanted(), "200 people"),
        ("drawn:seconds=nan", Wanted(), "seconds"),
        ("picamera:x", Wanted(), "no such camera"),
        ("", Wanted(), "no such camera"),
    ],
)
def test_what_cannot_be_a_source(spec: str, wanted: Wanted, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_source(spec, wanted)


def test_the_truth_is_known_of_drawn_clips_only(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only of --source drawn"):
        open_source("0", truth=tmp_path / "t.jsonl")


def test_an_address_that_is_none_is_not_repeated() -> None:
    for url in ("http://me:secret@host:no/", "rtsp://me:secret@/", "http://me:secret@a b/"):
        with pytest.raises(UsageError) as error:
            open_source(url)
        assert "secret" not in str(error.value) + error.value.remedy


@pytest.mark.parametrize("text", ["640", "640x", "x480", "0x0", "8x8", "99999x10", "640x480x3", ""])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="WIDTHxHEIGHT"):
        read_size(text, "--size")


def test_a_size_is_height_and_width() -> None:
    assert read_size("640x480", "--size") == (480, 640)


@pytest.mark.parametrize("wrong", [{"fps": 0.0}, {"fps": float("nan")}, {"pixels": "mjpg"}])
def test_what_cannot_be_wanted(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Wanted(**wrong)


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
