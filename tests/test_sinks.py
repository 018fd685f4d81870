"""Events and videos: whole lines, whole files, nothing replaced unasked."""

import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.camera.frame import Frame, Result
from edgeface.camera.sinks.jsonl import JsonLines
from edgeface.camera.sinks.video import CODECS, Video
from edgeface.errors import EdgefaceError, UsageError
from edgeface.vision.decide import Decision
from edgeface.vision.pipeline import Face, Seen, Stages

ADA = Face((1.25, 2, 30, 40), 7.0, Decision("ada", "ada", 0.875, 0.5))
STRANGER = Face((50, 60, 70, 80), 6.0, Decision("unknown", "Jörg", float("nan"), 0.5))


def result(index: int, *faces: Face, file: str = "", shape=(48, 64, 3), value: int = 0) -> Result:
    frame = Frame(np.full(shape, value, np.uint8), index, 1_000_000, file=file)
    time = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
    return Result(frame, Seen(faces, Stages(0)), 35_250_000, time)


def lines(path: Path) -> list[dict]:
    text = path.read_text("utf-8")
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Within it no file of this process grows beyond ``size`` bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_one_line_a_face(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with JsonLines(path) as sink:
        sink(result(7, ADA, STRANGER))
    assert lines(path) == [
        {
            "schema": 1,
            "time": "2026-01-02T03:04:05.678+00:00",
            "frame": 7,
            "age_ms": 34.25,
            "age_from": "read",
            "box": [1.25, 2, 30, 40],
            "name": "ada",
            "nearest": "ada",
            "score": 0.875,
            "threshold": 0.5,
        },
        {
            "schema": 1,
            "time": "2026-01-02T03:04:05.678+00:00",
            "frame": 7,
            "age_ms": 34.25,
            "age_from": "read",
            "box": [50, 60, 70, 80],
            "name": "unknown",
            "nearest": "Jörg",
            "score": None,
            "threshold": 0.5,
        },
    ]


def test_nobody_stands_there_when_it_changes_only(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with JsonLines(path) as sink:
        for index, faces in enumerate([(), (), (ADA,), (), (), (STRANGER,), ()]):
            sink(result(index, *faces))
    events = lines(path)
    assert [(e["frame"], e["name"]) for e in events] == [
        (0, "nobody"),
        (2, "ada"),
        (3, "nobody"),
        (5, "unknown"),
        (6, "nobody"),
    ]
    empty = {"box": None, "nearest": None, "score": None, "threshold": None}
    assert {key: events[0][key] for key in empty} == empty
    assert set(events[0]) == set(events[1])


def test_pictures_of_a_folder_are_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with JsonLines(path) as sink:
        sink(result(0, ADA, file="a b.jpg"))
    assert lines(path)[0]["file"] == "a b.jpg"


def test_a_line_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with JsonLines(path) as sink:
        sink(result(0, ADA))
        assert len(lines(path)) == 1
        sink(result(1, ADA))
        assert len(lines(path)) == 2


def test_events_are_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("old\n")
    with pytest.raises(UsageError, match="exists already"), JsonLines(path):
        pass
    assert path.read_text() == "old\n"
    with JsonLines(path, force=True) as sink:
        sink(result(0, ADA))
    assert len(lines(path)) == 1


def test_events_without_a_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(EdgefaceError, match="No such file or directory"),
        JsonLines(tmp_path / "a" / "b"),
    ):
        pass


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"

    def fill() -> None:
        with JsonLines(path) as sink, disk_of(500):
            for index in range(100):
                sink(result(index, ADA))

    with pytest.raises(EdgefaceError, match="events cannot be written"):
        fill()
    assert [e["frame"] for e in lines(path)] == [0, 1]


def plain(shown: Result) -> np.ndarray:
    return shown.frame.picture


def frames_of(path: Path) -> list[np.ndarray]:
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (taken := capture.read())[0]:
        frames.append(taken[1])
    capture.release()
    return frames


@pytest.mark.parametrize("suffix", [*CODECS, ".MP4"])
def test_a_video_of_every_kind(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ü out{suffix}"
    with Video(path, 20.0, plain) as sink:
        for index in range(6):
            sink(result(index, value=index * 40))
        assert not path.exists()
    frames = frames_of(path)
    assert [f.shape for f in frames] == [(48, 64, 3)] * 6
    assert [round(f.mean() / 40) for f in frames] == list(range(6))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_dropped_frames_are_filled_with_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    with Video(path, None, plain) as sink:
        for index, value in ((2, 0), (5, 100), (6, 200)):
            sink(result(index, value=value))
    assert [round(f.mean() / 100) for f in frames_of(path)] == [0, 0, 0, 1, 2]


def test_a_frame_of_another_size_takes_the_first_ones(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with Video(path, 10.0, plain) as sink:
        sink(result(0, shape=(49, 65, 3)))
        sink(result(1, shape=(200, 100, 3)))
    assert [f.shape for f in frames_of(path)] == [(48, 64, 3)] * 2


def test_an_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a video ends in \.mp4, \.mov, \.mkv, \.avi"):
        Video(tmp_path / "out.webm", 10.0, plain)


def test_a_video_is_not_replaced_unasked_and_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_text("old")
    with pytest.raises(UsageError, match="exists already"):
        Video(path, 10.0, plain)

    def interrupted() -> None:
        with Video(path, 10.0, plain, force=True) as sink:
            sink(result(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    with Video(path, 10.0, plain, force=True) as sink:
        sink(result(0))
    assert len(frames_of(path)) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_a_video_of_nothing_is_no_file(tmp_path: Path) -> None:
    with Video(tmp_path / "out.mp4", 10.0, plain):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_a_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(EdgefaceError, match="cannot be written"),
        Video(tmp_path / "a" / "out.mp4", 10.0, plain),
    ):
        pass


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv"])
def test_a_full_disk_leaves_no_half_video(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (20, 240, 320, 3), np.uint8)
    path = tmp_path / f"out{suffix}"

    def fill() -> None:
        with disk_of(100_000), Video(path, 10.0, lambda r: noise[r.frame.index]) as sink:
            for index in range(20):
                sink(result(index))

    with pytest.raises(EdgefaceError, match="frames arrived"):
        fill()
    assert list(tmp_path.iterdir()) == []
