"""``edgeface train``: photographs of people → a run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.train.run import Run


def crops(root: Path, people: tuple[str, ...] = ("ada", "bob"), count: int = 6) -> Path:
    """Small pictures, which are taken for crops."""
    rng = np.random.default_rng(0)
    for i, who in enumerate(people):
        for number in range(count):
            path = root / who / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = rng.integers(0, 100, (40, 40, 3), np.uint8)
            picture[10 * i : 10 * i + 10] += 150
            path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return root


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Relative, below a working folder of its own; the names are as users have them."""
    monkeypatch.chdir(tmp_path)
    return crops(Path("photos"), ("Zoë Ünal", "-rf", "🙂"))


QUICK = ("--model-size", 24, "--epochs", 2)


@pytest.mark.tf
def test_a_run_is_trained_and_told(cli, photos: Path) -> None:
    ran = cli("train", "friends", photos, *QUICK, "--seed", 7)
    assert ran.code == 0, ran.err
    assert "validation accuracy" in ran.out
    assert "run: runs/friends (crops.png shows what the network saw)" in ran.out
    assert "12 pictures to train on, 6 held back" in ran.err
    assert "epoch 1 of at most 2" in ran.err
    assert ran.err.splitlines()[-1] == "next: edgeface export runs/friends --int8"
    run = Run.load(Path("runs/friends"))
    assert run.labels == ("-rf", "Zoë Ünal", "🙂")
    assert run.config.seed == 7
    assert run.config.data == str(photos.absolute())
    # The next one gets a name of its own; the first is not touched.
    ran = cli("train", "friends", photos, *QUICK, "--people", "🙂,Zoë Ünal", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["run"] == "runs/friends-2"
    assert told["validation"]["pictures"] == 4
    assert (told["epochs"], told["interrupted"]) == (2, False)
    assert Run.load(Path("runs/friends-2")).labels == ("Zoë Ünal", "🙂")
    assert Run.load(Path("runs/friends")) == run


@pytest.mark.tf
def test_force_replaces_a_run_and_nothing_else(cli, photos: Path) -> None:
    words = ("train", "friends", photos, *QUICK, "--out", "mine")
    assert cli(*words).code == 0
    ran = cli(*words)
    assert ran.code == 2
    assert "mine exists already" in ran.err
    assert "pictures to train on" not in ran.err
    assert cli(*words, "--force", "--seed", 5).code == 0
    assert Run.load(Path("mine")).config.seed == 5


def test_photographs_that_are_not_used_are_listed_by_name(
    cli, drawn_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from edgeface.train import job

    monkeypatch.chdir(tmp_path)
    root = tmp_path / "photos"
    for who in [p for p in drawn_photos.iterdir() if p.is_dir()][:2]:
        (root / who.name).mkdir(parents=True)
        for path in sorted(who.iterdir())[:4]:
            shutil.copy(path, root / who.name)
    first = next(root.iterdir())
    cv2.imwrite(str(first / "empty.png"), np.full((300, 300, 3), 90, np.uint8))
    (first / "broken.jpg").write_bytes(b"\xff\xd8\xff")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "train", stop)
    ran = cli("train", "friends", root, *QUICK, "--skip-broken")
    assert ran.code != 0
    assert f"left out: {first.name}/empty.png: no face found" in ran.err
    assert f"left out: {first.name}/broken.jpg: broken picture" in ran.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("enemies", "photos"), 2, "no network called 'enemies'"),
        (("friends", "nowhere"), 2, "no such folder or zip"),
        (("friends", "photos", "--crop", "often"), 2, "--crop often"),
        (("friends", "photos", "--detector", "hog"), 2, "unknown detector"),
        (("friends", "photos", "--validation", "1.5"), 2, "--validation 1.5"),
        (("friends", "photos", "--validation", "nan"), 2, "--validation nan"),
        (("friends", "photos", "--model-size", "8"), 2, "takes 22 to 1024 px"),
        (("friends", "photos", "--model-size", "0"), 2, "takes 22 to 1024 px"),
        (("friends", "photos", "--people", "eve"), 2, "nobody called 'eve'"),
        (("friends", "photos", "--people", "🙂"), 1, "only one person"),
        (("friends", "photos", "--people", " , "), 2, "names nobody"),
        (("friends", "photos", "--epochs", "0"), 2, "--epochs"),
        (("friends", "photos", "--seed", "4294967296"), 2, "--seed"),
        (("friends", "photos", "--out", "photos"), 2, "photos exists already"),
        (("friends", "photos", "--out", "photos", "--force"), 2, "not made by edgeface"),
        (("friends", "empty"), 1, "no folder with photographs"),
        (("friends", "text.zip"), 1, "not a zip"),
        (("friends", "single"), 1, "has a single photograph"),
        (("friends", "case"), 1, "differ in case"),
        (("friends", "broken"), 1, "bob/x.jpg: not a picture"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    cli, photos: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    Path("empty").mkdir()
    Path("text.zip").write_text("no zip")
    crops(Path("single"), ("ada", "bob"))
    for path in sorted(Path("single/ada").iterdir())[1:]:
        path.unlink()
    crops(Path("case"), ("ada", "ADA"))
    crops(Path("broken"), ("ada", "bob"))
    Path("broken/bob/x.jpg").write_text("text")
    before = sorted(str(p) for p in Path().rglob("*"))
    ran = cli("train", *words)
    assert ran.code == code, ran.err
    assert message in ran.err
    assert not ran.out
    assert sorted(str(p) for p in Path().rglob("*")) == before


def started(*words: object, cwd: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    return subprocess.Popen(
        [sys.executable, "-m", "edgeface", *map(str, words)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def heard(process: subprocess.Popen[str], wanted: str) -> str:
    """What the process said on stderr, up to the line that holds ``wanted``."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if wanted in line:
            return said
    pytest.fail(f"{wanted!r} was never said: {said}")


@pytest.mark.tf
@pytest.mark.slow
def test_ctrl_c_leaves_a_finished_run_that_says_so(tmp_path: Path) -> None:
    crops(tmp_path / "photos")
    process = started(
        *("train", "friends", "photos", "--model-size", 24, "--epochs", 100_000),
        *("--patience", 100_000, "--json"),
        cwd=tmp_path,
    )
    heard(process, "epoch 11 of")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "interrupted: the best of" in err
    assert "Traceback" not in err
    assert json.loads(out)["interrupted"] is True
    run = Run.load(tmp_path / "runs" / "friends")
    assert 11 <= run.metrics()["epochs"] < 100_000
    assert run.model().count_params() > 0


@pytest.mark.tf
@pytest.mark.slow
def test_ctrl_c_before_the_first_epoch_leaves_nothing(tmp_path: Path) -> None:
    crops(tmp_path / "photos")
    process = started("train", "friends", "photos", "--model-size", 24, cwd=tmp_path)
    heard(process, "pictures to train on")
    time.sleep(0.5)  # TensorFlow is being imported, which takes some seconds
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert not out
    assert [p.name for p in tmp_path.iterdir()] == ["photos"]
