"""``edgeface predict``: photographs in, names out."""

import csv
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "holiday"
    folder.mkdir()
    for name, value in (("a dark.png", 20), ("b-bright.png", 240)):
        cv2.imwrite(str(folder / name), np.full((40, 60, 3), value, np.uint8))
    return folder


def whole(*words: object) -> tuple[object, ...]:
    return ("predict", *words, "--detector", "none")


def test_files_with_a_bundle(fake_bundle: Path, cli, pictures: Path) -> None:
    ran = cli(*whole(fake_bundle, *sorted(pictures.iterdir()), "--json"))
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["file"] == "tiny.int8.tflite"
    assert [Path(f["file"]).name for f in found["faces"]] == ["a dark.png", "b-bright.png"]
    assert found["faces"][0] == {
        "file": str(pictures / "a dark.png"),
        "box": [10, 0, 50, 40],
        "name": "ada",
        "nearest": "ada",
        "score": pytest.approx(0.9),
        "threshold": 0.5,
        "error": None,
    }
    assert f"next: edgeface run {fake_bundle}" in ran.err


@pytest.mark.parametrize("as_folder", [False, True])
def test_without_a_bundle_the_newest_is_taken_and_said(
    fake_bundle: Path, cli, pictures: Path, as_folder: bool
) -> None:
    given = [pictures] if as_folder else sorted(pictures.iterdir())
    ran = cli(*whole(*given))
    assert ran.code == 0, ran.err
    assert "bundle: bundles/tiny (the newest)" in ran.err
    lines = ran.out.splitlines()
    assert lines[0].split() == ["file", "box", "name", "score"]
    assert [line.split()[-2:] for line in lines[1:]] == [["ada", "0.900"], ["cyd", "0.900"]]


def test_csv(fake_bundle: Path, cli, pictures: Path) -> None:
    ran = cli(*whole(pictures, "--csv"))
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["name"] for row in rows] == ["ada", "cyd"]
    assert [float(rows[0][key]) for key in ("x0", "y0", "x1", "y1")] == [10, 0, 50, 40]
    assert list(rows[0])[-1] == "error"


def test_nobody(fake_bundle: Path, cli, pictures: Path) -> None:
    ran = cli("predict", pictures, "--json")
    assert ran.code == 0
    assert [(f["name"], f["box"], f["score"]) for f in json.loads(ran.out)["faces"]] == [
        ("nobody", None, None)
    ] * 2


@pytest.mark.parametrize("style", [(), ("--csv",), ("--json",)])
def test_broken_pictures_are_listed_after_all_others_were_looked_at(
    fake_bundle: Path, cli, pictures: Path, style: tuple[str, ...]
) -> None:
    (pictures / "0.jpg").write_bytes(b"")
    (pictures / "c.jpg").write_text("no picture")
    ran = cli(*whole(pictures, "away.png", *style))
    assert ran.code == 1
    assert "3 of 5 pictures could not be used" in ran.err
    assert ran.out.count("ada") + ran.out.count("cyd") >= 2
    for name in ("0.jpg", "c.jpg", "away.png", "a dark.png"):
        assert name in ran.out
    if style:
        assert "empty file" in ran.out
    else:
        assert ran.out.count("cannot be used") == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Missing argument"),
        (("bundles/tiny",), "no pictures were named"),
        (("empty",), "neither a bundle nor a folder with pictures"),
        (("holiday", "--csv", "--json"), "--csv and --json were both given"),
    ],
)
def test_what_was_asked_wrongly(
    fake_bundle: Path, cli, pictures: Path, words: tuple[str, ...], message: str
) -> None:
    Path("empty").mkdir()
    ran = cli("predict", *words)
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""


def test_names_of_files_may_begin_with_a_dash_or_hold_anything(
    fake_bundle: Path, cli, pictures: Path
) -> None:
    odd = pictures / "-ü 😀.png"
    cv2.imwrite(str(odd), np.full((40, 40, 3), 240, np.uint8))
    ran = cli(*whole("--json"), "--", fake_bundle, odd)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["faces"][0]["file"] == str(odd)


@pytest.mark.real_data
def test_real_photographs(fake_bundle: Path, cli, real_data: Path) -> None:
    ran = cli("predict", real_data / "stills", "--json")
    assert ran.code == 0, ran.err
    faces = json.loads(ran.out)["faces"]
    of = {Path(f["file"]).stem: [g for g in faces if g["file"] == f["file"]] for f in faces}
    assert [f["name"] for f in of["cat"]] == ["nobody"]
    assert len(of["two_people"]) == 2
    assert len(of["grace_hopper"]) == 1
    assert of["grace_hopper"][0]["name"] in {"ada", "bob", "cyd", "unknown"}


def test_copies_are_drawn_with_the_names(fake_bundle: Path, cli, pictures: Path) -> None:
    out = pictures.parent / "drawn"
    ran = cli(*whole(fake_bundle, pictures, "--draw", out))
    assert ran.code == 0, ran.err
    assert sorted(p.name for p in out.iterdir()) == ["a dark.jpg", "b-bright.jpg"]
    drawn = cv2.imread(str(out / "a dark.jpg"))
    assert drawn.shape == (40, 60, 3)
    assert drawn.max() > 100  # the picture itself is 20 all over
    assert f"drawn: {out}" in ran.err
    assert cli(*whole(fake_bundle, pictures, "--draw", out)).code == 2
    assert cli(*whole(fake_bundle, pictures, "--draw", out, "--force")).code == 0


def test_a_file_that_stands_alone_answers_as_in_its_bundle(
    fixture_bundle: Path, cli, tmp_path: Path, pictures: Path
) -> None:
    name = "friends.int8.tflite"
    (tmp_path / name).write_bytes((fixture_bundle / name).read_bytes())
    faces = []
    for model in (fixture_bundle / name, tmp_path / name):
        ran = cli(*whole(model, pictures, "--json"))
        assert ran.code == 0, ran.err
        faces.append(json.loads(ran.out)["faces"])
    assert faces[0] == faces[1]
    assert {face["nearest"] for face in faces[0]} <= {"Ari", "Bo", "Charlie"}


def test_what_a_file_says_itself_is_not_told_again(
    fixture_bundle: Path, cli, tmp_path: Path, pictures: Path
) -> None:
    ran = cli(*whole(fixture_bundle, pictures, "--colour", "rgb"))
    assert (ran.code, ran.out) == (2, "")
    assert "--colour: " in ran.err
    alone = tmp_path / "alone.tflite"
    alone.write_bytes((fixture_bundle / "friends.float32.tflite").read_bytes())
    ran = cli(*whole(alone, pictures, "--colour", "rgb"))
    assert (ran.code, ran.out) == (2, "")
    assert "says gray" in ran.err


@pytest.mark.real_data
def test_a_foreign_file_names_pictures_once_it_is_told_the_rest(cli, real_data: Path) -> None:
    models = real_data / "models"
    words = ["predict", models / "mobilenet_v1/mobilenet_v1_0.5_128_quant.tflite"]
    words += [real_data / "stills/cat.jpg", real_data / "stills/hot_dog.jpg", "--json"]
    ran = cli(*words)
    assert ran.code == 2
    assert "does not say its labels, colour, framing" in ran.err
    words += ["--labels", models / "mobilenet_v1/imagenet_labels_1001.txt"]
    ran = cli(*words, "--colour", "rgb", "--framing", "whole")
    assert ran.code == 0, ran.err
    cat, dish = (face["name"] for face in json.loads(ran.out)["faces"])
    assert (cat, dish) == ("Egyptian cat", "hotdog, hot dog, red hot")
    assert "every face gets a name" in ran.err
