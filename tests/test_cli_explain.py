"""``edgeface explain``: what it prints, what it leaves, and what it refuses."""

import json
import os
import shutil
from pathlib import Path

import pytest

from edgeface import sealed

pytestmark = pytest.mark.tf


@pytest.fixture
def place(
    fixture_run: Path,
    fixture_bundle: Path,
    drawn_photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A run, the bundle that was exported from it, and a photograph; the pictures are gone."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(fixture_run, "runs/mine")
    shutil.copytree(fixture_bundle, "bundles/mine")
    shutil.copy(min(drawn_photos.glob("*/*.jpg")), "face.jpg")
    return tmp_path


def test_the_newest_run_is_shown_layer_by_layer(cli, place: Path) -> None:
    shutil.copytree("runs/mine", "runs/older")
    os.utime("runs/older/config.toml", (1, 1))
    ran = cli("explain", "--picture", "face.jpg")
    assert ran.code == 0, ran.err
    assert "run: runs/mine (the newest)" in ran.err
    assert "picture: face.jpg (the face that haar found)" in ran.err
    assert ran.err.splitlines()[-1] == "next: edgeface export runs/mine --int8"
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0] == ["layer", "kind", "output", "parameters", "multiply-adds"]
    assert ["conv2", "Conv2D", "13×13×32", "9,248", "1,557,504"] in lines
    assert ["all", "44,707", "2,128,192"] in lines
    assert "page: runs/mine-explained/explain.html" in ran.out
    folder = Path("runs/mine-explained")
    sealed.check(folder, "explanation", needs=("explain.html", "explain.json", "filters.png"))
    # It is no run, and the run itself is as it was.
    sealed.check(Path("runs/mine"), "run")
    again = cli("explain", "--picture", "face.jpg", "--layer", "conv1")
    assert "run: runs/mine (the newest)" in again.err
    assert "page: runs/mine-explained-2/explain.html" in again.out


def test_files_stand_beside_the_network(cli, place: Path) -> None:
    words = ("--picture", "face.jpg", "--bundle", "bundles/mine", "--layer", "conv1")
    ran = cli("explain", "runs/mine", *words, "--layer", "probs")
    assert ran.code == 0, ran.err
    head = ran.out.splitlines()[0]
    assert all(f"{key} dB" in head for key in ("tflite int8", "onnx int8", "onnx float32"))
    assert "the trained network" in ran.out
    assert ran.err.splitlines()[-1] == "next: edgeface bench bundles/mine"
    names = {path.name for path in Path("runs/mine-explained").iterdir()}
    assert {"02-conv1.png", "02-conv1-files.png", "noise.png"} <= names
    assert "04-conv2.png" not in names
    page = Path("runs/mine-explained/explain.html").read_text("utf-8")
    assert "conv1, the network beside tflite int8, onnx int8: all 32 channels" not in page
    assert "the 8 of 32 channels that differ most" in page


