"""``--source drawn``: a clip that is drawn while it plays, and the truth about it."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgeface.camera.drawn import Script, read_script
from edgeface.camera.source import open_source
from edgeface.camera.wanted import Wanted
from edgeface.datasets.drawn.clip import DrawnClip
from edgeface.datasets.drawn.folders import cast
from edgeface.datasets.drawn.truth import read_truth
from edgeface.errors import EdgefaceError

SPEC = "drawn:seed=5,people=2,strangers=1,seconds=1,fps=8"


def expected() -> DrawnClip:
    known, others = cast(2, 1, 5)
    return DrawnClip(known, others, seconds=1, fps=8, seed=5)


def test_every_frame_is_the_one_of_the_clip_of_that_seed(tmp_path: Path) -> None:
    truth = tmp_path / "t.jsonl"
    clip = expected()
    with open_source(SPEC, truth=truth) as source:
        frames = list(source)
        assert str(source.given) == "640x480 drawn at 8 fps"
        assert not truth.exists()
    assert [f.index for f in frames] == list(range(8))
    assert [f.position_ns for f in frames] == [n * 125_000_000 for n in range(8)]
    told = []
    for number, frame in enumerate(frames):
        picture, about = clip.frame(number)
        assert np.array_equal(frame.picture, picture)
        told += about
    assert told
    assert read_truth(truth) == told


def test_live_it_plays_in_real_time() -> None:
    with open_source(SPEC, Wanted(live=True)) as source:
        frames = list(source)
        assert len(frames) + source.dropped == 8
        assert frames[-1].stamp == "stream"


def test_stopped_early_the_truth_is_that_of_what_was_drawn(tmp_path: Path) -> None:
    truth = tmp_path / "t.jsonl"
    with open_source(SPEC.replace("seconds=1", "seconds=60"), truth=truth) as source:
        for _ in source:
            source.stop()
    assert {line.frame for line in read_truth(truth)} <= {0}


def test_what_is_left_out_is_what_quickstart_draws() -> None:
    assert read_script("drawn") == Script(7, 4, 3, 12.0, 15.0)
    assert read_script("drawn: fps = 5".replace(" ", "")) == Script(fps=5.0)


def test_truth_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    source = open_source(SPEC, truth=tmp_path / "file" / "t.jsonl")
    with pytest.raises(EdgefaceError, match=r"t\.jsonl"), source:
        next(source)


def test_the_loop_on_drawn_people(fake_bundle, cli) -> None:
    ran = cli(
        *("run", "--source", SPEC, "--detector", "none", "--truth", "t.jsonl"),
        *("--events", "e.jsonl", "--json"),
    )
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["frames"], found["reopened"]) == (8, 0)
    assert found["source_gives"]["stamp"] == "read"
    assert json.loads(Path("e.jsonl").read_text().splitlines()[0])["age_from"] == "read"
    assert len(read_truth(Path("t.jsonl"))) > 0
    again = cli("run", "--source", SPEC, "--detector", "none", "--truth", "t.jsonl")
    assert again.code == 2
    assert "t.jsonl exists already" in again.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--size", "big"), "WIDTHxHEIGHT"),
        (("--fps", "-1"), "--fps -1"),
        (("--pixel-format", "MJPEG"), "four capital letters"),
        (("--rtsp-tcp",), "--rtsp-tcp cannot be asked"),
        (("--camera-process",), "no camera that could take the loop down"),
        (("--truth", "away/t.jsonl"), "there is no folder away"),
    ],
)
def test_what_cannot_be_asked_is_said_at_once(
    fake_bundle, cli, words: tuple[str, ...], message: str
) -> None:
    ran = cli("run", "--source", "drawn", *words)
    assert ran.code == 2, ran.err
    assert message in ran.err
    assert "source:" not in ran.err
