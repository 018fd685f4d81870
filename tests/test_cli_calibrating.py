"""``edgeface export``: what is asked of the calibration."""

import json
import shutil
from pathlib import Path

import pytest

from edgeface.bundle import Bundle

pytestmark = pytest.mark.tf


@pytest.fixture
def run(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(small_run, tmp_path / "runs" / "mine")
    return Path("runs/mine")


def test_number_method_and_halves(cli, run: Path) -> None:
    words = ("--int8", "--calibration", "12", "--method", "percentile", "--stability")
    ran = cli("export", run, *words)
    assert ran.code == 0, ran.err
    assert "TFLite's converter has minmax alone" in ran.err
    assert "calibration: too few: 12 different pictures in all" in ran.err
    assert "agreement of the halves" in ran.out
    assert "6 pictures" in ran.out
    manifest = Bundle.load(Path("bundles/mine")).manifest
    assert manifest.calibration is not None
    assert len(manifest.calibration.pictures) == 12
    assert manifest.calibration.method == "percentile"
    named = {f.key: f.quantised.calibration for f in manifest.files if f.quantised}
    assert named == {"tflite int8": "minmax", "onnx int8": "percentile"}


def test_a_wrong_set_of_ones_own_is_exit_code_1(cli, run: Path, drawn_photos: Path) -> None:
    from edgeface.train.run import Run

    loaded = Run.load(run)
    for entry in loaded.split.side("training"):
        if entry.label == loaded.labels[0]:
            Path("own").mkdir(exist_ok=True)
            shutil.copy(drawn_photos / entry.name, "own")
    ran = cli("export", run, "--int8", "--calibrate-on", "own", "--json")
    assert ran.code == 1
    assert "cannot be calibrated on: one class" in ran.err
    assert "remedy: " in ran.err
    assert not ran.out
    assert not Path("bundles").exists() or not list(Path("bundles").iterdir())


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--calibration", "20"), 2, "--calibration, but nothing is quantised"),
        (("--stability",), 2, "--stability, but nothing is quantised"),
        (("--method", "mse"), 2, "--method, but nothing is quantised"),
        (("--calibration-curve",), 2, "--calibration-curve, but nothing is quantised"),
        (("--calibrate-on", "x"), 2, "--calibrate-on, but nothing is quantised"),
        (("--int8", "--method", "best"), 2, "--method best: one of minmax, percentile"),
        (("--int8", "--calibration", "0"), 2, "Invalid value for '--calibration'"),
        (("--int8", "--calibrate-on", "nowhere"), 2, "nowhere: no such folder"),
        (("--recipe", "lite.toml", "--method", "mse"), 1, "TFLite's converter has minmax alone"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_leaves_nothing(
    cli, run: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    Path("lite.toml").write_text(
        'name = "p"\ntarget = "x"\nformats = ["tflite"]\nschemes = ["int8"]\n'
    )
    ran = cli("export", run, *words)
    assert ran.code == code, ran.err
    assert message in " ".join(ran.err.split())
    assert not Path("bundles").exists() or not list(Path("bundles").iterdir())


def test_a_regression_has_no_pictures_to_calibrate_on(
    cli, tmp_path: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    points = fixtures / "points-run-schema1"
    ran = cli("export", points, "--int8", "--stability")
    assert ran.code == 2
    assert "is a regression: it is calibrated on its own training points" in ran.err
    ran = cli("export", points, "--int8", "--method", "mse")
    assert ran.code == 1
    assert "a regression has minmax" in ran.err
    assert json.dumps(sorted(p.name for p in tmp_path.iterdir())) == "[]"
