"""The options of ``edgeface run`` that say how faces are followed."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.datasets.drawn.clip import DrawnClip, write_clip
from edgeface.datasets.drawn.folders import cast


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two drawn people who cross."""
    path = tmp_path_factory.mktemp("clip") / "clip.avi"
    known, strangers = cast(1, 1, 5)
    write_clip(path, DrawnClip(known, strangers, seconds=3.0, fps=12.0, seed=4))
    return path


def events(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_changes_are_told_once_and_every_frame_by_option(
    fake_bundle: Path, cli, clip: Path
) -> None:
    ran = cli("run", fake_bundle, "--source", clip, "--events", "few.jsonl", "--json")
    assert ran.code == 0, ran.err
    few = events(Path("few.jsonl"))
    told = json.loads(ran.out)
    assert cli("run", "--source", clip, "--events", "all.jsonl", "--every-frame").code == 0
    every = events(Path("all.jsonl"))
    assert len(few) < len(every) / 3
    decided = [(e["track"], e["name"]) for e in few if e.get("event") == "decided"]
    assert len(decided) == len(set(decided))
    assert {track for track, _ in decided} <= {e.get("track") for e in every}
    assert sum(told["tracks"].values()) >= 1
    assert told["searched"] <= told["frames"] == 36
    assert {"settled", "seen"} <= set(every[-1] if "track" in every[-1] else every[-2])


def test_every_so_manieth_frame_is_searched(fake_bundle: Path, cli, clip: Path) -> None:
    words = ("--detect-every", 3, "--no-motion-gate", "--json")
    found = json.loads(cli("run", "--source", clip, *words).out)
    assert (found["frames"], found["searched"]) == (36, 12)
    table = cli("run", "--source", clip, "--detect-every", 3, "--no-motion-gate").out
    assert "24 frames not" in table


def test_a_region_without_people_shows_nobody(fake_bundle: Path, cli, clip: Path) -> None:
    words = ("--region", "0,0.9,1,1", "--json", "--events", "e.jsonl")
    assert json.loads(cli("run", "--source", clip, *words).out)["faces"] == 0
    assert [e["name"] for e in events(Path("e.jsonl"))] == ["nobody"]
    assert json.loads(cli("run", "--source", clip, "--least-face", 400, "--json").out)["faces"] == 0


def test_pictures_of_a_folder_are_not_followed(fake_bundle: Path, cli, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    frame, _ = DrawnClip(*cast(1, 1, 5), seconds=3.0, fps=12.0, seed=4).frame(18)
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.asarray(frame))
    assert cli("run", "--source", folder, "--events", "e.jsonl").code == 0
    assert all("track" not in e for e in events(Path("e.jsonl")))
    assert len(events(Path("e.jsonl"))) >= 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--region", "0,0,1"), "four numbers"),
        (("--region", "a,b,c,d"), "four numbers"),
        (("--region", "nan,0,1,1"), "no part of a frame"),
        (("--region", "0.5,0,0.5,1"), "no part of a frame"),
        (("--no-track", "--region", "0,0,1,1"), "--region: of use only where faces are followed"),
        (("--no-track", "--detect-every", 2), "--detect-every: of use only"),
        (("--detector", "none", "--least-face", 50), "--least-face: of use only"),
        (("--detector", "none", "--track"), "no face to follow"),
    ],
)
def test_what_was_asked_wrongly(fake_bundle: Path, cli, clip: Path, words, message: str) -> None:
    ran = cli("run", "--source", clip, *words)
    assert ran.code == 2, ran.err
    assert message in " ".join(ran.err.split())
