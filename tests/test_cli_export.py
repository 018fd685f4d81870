"""``edgeface export``: a run → a bundle."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgeface.bundle import Bundle

pytestmark = pytest.mark.tf

GATED = """
name = "tight"
target = "any machine"
formats = ["tflite"]
schemes = ["float32", "int8"]
calibration = 20

[gates]
schemes = ["int8"]
min_accuracy = 0.1
max_size_bytes = {limit}
"""


@pytest.fixture
def run(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The newest run below the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("old", "mine"):
        shutil.copytree(small_run, tmp_path / "runs" / name)
    config = tmp_path / "runs" / "mine" / "config.toml"
    later = config.stat().st_mtime + 5
    os.utime(config, (later, later))
    return Path("runs/mine")


def test_the_newest_run_is_taken_and_said(cli, run: Path) -> None:
    ran = cli("export", "--int8")
    assert ran.code == 0, ran.err
    assert "run: runs/mine (the newest)" in ran.err
    assert ran.err.splitlines()[-1] == "next: edgeface compare bundles/mine"
    assert "bundle: bundles/mine" in ran.out
    assert "trained network: " in ran.out
    bundle = Bundle.load(Path("bundles/mine"))
    for file in bundle.manifest.files:
        assert file.name in ran.out
    assert len(bundle.manifest.files) == 4
    # The bundle can be compared at once, and its run is found.
    found = json.loads(cli("compare", "--json").out)
    assert found["on"] == "validation side of runs/mine"
    for row, file in zip(found["files"], bundle.manifest.files, strict=True):
        assert row["accuracy"] == file.measured.accuracy
        assert row["n"] == file.measured.pictures


def test_without_int8_there_are_two_files_and_a_free_name(cli, run: Path) -> None:
    Path("bundles/mine").mkdir(parents=True)
    ran = cli("export", run, "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["bundle"] == "bundles/mine-2"
    assert [f["scheme"] for f in told["files"]] == ["float32", "float32"]
    assert told["gates"] == []
    assert told["float_accuracy"] == told["files"][0]["measured"]["accuracy"]


def test_a_gate_that_is_not_met_is_exit_code_3_and_a_table(cli, run: Path) -> None:
    Path("tight.toml").write_text(GATED.format(limit=1000))
    ran = cli("export", "--recipe", "tight.toml")
    assert ran.code == 3
    row = next(line for line in ran.out.splitlines() if "max_size_bytes" in line)
    assert "NOT MET" in row
    assert "≤ 1000" in row
    assert "error: 1 of 2 gates were not met; no bundle was written" in ran.err
    assert "next:" not in ran.err
    assert not list(Path("bundles").iterdir())
    ran = cli("export", "--recipe", "tight.toml", "--json")
    assert ran.code == 3
    told = json.loads(ran.out)
    assert told["bundle"] is None
    assert [g["met"] for g in told["gates"]] == [True, False]


def test_keep_keeps_the_bundle_and_the_exit_code(cli, run: Path) -> None:
    Path("tight.toml").write_text(GATED.format(limit=1000))
    ran = cli("export", "--recipe", "tight.toml", "--keep")
    assert ran.code == 3
    assert "kept, though a gate was not met" in ran.err
    bundle = Bundle.load(Path("bundles/mine"))
    assert [f.key for f in bundle.manifest.files] == ["tflite float32", "tflite int8"]
    assert len(bundle.manifest.calibration.pictures) == 20


def test_gates_that_are_met_are_shown(cli, run: Path) -> None:
    Path("loose.toml").write_text(GATED.format(limit=10**6))
    ran = cli("export", run, "--recipe", "loose.toml", "--int8")
    assert ran.code == 0, ran.err
    assert ran.out.count(" met") == 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("runs/none",), 2, "no such folder"),
        (("photos",), 1, "no run: it has no config.toml"),
        (("runs/mine", "--out", "taken"), 2, "taken exists already"),
        (("runs/mine", "--out", "taken", "--force"), 2, "was not made by edgeface"),
        (("runs/mine", "--recipe", "none.toml"), 1, "none.toml: cannot be read"),
        (("runs/mine", "--recipe", "bad.toml"), 1, 'unknown key "sheme"'),
        (("runs/mine", "--recipe", "plain.toml", "--int8"), 2, "asks for float32 only"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    cli, run: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    for folder in ("photos", "taken"):
        Path(folder).mkdir()
        Path(folder, "x.txt").write_text("x")
    plain = 'name = "p"\ntarget = "x"\nformats = ["onnx"]\nschemes = ["float32"]\n'
    Path("plain.toml").write_text(plain)
    Path("bad.toml").write_text(plain + 'sheme = "int8"\n')
    before = sorted(str(p) for p in Path().rglob("*"))
    ran = cli("export", *words)
    assert ran.code == code, ran.err
    assert message in ran.err
    assert not ran.out
    assert sorted(str(p) for p in Path().rglob("*")) == before


def test_without_a_run_the_remedy_is_to_make_one(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = cli("export", "--int8")
    assert ran.code == 2
    assert "edgeface train" in ran.err


def test_a_changed_run_is_named(cli, run: Path) -> None:
    path = run / "labels.txt"
    path.write_text(path.read_text() + "Eve\n")
    ran = cli("export", run)
    assert ran.code == 1
    assert "runs/mine: labels.txt was changed" in ran.err
    assert not Path("bundles").exists()


@pytest.mark.slow
def test_ctrl_c_leaves_no_half_bundle_and_a_second_start_works(run: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    command = [sys.executable, "-m", "edgeface", "export", str(run), "--int8"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    # Its folder stands beside the bundle's place from the first conversion on.
    while process.poll() is None and not list(Path().glob("bundles/.mine.*")):
        time.sleep(0.02)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert list(Path("bundles").iterdir()) == []
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert len(Bundle.load(Path("bundles/mine")).manifest.files) == 4
