"""``edgeface detect``: photographs in, boxes out, and copies with the boxes drawn."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.images import read_picture

LIGHT = "light.window.float32.tflite"  # blue squares on black are its faces


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name in ("a/one.png", "b/one.png", "none.png"):
        picture = np.zeros((120, 160, 3), np.uint8)
        if name != "none.png":
            picture[40:60, 50:70, 0] = 255
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), picture)
    return folder


def words(pictures: Path, fixtures: Path) -> tuple[object, ...]:
    return ("detect", pictures, "--detector", "window", "--detector-model", fixtures / LIGHT)


def test_boxes_of_every_picture(cli, pictures: Path, fixtures: Path) -> None:
    ran = cli(*words(pictures, fixtures))
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0].split() == ["file", "box", "score"]
    assert [line.split()[1] for line in lines[1:]][2] == "nobody"
    assert f"--detector window --detector-model {fixtures / LIGHT}" in ran.err


def test_as_json(cli, pictures: Path, fixtures: Path) -> None:
    found = json.loads(cli(*words(pictures, fixtures), "--json").out)
    assert found["detector"] == "window"
    one, other, none = found["faces"]
    assert one["file"].endswith("a/one.png")
    assert np.abs(np.asarray(one["box"]) - [50, 40, 70, 60]).max() < 4
    assert 0.99 <= one["score"] <= 1
    assert other["box"] == one["box"]
    assert none == {
        "file": str(pictures / "none.png"),
        "box": None,
        "score": None,
        "error": None,
    }


def test_copies_are_drawn_beside_and_the_pictures_stay(
    cli, pictures: Path, fixtures: Path, tmp_path: Path
) -> None:
    before = {p: p.read_bytes() for p in pictures.rglob("*.png")}
    out = tmp_path / "drawn"
    ran = cli(*words(pictures, fixtures), "--draw", out)
    assert ran.code == 0, ran.err
    assert sorted(p.name for p in out.iterdir()) == ["none.jpg", "one-2.jpg", "one.jpg"]
    assert {p: p.read_bytes() for p in pictures.rglob("*.png")} == before
    green = read_picture(out / "one.jpg")[..., 1]
    assert green[45:55, 55:65].max() < 60  # within the box
    assert green[38:42, 50:70].max() > 100  # its line
    assert read_picture(out / "none.jpg").max() < 10
    again = cli(*words(pictures, fixtures), "--draw", out)
    assert again.code == 2
    assert "exists already" in again.err
    assert cli(*words(pictures, fixtures), "--draw", out, "--force").code == 0


def test_a_picture_never_replaces_itself(cli, tmp_path: Path, fixtures: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.jpg"), np.zeros((40, 40, 3), np.uint8))
    ran = cli(*words(tmp_path, fixtures), "--draw", tmp_path, "--force")
    assert ran.code == 2
    assert "one of the pictures themselves" in ran.err


def test_draw_into_a_file_is_refused_before_anything_is_looked_at(
    cli, pictures: Path, fixtures: Path
) -> None:
    ran = cli(*words(pictures, fixtures), "--draw", pictures / "none.png")
    assert ran.code == 2
    assert "a file, not a folder" in ran.err
    assert ran.out == ""


def test_a_broken_picture_is_told_and_the_others_are_looked_at(
    cli, pictures: Path, fixtures: Path, tmp_path: Path
) -> None:
    (pictures / "broken.jpg").write_bytes(b"no picture")
    ran = cli(*words(pictures, fixtures), "--draw", tmp_path / "drawn")
    assert ran.code == 1
    assert "1 of 4 pictures could not be used" in ran.err
    assert len(ran.out.splitlines()) == 5
    assert len(list((tmp_path / "drawn").iterdir())) == 3


def test_nothing_to_look_at_and_no_file_for_the_window(cli, tmp_path: Path, pictures: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = cli("detect", empty)
    assert ran.code == 2
    assert "a folder without pictures" in ran.err
    ran = cli("detect", pictures, "--detector", "window")
    assert ran.code == 1
    assert "add --detector-model FILE" in ran.err
    ran = cli("detect", pictures, "--detector", "windows")
    assert ran.code == 2
    assert "known: haar, yunet, window, none" in ran.err


@pytest.mark.real_data
def test_haar_on_a_photograph(cli, real_data: Path, tmp_path: Path) -> None:
    ran = cli("detect", real_data / "stills" / "obama.jpg", "--draw", tmp_path / "d", "--json")
    assert ran.code == 0, ran.err
    assert len(json.loads(ran.out)["faces"]) == 1
    assert read_picture(tmp_path / "d" / "obama.jpg").shape == (1024, 820, 3)