def test_json_says_all_of_it(cli, place: Path) -> None:
    words = ("--picture", "face.jpg", "--bundle", "bundles/mine/friends.int8.tflite")
    shutil.copytree("runs/mine", "runs/other")
    ran = cli("explain", "runs/mine", *words, "--beside", "runs/other", "--out", "shown", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert (told["schema"], told["run"], told["folder"]) == (1, "mine", "shown")
    assert told["parameters"] == 44_707
    assert told["picture"]["label"] is None
    assert [file["file"] for file in told["files"]] == ["friends.int8.tflite"]
    layers = {layer["name"]: layer for layer in told["files"][0]["layers"]}
    assert layers["conv3"]["found_by"] == "name"
    assert layers["conv3"]["dtype"] == "int8"
    assert 20 < layers["conv3"]["sqnr_db"] < 60
    assert layers["scaling"]["largest"] == 0
    assert layers["scaling"]["sqnr_db"] is None
    assert told["beside"]["run"] == "other"
    assert told["beside"]["same_pictures"] is True
    stored = json.loads(Path("shown/explain.json").read_text())
    assert {**stored, "folder": "shown"} == told


def test_nothing_is_replaced_without_force(cli, place: Path) -> None:
    words = ("explain", "runs/mine", "--picture", "face.jpg", "--layer", "probs", "--out", "shown")
    assert cli(*words).code == 0
    before = Path("shown/SHA256SUMS").read_bytes()
    ran = cli(*words)
    assert ran.code == 2
    assert "shown exists already" in ran.err
    assert Path("shown/SHA256SUMS").read_bytes() == before
    ran = cli(*words, "--layer", "conv1", "--force")
    assert ran.code == 0, ran.err
    assert Path("shown/02-conv1.png").is_file()


def test_a_run_named_by_its_place_is_not_written_into(
    cli, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("runs/mine")
    ran = cli("explain", ".", "--picture", "../../face.jpg", "--layer", "probs")
    assert ran.code == 0, ran.err
    assert (place / "runs/mine-explained/explain.html").is_file()
    sealed.check(Path(), "run")


@pytest.mark.parametrize(
    ("words", "code", "message", "remedy"),
    [
        (("runs/none",), 2, "runs/none: no such folder", "edgeface train"),
        (("bundles/mine",), 1, "bundles/mine is no run", "it is a bundle"),
        (("runs/mine",), 2, "was trained on are gone", "--picture"),
        (("runs/mine", "--picture", "none.jpg"), 1, "none.jpg: cannot be read", ""),
        (("runs/mine", "--picture", "notes.txt"), 1, "not a picture", ""),
        (("runs/mine", "--picture", "face.jpg", "--layer", "conv9"), 2, "conv9", "conv1, pool1"),
        (("runs/mine", "--picture", "face.jpg", "--beside", "runs/none"), 2, "no such", ""),
        (("runs/mine", "--picture", "face.jpg", "--bundle", "none"), 2, "no such bundle", ""),
        (("runs/mine", "--picture", "face.jpg", "--bundle", "alone.onnx"), 2, "alone", "folder"),
        (("runs/mine", "--detector-model", "x.onnx"), 2, "none was named", "--picture"),
        (("runs/mine", "--picture", "face.jpg", "--out", "runs"), 2, "runs exists", "--force"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    cli, place: Path, words: tuple[str, ...], code: int, message: str, remedy: str
) -> None:
    Path("notes.txt").write_text("no picture")
    shutil.copy("bundles/mine/friends.int8.onnx", "alone.onnx")
    before = sorted(str(path) for path in Path().rglob("*"))
    ran = cli("explain", *words)
    assert ran.code == code, ran.err
    assert message in ran.err
    assert remedy in ran.err
    assert not ran.out
    assert "Traceback" not in ran.err
    assert sorted(str(path) for path in Path().rglob("*")) == before


def test_a_bundle_of_another_network_is_refused(cli, place: Path) -> None:
    run = Path("runs/mine")
    shutil.copytree(run, "runs/again")
    # As after a second training: other weights, the same name and the same kind of network.
    from edgeface.train.run import Run

    model = Run.load(run).model()
    model.get_layer("probs").bias.assign_add([1.0, 0.0, 0.0])
    with sealed.new_folder(run, force=True) as new:
        for path in Path("runs/again").iterdir():
            if path.name != sealed.SUMS:
                shutil.copy(path, new)
        model.save_weights(new / "model.weights.h5")
    ran = cli("explain", run, "--picture", "face.jpg", "--bundle", "bundles/mine")
    assert ran.code == 2
    assert "bundles/mine was not exported from runs/mine" in ran.err
    assert "remedy: edgeface export runs/mine --int8" in ran.err


def test_a_run_of_points_has_nothing_to_show(cli, place: Path) -> None:
    Path("runs/curve").mkdir()
    Path("runs/curve/config.toml").write_text('schema = 1\ntask = "regress"\n')
    ran = cli("explain", "runs/curve")
    assert ran.code == 2
    assert "runs/curve is fitted to points" in ran.err
    assert "runs/curve/curve.png" in ran.err
