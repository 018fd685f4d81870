"""What holds the project together: layers, bans, locks, and the wheel on a bare machine."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

TRAINING = {"tensorflow", "keras", "tf2onnx", "onnx"}
HEAVY = TRAINING | {"onnxruntime", "openvino", "ai_edge_litert", "tflite_runtime"}
HEAVY |= {"matplotlib", "PIL"}
# Fewer would mean that the tests of the device half were not collected.
LEAST_DEVICE_TESTS = 300


def _run(
    *words: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(w) for w in words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


def _project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))


def _needs(*modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: it comes with the extra dev")


def _modules(checkout: Path, *, without: tuple[str, ...]) -> list[str]:
    found = []
    for path in sorted((checkout / "edgeface").rglob("*.py")):
        name = ".".join(path.relative_to(checkout).with_suffix("").parts)
        if path.stem != "__main__" and not name.startswith(without):
            found.append(name.removesuffix(".__init__"))
    return found


def test_every_import_points_down(checkout: Path) -> None:
    _needs("importlinter")
    lint = Path(sys.executable).with_name("lint-imports")
    env = os.environ | {"PYTHONPATH": str(checkout)}
    done = _run(lint, "--no-logo", "--no-cache", cwd=checkout, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kept, 0 broken" in done.stdout


def test_an_import_upwards_or_of_the_training_half_is_found(checkout: Path, tmp_path: Path) -> None:
    _needs("importlinter")
    shutil.copytree(checkout / "edgeface", tmp_path / "edgeface")
    shutil.copy(checkout / "pyproject.toml", tmp_path)
    with (tmp_path / "edgeface" / "geometry.py").open("a") as file:
        file.write("\n\ndef _late() -> None:\n    import onnx  # noqa: F401\n")
        file.write("    from edgeface import bundle  # noqa: F401\n")
    lint = Path(sys.executable).with_name("lint-imports")
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = _run(lint, "--no-logo", "--no-cache", cwd=tmp_path, env=env)
    assert done.returncode != 0
    assert "1 kept, 2 broken" in done.stdout


def test_every_device_module_stands_in_the_contract(checkout: Path) -> None:
    contracts = _project(checkout)["tool"]["importlinter"]["contracts"]
    forbidden = next(c for c in contracts if c["type"] == "forbidden")
    assert set(forbidden["forbidden_modules"]) >= TRAINING
    device = _modules(checkout, without=("edgeface.train", "edgeface.convert", "edgeface.cli"))
    tops = {".".join(name.split(".")[:2]) for name in device} - {"edgeface"}
    assert tops == set(forbidden["source_modules"])


def test_ruff_bans_heavy_imports_at_the_top_of_a_module(checkout: Path) -> None:
    lint = _project(checkout)["tool"]["ruff"]["lint"]
    assert set(lint["flake8-tidy-imports"]["banned-module-level-imports"]) >= HEAVY
    assert "TID" in lint["select"]
    exempt = {k for k, v in lint["per-file-ignores"].items() if "TID253" in v}
    assert exempt == {"edgeface/train/**", "edgeface/convert/**", "tests/**", "benchmarks/**"}
    _needs("ruff")
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--quiet", "--stdin-filename"]
    for name, refused in (("edgeface/vision/x.py", True), ("edgeface/train/x.py", False)):
        done = subprocess.run(
            [*ruff, name, "--select", "TID253", "-"],
            input="import keras\n",
            cwd=checkout,
            capture_output=True,
            text=True,
        )
        assert ("TID253" in done.stdout) is refused, done.stdout + done.stderr


def test_no_device_module_loads_the_training_half(checkout: Path) -> None:
    device = _modules(checkout, without=("edgeface.train", "edgeface.convert"))
    assert len(device) > 20
    imports = "".join(f"import {name}\n" for name in device)
    env = os.environ | {"PYTHONPATH": str(checkout)}
    script = f"import sys\n{imports}print(*sys.modules)"
    done = _run(sys.executable, "-c", script, cwd=checkout, env=env)
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "edgeface" in loaded
    assert "cv2" in loaded
    assert not loaded & HEAVY


def _requirements(lock: Path) -> list[str]:
    """The requirements of a lock, each with its hashes on one line."""
    text = re.sub(r"^ *#.*\n", "", lock.read_text("utf-8"), flags=re.MULTILINE)
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def _pins(lock: Path) -> set[str]:
    return {r.split(" --hash")[0].replace(" ", "") for r in _requirements(lock)}


def test_locks_carry_hashes_and_no_addresses(checkout: Path) -> None:
    locks = sorted((checkout / "locks").glob("*.txt"))
    assert [lock.name for lock in locks] == ["device.txt", "train.txt"]
    for lock in locks:
        text = lock.read_text("utf-8")
        assert not re.search(r"https?:|file:|--(extra-)?index|--find-links|(^|[\s@=])/", text)
        requirements = _requirements(lock)
        assert len(requirements) > 20
        for requirement in requirements:
            assert re.match(r"[a-z0-9-]+==[^ ]+ ", requirement), requirement
            assert re.search(r" --hash=sha256:[0-9a-f]{64}", requirement), requirement


def test_a_device_gets_the_versions_that_its_files_were_made_with(checkout: Path) -> None:
    device, train = (_pins(checkout / "locks" / f"{n}.txt") for n in ("device", "train"))
    assert {pin.split(";")[0] for pin in device} <= {pin.split(";")[0] for pin in train}
    assert not {pin.split("==")[0] for pin in device} & TRAINING


def _locked(lock: Path) -> set[str]:
    return {pin.split("==")[0] for pin in _pins(lock)}


def _normal(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[ <>=!~;\[]", requirement)[0]).lower()


def test_the_locks_hold_what_pyproject_asks_for(checkout: Path) -> None:
    project = _project(checkout)["project"]
    extras = project["optional-dependencies"]
    device = {_normal(r) for r in project["dependencies"] + extras["onnx"] + extras["test"]}
    train = device | {_normal(r) for r in extras["train"] + extras["dev"]}
    assert device - {"edgeface"} <= _locked(checkout / "locks" / "device.txt")
    assert train - {"edgeface"} <= _locked(checkout / "locks" / "train.txt")


def test_scripts_can_be_run_and_say_where_they_stop(checkout: Path) -> None:
    for name in ("check", "check-wheels", "lock", "quickstart", "test", "../.ci/run"):
        script = checkout / "scripts" / name
        assert os.access(script, os.X_OK), name
        assert script.read_text().startswith("#!/usr/bin/env bash\n"), name
        assert "set -euo pipefail" in script.read_text(), name
        assert _run("bash", "-n", script, cwd=checkout).returncode == 0, name


@pytest.mark.parametrize("name", ["python2", "missing"])
def test_a_wrong_python_is_one_line_and_a_remedy(checkout: Path, tmp_path: Path, name: str) -> None:
    fake = tmp_path / "python2"
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 2.7.18 || exit 1\n')
    fake.chmod(0o755)
    env = os.environ | {"PYTHON": str(tmp_path / name)}
    done = _run(checkout / "scripts" / "test", "--fast", cwd=tmp_path, env=env)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "remedy"]
    assert "is not Python 3.11, 3.12 or 3.13" in lines[0]
    assert ("Python 2.7.18" in lines[0]) is (name == "python2")
    assert done.stdout == ""


def _build_wheel(checkout: Path, place: Path) -> Path:
    source = place / "source"
    source.mkdir()
    shutil.copytree(
        checkout / "edgeface", source / "edgeface", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(checkout / name, source)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place]
    done = _run(*build, source, cwd=place)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = place.glob("*.whl")
    return wheel


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_wheel_passes_the_device_tests_on_a_machine_without_tensorflow(
    checkout: Path, tmp_path: Path
) -> None:
    _needs("build", "hatchling")
    wheel = _build_wheel(checkout, tmp_path)
    venv = tmp_path / "venv"
    assert _run(sys.executable, "-m", "venv", venv, cwd=tmp_path).returncode == 0
    python = venv / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    locked = ["--no-compile", "--require-hashes", "--only-binary", ":all:", "-r"]
    for words in ([*locked, checkout / "locks" / "device.txt"], ["--no-deps", wheel]):
        done = _run(*pip, *words, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr

    empty = tmp_path / "empty" / "folder"
    empty.mkdir(parents=True)
    here = Path(__file__).resolve().parent
    shutil.copytree(here, empty / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    options = _project(checkout)["tool"]["pytest"]["ini_options"]
    markers = "".join(f"\n  {marker}" for marker in options["markers"])
    words = " ".join(options["addopts"])
    (empty / "pytest.ini").write_text(
        f"[pytest]\naddopts = {words}\nfilterwarnings = error\nxfail_strict = true\n"
        f"testpaths = tests\nmarkers ={markers}\n"
    )
    keep = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "EDGEFACE_DATA")}
    tests = [python, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not tf and not slow", "-q"]
    done = _run(*tests, "--strict-markers", "--timeout", "300", cwd=empty, env=keep)
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    passed = re.search(r"(\d+) passed", last)
    assert passed is not None, last
    assert int(passed[1]) >= LEAST_DEVICE_TESTS, last
    assert "failed" not in last
    assert "error" not in last

    script = "import importlib.util as u, edgeface; print(edgeface.__file__, u.find_spec('keras'))"
    done = _run(python, "-c", script, cwd=empty, env=keep)
    assert done.stdout.split() == [
        str(next(venv.glob("lib/*/site-packages/edgeface/__init__.py"))),
        "None",
    ]
