"""A regression on the command line: every command takes it, or says in one line why not."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgeface.datasets.pointfile import open_points, to_csv


@pytest.fixture
def place(tmp_path: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the committed run and the bundle that was made of it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(fixtures / "points-run-schema1", "runs/curve")
    shutil.copytree(fixtures / "points-bundle-schema1", "bundles/curve")
    return tmp_path


def test_draw_points(tmp_path: Path, cli) -> None:
    path = tmp_path / "points.csv"
    ran = cli("data", "draw-points", path, "--points", "50", "--seed", "3")
    assert ran.code == 0, ran.err
    assert "50 points, y from -" in ran.out
    assert f"next: edgeface train curve {path}" in ran.err
    first = path.read_bytes()
    assert len(open_points(path)) == 50
    ran = cli("data", "draw-points", path, "--points", "50", "--seed", "3")
    assert (ran.code, ran.err.splitlines()[0]) == (2, f"error: {path} exists already")
    ran = cli("data", "draw-points", path, "--points", "50", "--seed", "3", "--force", "--json")
    assert json.loads(ran.out)["points"] == 50
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("points.txt",), "drawn points go into a .csv file"),
        (("p.csv", "--points", "3"), "3 points: 10 to 1000000 are possible"),
        (("p.csv", "--noise", "-1"), "noise -1.0: a standard deviation"),
    ],
)
def test_drawn_wrongly(
    tmp_path: Path, cli, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = cli("data", "draw-points", *words)
    assert ran.code == 2
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []


def test_compare_on_what_the_run_held_back(place: Path, cli) -> None:
    ran = cli("compare", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["task"], found["n"], found["on"]) == (
        *("regress", 12),
        "validation side of runs/curve",
    )
    manifest = json.loads((place / "bundles" / "curve" / "manifest.json").read_text())
    for row, file in zip(found["files"], manifest["files"], strict=True):
        assert row["l2"] == pytest.approx(file["measured"]["l2"], rel=1e-3)
    ran = cli("compare")
    assert "on validation side of runs/curve: 12 points" in ran.out
    int8 = next(line for line in ran.out.splitlines() if line.startswith("curve.int8.tflite "))
    assert int8.split()[1] == "38.83"
    assert "take the float32 file where that is too much" in ran.out
    assert "next: edgeface bench bundles/curve" in ran.err


def test_compare_on_other_points(place: Path, cli) -> None:
    points = open_points_of_the_run()
    Path("same.csv").write_text(to_csv(points))
    ran = cli("compare", "bundles/curve", "same.csv")
    assert "on same.csv: 12 points" in ran.out
    assert "28 more were trained on and are not counted" in ran.out
    x = np.linspace(-8, 8, 30)
    np.savez("new.npz", x=x, y=x**3 / 2)
    assert json.loads(cli("compare", "bundles/curve", "new.npz", "--json").out)["n"] == 30


def open_points_of_the_run():
    from edgeface.datasets.pointfile import read_sides

    return read_sides(Path("runs/curve/points.csv"))[0]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("bundles/curve", "nowhere.csv"), 2, "nowhere.csv: no such file"),
        (("bundles/curve", "runs"), 2, "runs: points come in a csv or npz file"),
        (("--detector", "haar"), 2, "is the bundle of a regression: it looks at no pictures"),
        (("--strangers", "runs"), 2, "is the bundle of a regression: it looks at no pictures"),
        (("--run", "runs/nowhere"), 2, "the run runs/nowhere that bundles/curve was made from"),
        (("--run", "bundles/curve"), 1, "bundles/curve is no run"),
        (("--per-class",), 2, "answers numbers: there are no classes to tell of"),
    ],
)
def test_compared_wrongly(
    place: Path, cli, words: tuple[str, ...], code: int, message: str
) -> None:
    ran = cli("compare", *words)
    assert ran.code == code
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_another_run_is_refused(place: Path, cli, fixture_run: Path) -> None:
    ran = cli("compare", "--run", fixture_run)
    assert ran.code == 1
    assert "is a run of pictures, not of points" in ran.err


def test_verify_and_a_file_that_answers_otherwise(place: Path, cli) -> None:
    ran = cli("verify", "bundles/curve", "--json")
    assert ran.code == 0, ran.err
    assert [f["status"] for f in json.loads(ran.out)["files"]] == ["same"] * 4
    ran = cli("verify")
    assert "points" in ran.out.splitlines()[1]
    assert "crops" not in ran.out


def test_bench_feeds_the_golden_points(place: Path, cli) -> None:
    ran = cli("bench", "--quick", "--format", "tflite")
    assert ran.code == 0, ran.err
    assert "golden inputs of the bundle" in ran.out
    assert "next: edgeface verify bundles/curve" in ran.err
    data = json.loads(cli("bench", "--quick", "--format", "tflite", "--json").out)
    assert {cell["input"] for cell in data["cells"]} == {"float32 (1, 1)"}


def test_show(place: Path, cli) -> None:
    out = cli("show").out
    for said in ("regression: numbers in, a number out", "28 points, seed 0", "L2 error", "38.83"):
        assert said in out
    for unsaid in ("accuracy", "threshold", "detector", "labels", "px"):
        assert unsaid not in out
    file = cli("show", "bundles/curve/curve.int8.onnx").out
    assert "x: float32 (1, 1)" in file
    assert "value: float32 (1, 1)" in file
    found = json.loads(cli("show", "bundles/curve", "--json").out)
    assert (found["kind"], found["task"]) == ("bundle", "regress")
    run = json.loads(cli("show", "runs/curve", "--json").out)
    assert run["config"]["task"] == "regress"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "bundles/curve", "--source", "clip.mp4"), "it answers numbers, not names"),
        (("run", "bundles/curve/curve.int8.tflite"), "it answers numbers, not names"),
        (("predict", "bundles/curve", "a.png"), "it answers numbers, not names"),
    ],
)
def test_commands_for_pictures_say_why_not(
    place: Path, cli, words: tuple[str, ...], message: str
) -> None:
    ran = cli(*words)
    assert ran.code == 2
    assert message in ran.err
    assert ran.err.count("\n") <= 3


@pytest.mark.tf
def test_the_whole_way(tmp_path: Path, cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("data", "draw-points", "p.csv").code == 0
    ran = cli("train", "curve", "p.csv", "--epochs", "30", "--seed", "1")
    assert ran.code == 0, ran.err
    assert "84 " in ran.out
    assert "tanh in all three layers" in ran.err
    ran = cli("export", "--int8", "--json")
    assert ran.code == 0, ran.err
    made = json.loads(ran.out)
    assert (made["task"], made["bundle"], len(made["files"])) == ("regress", "bundles/curve", 4)
    assert made["float_l2"] == pytest.approx(made["files"][0]["measured"]["l2"], rel=1e-3)
    assert cli("compare").code == 0
    assert cli("verify").code == 0


@pytest.mark.tf
def test_export_tells_and_holds_to_gates(place: Path, cli) -> None:
    ran = cli("export", "runs/curve", "--out", "b1")
    assert ran.code == 0, ran.err
    assert "trained network: L2 error 33.43 on the same 12 points" in ran.out
    recipe = place / "small.toml"
    text = 'name = "small"\ntarget = "any"\nformats = ["tflite"]\nschemes = ["int8"]\n[gates]\n'
    recipe.write_text(text + "max_size_bytes = 100\n")
    ran = cli("export", "runs/curve", "--recipe", recipe, "--out", "b2")
    assert ran.code == 3
    assert "NOT MET" in ran.out
    assert not Path("b2").exists()
    ran = cli("export", "runs/curve", "--recipe", recipe, "--out", "b2", "--keep")
    assert ran.code == 3
    assert Path("b2/manifest.json").is_file()
    recipe.write_text(text + "min_accuracy = 0.9\n")
    ran = cli("export", "runs/curve", "--recipe", recipe, "--out", "b3")
    assert ran.code == 1
    assert "small: min_accuracy is a limit on names, and a regression answers numbers" in ran.err


@pytest.mark.tf
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("curve", "none.csv"), 2, "none.csv: no such file"),
        (("curve", "runs/curve"), 2, "points come in a csv or npz file"),
        (("curve", "runs/curve/points.csv"), 1, "'training' is no number"),
        (("curve", "p.csv", "--crop", "never"), 2, "--crop"),
        (("curve", "p.csv", "--validation", "2"), 2, "a share between 0 and 1"),
    ],
)
def test_trained_wrongly(place: Path, cli, words: tuple[str, ...], code: int, message: str) -> None:
    Path("p.csv").write_text(to_csv(open_points_of_the_run()))
    ran = cli("train", *words)
    assert ran.code == code
    assert message in ran.err
    assert sorted(p.name for p in Path("runs").iterdir()) == ["curve"]
