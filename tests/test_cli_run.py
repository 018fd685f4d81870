"""``edgeface run``: the loop as a user meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.camera.process import peak_memory_mib, seconds_since_start


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Ten frames, dark ones first."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for number in range(10):
        writer.write(np.full((48, 64, 3), 20 if number < 4 else 240, np.uint8))
    writer.release()
    return path


def test_the_whole_loop(fake_bundle: Path, cli, clip: Path, tmp_path: Path) -> None:
    ran = cli(
        *("run", fake_bundle, "--source", clip, "--detector", "none", "--json"),
        *("--events", tmp_path / "e.jsonl", "--video", tmp_path / "v.mp4"),
    )
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["frames"], found["dropped"], found["failed"]) == (10, 0, 0)
    assert found["names"] == {"cyd": 6, "ada": 4}
    assert (found["unknown"], found["faces_per_frame"]) == (0, 1)
    assert (found["detector"], found["file"]) == ("none", "tiny.int8.tflite")
    assert found["start_to_first_decision_s"] > 0
    assert found["peak_memory_mib"] > 10
    events = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    assert [e["name"] for e in events] == ["ada"] * 4 + ["cyd"] * 6
    assert events[0]["box"] == [8, 0, 56, 48]
    capture = cv2.VideoCapture(str(tmp_path / "v.mp4"))
    assert round(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 10
    capture.release()
    assert "note: trained on faces found by haar" in ran.err
    assert "next: edgeface bench" in ran.err


def test_the_sum_is_a_table(fake_bundle: Path, cli, clip: Path) -> None:
    ran = cli("run", "--source", clip, "--detector", "none", "--max-frames", 6)
    assert ran.code == 0
    assert "bundle: bundles/tiny (the newest)" in ran.err
    table = dict(line.split(maxsplit=1) for line in ran.out.splitlines() if " times" in line)
    assert table == {"ada": "4 times", "cyd": "2 times", "unknown": "0 times"}
    assert "6 (0 more dropped)" in ran.out


def test_format_and_scheme_choose_the_file(fake_bundle: Path, cli, clip: Path) -> None:
    ran = cli("run", "--source", clip, "--format", "onnx", "--scheme", "float32", "--json")
    assert json.loads(ran.out)["file"] == "tiny.float32.onnx"
    assert cli("run", "--source", clip, "--scheme", "int4").code == 2


def test_a_file_of_a_bundle_can_be_named(fake_bundle: Path, cli, clip: Path) -> None:
    ran = cli("run", fake_bundle / "tiny.float32.tflite", "--source", clip, "--json")
    assert json.loads(ran.out)["file"] == "tiny.float32.tflite"


def test_a_file_that_stands_alone_runs_by_its_own_metadata(
    fixture_bundle: Path, cli, tmp_path: Path, clip: Path
) -> None:
    alone = tmp_path / "alone.tflite"
    alone.write_bytes((fixture_bundle / "friends.int8.tflite").read_bytes())
    ran = cli("run", alone, "--source", clip, "--detector", "none", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["file"], found["frames"]) == ("alone.tflite", 10)
    assert "threshold 0.997393" in ran.err


def test_live_plays_the_same_clip(fake_bundle: Path, cli, clip: Path) -> None:
    ran = cli("run", "--source", clip, "--detector", "none", "--live", "--json")
    found = json.loads(ran.out)
    assert found["live"] is True
    assert found["frames"] + found["dropped"] == 10


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--source", "nowhere.mkv"), "no such camera, clip or folder"),
        (("--events", "taken"), "taken exists already"),
        (("--video", "taken.mp4"), "taken.mp4 exists already"),
        (("--video", "out.webm"), "a video ends in"),
        (("--events", "away/e.jsonl"), "there is no folder away"),
        (("--video", "away/v.mp4"), "there is no folder away"),
        (("--detector", "hog"), "unknown detector 'hog'"),
        (("--detector-model", "x.onnx"), "detector haar takes no model file"),
        (("--threads", "300"), "300 threads"),
    ],
)
def test_what_was_asked_wrongly_is_said_before_the_source_is_opened(
    fake_bundle: Path, cli, clip: Path, words: tuple[str, ...], message: str
) -> None:
    Path("taken").write_text("old")
    Path("taken.mp4").write_text("old")
    ran = cli("run", "--source", clip, *words)
    assert ran.code == 2, ran.err
    assert message in ran.err
    assert "source:" not in ran.err
    assert Path("taken").read_text() == Path("taken.mp4").read_text() == "old"


def test_a_wrong_source_leaves_no_files(fake_bundle: Path, cli, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"\0" * 100)
    ran = cli("run", "--source", broken, "--events", "e.jsonl", "--video", "v.mp4")
    assert ran.code == 1
    assert "not a clip" in ran.err
    assert not Path("e.jsonl").exists()
    assert not Path("v.mp4").exists()


def test_with_force_files_are_replaced(fake_bundle: Path, cli, clip: Path) -> None:
    Path("e.jsonl").write_text("what was there\n")
    ran = cli("run", "--source", clip, "--events", "e.jsonl", "--force")
    assert ran.code == 0
    assert json.loads(Path("e.jsonl").read_text())["name"] == "nobody"


def test_yunet_without_its_file(fake_bundle: Path, cli, clip: Path) -> None:
    ran = cli("run", "--source", clip, "--detector", "yunet")
    assert ran.code == 1
    assert "needs its model file" in ran.err
    assert "--detector-model" in ran.err


def test_a_damaged_bundle(fake_bundle: Path, cli, clip: Path) -> None:
    (fake_bundle / "tiny.int8.tflite").write_bytes(b"changed")
    ran = cli("run", "--source", clip)
    assert ran.code == 1
    assert "tiny.int8.tflite was changed" in ran.err


def test_broken_pictures_are_counted_and_the_others_looked_at(
    fake_bundle: Path, cli, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.jpg").write_text("no picture")
    cv2.imwrite(str(folder / "b.png"), np.full((40, 40, 3), 240, np.uint8))
    ran = cli("run", "--source", folder, "--detector", "none", "--json", "--events", "e.jsonl")
    found = json.loads(ran.out)
    assert (found["frames"], found["failed"], found["names"]) == (2, 1, {"cyd": 1})
    assert "a.jpg" in found["first_failure"]
    assert json.loads(Path("e.jsonl").read_text())["file"] == "b.png"


def test_a_clip_cut_off_gives_its_sum_and_an_error(fake_bundle: Path, cli, tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for _ in range(60):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    ran = cli("run", "--source", path, "--detector", "none", "--json", "--video", "v.mp4")
    assert ran.code == 1
    assert json.loads(ran.out)["frames"] > 10
    assert "cut off" in json.loads(ran.out)["stopped_by"]
    assert "error:" in ran.err
    assert Path("v.mp4").exists()


def test_this_process_has_an_age_and_a_size() -> None:
    first = seconds_since_start()
    assert 0 < first <= seconds_since_start() < 24 * 3600
    assert peak_memory_mib() > 5


_SCRIPT = """
import sys
from edgeface.cli.app import main
sys.argv = ["edgeface", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    code = ended.code or 0
heavy = {"tensorflow", "keras", "tf2onnx", "onnx", "matplotlib", "PIL"} & set(sys.modules)
print("heavy:", sorted(heavy), file=sys.stderr)
sys.exit(code)
"""


def in_process_of_its_own(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_run_never_imports_the_training_toolchain(fixture_bundle: Path, clip: Path) -> None:
    running = in_process_of_its_own("run", fixture_bundle, "--source", clip, "--json")
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert "heavy: []" in err
    assert json.loads(out)["frames"] == 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_live_run_with_its_sum(
    fixture_bundle: Path, tmp_path: Path, number: signal.Signals
) -> None:
    path, events = tmp_path / "long.avi", tmp_path / "e.jsonl"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for _ in range(20 * 120):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    running = in_process_of_its_own(
        *("run", fixture_bundle, "--source", path, "--live", "--detector", "none", "--json"),
        *("--events", events, "--video", tmp_path / "v.avi"),
    )
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("source:"):
            break
    while running.poll() is None and not (events.exists() and events.stat().st_size):
        time.sleep(0.01)
    os.kill(running.pid, number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    found = json.loads(out)
    assert 0 < found["frames"] < 2400
    assert found["stopped_by"] is None
    text = events.read_text()
    assert text.endswith("\n")
    assert len(text.splitlines()) == found["faces"]
    assert (tmp_path / "v.avi").exists()


@pytest.mark.real_data
def test_faces_are_found_in_a_real_clip(fake_bundle: Path, cli, real_data: Path) -> None:
    clip = real_data / "video" / "asl_book.mkv"
    model = real_data / "models" / "yunet" / "face_detection_yunet_2023mar.onnx"
    for words in ((), ("--detector", "yunet", "--detector-model", model)):
        ran = cli("run", "--source", clip, "--max-frames", 12, "--json", *words)
        found = json.loads(ran.out)
        # A face that is followed is told from the second time on that it was found.
        assert (found["frames"], found["frames_with_face"], found["faces"]) == (12, 11, 11)
