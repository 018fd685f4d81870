"""``edgeface doctor`` as a program: for real, and where packages are broken on purpose."""

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from edgeface.doctor.findings import LEVELS, Examination, Finding

# Where one of these is missing, it is a machine that the tests of a device do not run on.
SAYS_MISSING = "raise ModuleNotFoundError(\"No module named '{0}'\", name='{0}')\n"
NO_GL = "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
ABORTS = "import os\nos.abort()\n"


def doctor(here: Path, *words: str, broken: dict[str, str] | None = None) -> dict:
    """Run it in an environment whose first folder of modules holds the broken ones."""
    modules = here / "modules"
    for name, text in (broken or {}).items():
        (modules / name).mkdir(parents=True)
        (modules / name / "__init__.py").write_text(text)
    env = os.environ | {"PYTHONPATH": str(modules)}
    command = [sys.executable, "-m", "edgeface", "doctor", "--source", "drawn", "--json", *words]
    done = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    data = json.loads(done.stdout)
    stops = [f for f in data["findings"] if f["level"] == "stops run"]
    assert done.returncode == (1 if stops else 0), done.stderr
    assert ("error: " in done.stderr) == bool(stops)
    return data


def found(data: dict, check: str) -> list[dict]:
    return [f for f in data["findings"] if f["check"] == check]


def test_this_machine_is_examined_for_real(tmp_path: Path, fixtures: Path) -> None:
    data = doctor(tmp_path, str(fixtures / "bundle-schema1"))
    assert data["schema"] == 1
    assert data.keys() == {f.name for f in fields(Examination)}
    assert list(data["told"]) == ["machine", "python", "packages", "bundle", "detector", "camera"]
    assert data["untold"] == []
    for finding in data["findings"]:
        assert finding.keys() == {f.name for f in fields(Finding)}
        assert finding["level"] in LEVELS
    # These tests run, so what they need is there.
    assert not [f for f in data["findings"] if f["level"] == "stops run"]
    assert "haarcascade_frontalface_alt2.xml" in data["told"]["detector"]


def test_a_cv2_that_lacks_a_library_is_found(tmp_path: Path) -> None:
    data = doctor(tmp_path, broken={"cv2": NO_GL})
    (finding,) = found(data, "opencv")
    assert finding["level"] == "stops run"
    assert "libGL.so.1" in finding["found"]


def test_packages_that_kill_the_process_are_found(tmp_path: Path) -> None:
    data = doctor(tmp_path, broken={"cv2": ABORTS, "onnxruntime": ABORTS})
    assert "it dies of SIGABRT" in found(data, "opencv")[0]["found"]
    assert "it dies of SIGABRT" in found(data, "onnxruntime")[0]["found"]
    assert not list(tmp_path.glob("core*"))


@pytest.mark.parametrize("text", [SAYS_MISSING.format("numpy"), ABORTS, "raise SystemExit(3)"])
def test_it_starts_without_numpy_and_cv2(tmp_path: Path, text: str) -> None:
    broken = {"numpy": text, "cv2": text.replace("numpy", "cv2")}
    data = doctor(tmp_path, broken=broken)
    assert found(data, "numpy")[0]["level"] == "stops run"
    assert data["untold"] == []


def test_a_package_that_talks_is_not_taken_at_its_word(tmp_path: Path) -> None:
    talks = 'print(\'edgeface-doctor:{"state": "loads"}\')\nraise ImportError("no")\n'
    data = doctor(tmp_path, broken={"cv2": talks})
    assert "ImportError: no" in found(data, "opencv")[0]["found"]


def test_a_folder_of_the_name_is_no_package(tmp_path: Path) -> None:
    """What a failed pip uninstall leaves behind: an empty folder that imports."""
    (tmp_path / "modules" / "edgeface_no_such").mkdir(parents=True)
    from edgeface.doctor.imports import try_import
    from edgeface.doctor.machine import this_machine

    machine = this_machine(tmp_path)
    sys.path.insert(0, str(tmp_path / "modules"))
    try:
        tried = try_import(this_machine(tmp_path), "edgeface_no_such")
    finally:
        sys.path.pop(0)
    assert tried.state == "broken"
    assert try_import(machine, "edgeface_no_such").state == "missing"


def test_the_file_that_run_takes_answers_or_is_said_not_to(tmp_path: Path, fixtures: Path) -> None:
    """A bundle whose golden answers are of another network, sealed again."""
    import numpy as np

    from edgeface import sealed

    with np.load(fixtures / "bundle-schema1" / "golden.npz") as stored:
        arrays = {name: stored[name] for name in stored}
    for name in arrays:
        if name != "pixels":
            arrays[name] = arrays[name][:, ::-1]
    with sealed.new_folder(tmp_path / "bundles" / "odd") as new:
        for path in (fixtures / "bundle-schema1").iterdir():
            if path.name != "SHA256SUMS":
                (new / path.name).write_bytes(path.read_bytes())
        np.savez(new / "golden.npz", **arrays)
    (finding,) = found(doctor(tmp_path), "bundle")
    assert finding["level"] == "slower or worse"
    assert "answers otherwise than where it was exported" in finding["found"]


def test_a_bundle_of_points_is_none_for_run(tmp_path: Path, fixtures: Path) -> None:
    (finding,) = found(doctor(tmp_path, str(fixtures / "points-bundle-schema1")), "bundle")
    assert finding["level"] == "stops run"
    assert "regression" in finding["found"]


def test_the_words_are_readable(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = cli("doctor", "nope", "--source", "drawn")
    assert ran.code == 1
    assert "stops run: nope: no such folder\n  why: edgeface run takes it\n  do: name" in ran.out
    assert "1 stop run, " in ran.out
    assert "error: one thing stops edgeface run here; the first: nope: no such folder" in ran.err


def test_no_bundle_is_a_note_and_the_next_step_is_said(cli, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = cli("doctor", "--source", "drawn")
    assert ran.code == 0
    assert "note: there is no bundle in bundles\n" in ran.out
    assert "next: edgeface quickstart" in ran.err


def test_the_page_describes_every_key(checkout: Path) -> None:
    page = (checkout / "docs" / "formats.md").read_text("utf-8")
    section = page.partition("## Doctor")[2].partition("\n## ")[0]
    for record in (Examination, Finding):
        for field in fields(record):
            assert f"`{field.name}`" in section
