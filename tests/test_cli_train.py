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

from edgeface.train.networks import NETWORKS, network
from edgeface.train.run import Run


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_pictures) -> Path:
    """Relative, below a working folder of its own; the names are as users have them."""
    monkeypatch.chdir(tmp_path)
    return small_pictures(Path("photos"), ("Zoë Ünal", "-rf", "🙂"))


QUICK = ("--model-size", 24, "--epochs", 2)


@pytest.mark.tf
def test_a_run_is_trained_and_told(cli, photos: Path) -> None:
    ran = cli("train", "friends", photos, *QUICK, "--seed", 7)
    assert ran.code == 0, ran.err
    assert "validation accuracy" in ran.out
    assert "run: runs/friends (crops.png shows what the network saw)" in ran.out
    assert "12 pictures to train on, 6 to choose on" in ran.err
    assert "epoch 1 of at most 2: loss " in ran.err
    assert "; at most " in ran.err  # how much time is left
    for change in network("friends").changes:
        assert f"other than documented (--as-documented): {change}" in ran.err
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
        (("friends", "photos", "--batch", "0"), 2, "--batch"),
        (("friends", "photos", "--rate", "nan"), 2, "learning rate nan"),
        (("friends", "photos", "--rate", "0"), 2, "learning rate 0"),
        (("friends", "photos", "--patience", "-1"), 2, "--patience"),
        (("friends", "photos", "--unfreeze", "all"), 2, "trained in one phase"),
        (("friends", "photos", "--weights", "none"), 2, "friends has no base"),
        (("friends", "photos", "--alpha", "0.5"), 2, "friends with alpha 0.5: it has none"),
        (("friends", "photos", "--positive", "-rf"), 2, "has no class of that kind"),
        (("friends", "photos", "--model-colour", "pink"), 2, "one of gray, rgb, bgr"),
        (("friends", "photos", "--split", "odd"), 2, "one of auto, official, drawn"),
        (("friends", "photos", "--split", "official"), 2, "is not split into folders"),
        (("friends", "photos", "--test", "0.8"), 2, "leave nothing to train on"),
        (("friends", "photos", "--drop-leaks"), 2, "a drawn split never leaks"),
        (("friends", "photos", "--colour", "cmyk"), 2, "one of rgb, bgr"),
        (("friends", "photos", "--labels", "a,a"), 2, "a name of its own"),
        (("friends", "photos", "--strategy", "all"), 2, "one of one, mirrored"),
        (("olivetti", "photos"), 2, "tells two classes apart, photos has 3"),
        (("mobilenet", "photos"), 2, "mobilenet begins with weights, and none were named"),
        (("mobilenet", "photos", "--weights", "w.h5"), 2, "--weights w.h5: no such file"),
        (("mobilenet", "photos", "--weights", "text.zip"), 2, "neither .h5 nor .weights.h5"),
        (
            ("mobilenet", "photos", "--weights", "imagenet", "--model-colour", "gray"),
            *(2, "made for pictures in colour"),
        ),
        (("mobilenet", "photos", "--weights", "none", "--alpha", "0.3"), 2, "alpha 0.3"),
        (("friends",), 2, "on what pictures, is missing"),
        ((), 2, "on what pictures, is missing"),
        (("--resume", "runs/none"), 2, "there is no unfinished training of it"),
        (("friends", "--resume", "runs/none"), 2, "what is trained, and on what, is known"),
        (("--resume", "runs/none", "--epochs", "3"), 2, "--epochs: with --resume"),
        (("--resume", "runs/none", "--force"), 2, "--force: with --resume"),
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
    cli, photos: Path, small_pictures, words: tuple[str, ...], code: int, message: str
) -> None:
    Path("empty").mkdir()
    Path("text.zip").write_text("no zip")
    small_pictures(Path("single"), ("ada", "bob"))
    for path in sorted(Path("single/ada").iterdir())[1:]:
        path.unlink()
    small_pictures(Path("case"), ("ada", "ADA"))
    small_pictures(Path("broken"), ("ada", "bob"))
    Path("broken/bob/x.jpg").write_text("text")
    before = sorted(str(p) for p in Path().rglob("*"))
    ran = cli("train", *words)
    assert ran.code == code, ran.err
    assert message in ran.err
    assert not ran.out
    assert sorted(str(p) for p in Path().rglob("*")) == before


@pytest.mark.tf
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--strategy", "mirrored"), "TensorFlow sees one CPU device and no GPU, there is nothing"),
        (("--mixed-precision",), "TensorFlow sees no GPU here"),
    ],
)
def test_what_this_machine_has_not_is_said_before_pictures_are_read(
    cli, photos: Path, words: tuple[str, ...], message: str
) -> None:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU here")
    ran = cli("train", "friends", photos, *QUICK, *words)
    assert ran.code == 2
    assert message in ran.err
    assert "pictures to train on" not in ran.err
    assert not Path("runs").exists()


@pytest.mark.tf
def test_as_documented_follows_the_documented_plan_and_says_nothing_of_changes(
    cli, photos: Path
) -> None:
    ran = cli("train", "friends", photos, "--model-size", 24, "--as-documented", "--json")
    assert ran.code == 0, ran.err
    assert "other than documented" not in ran.err
    told = json.loads(ran.out)
    assert (told["epochs"], told["best_epoch"]) == (5, 5)
    config = Run.load(Path("runs/friends")).config
    documented = network("friends").documented
    assert config.variant == "documented"
    assert (config.schedule, config.augmentation) == (documented.schedule, documented.augmentation)


@pytest.mark.tf
def test_a_network_of_two_classes_tells_the_area_under_its_curve(cli, photos: Path) -> None:
    words = ("--people", "🙂,Zoë Ünal", "--positive", "Zoë Ünal")
    ran = cli("train", "olivetti", photos, *QUICK, *words, "--test", 0.2)
    assert ran.code == 0, ran.err
    run = Run.load(Path("runs/olivetti"))
    assert run.labels == ("🙂", "Zoë Ünal")
    for side in ("test", "validation"):
        held = run.metrics()[side]
        assert f"{side} accuracy {held['accuracy']:.3f} on {held['pictures']} pictures" in ran.out
        assert f"area under the ROC curve {held['auc']:.4f}" in ran.out
    assert "weakest: " in ran.out
    assert "to test on" in ran.err
    for warning in run.metrics()["warnings"]:
        assert f"warning: {warning}" in ran.err


def test_every_network_is_listed_with_what_was_recorded_of_it(cli) -> None:
    ran = cli("train", "--list")
    assert ran.code == 0
    for net in NETWORKS.values():
        (line,) = (li for li in ran.out.splitlines() if li.startswith(f"{net.name} "))
        assert f"{net.size}x{net.size} {net.colour}" in line
        assert net.recorded in line
    told = json.loads(cli("train", "--list", "--json").out)
    assert told["schema"] == 1
    rows = {row["name"]: row for row in told["networks"]}
    assert {*NETWORKS, "curve"} <= rows.keys()
    for net in NETWORKS.values():
        assert rows[net.name]["changes"] == list(net.changes)
        assert (rows[net.name]["size"], rows[net.name]["colour"]) == (net.size, net.colour)


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
def test_ctrl_c_leaves_a_finished_run_that_says_so(tmp_path: Path, small_pictures) -> None:
    small_pictures(tmp_path / "photos")
    process = started(
        *("train", "friends", "photos", "--model-size", 24, "--epochs", 100_000),
        *("--patience", 100_000, "--json"),
        cwd=tmp_path,
    )
    heard(process, "epoch 1 of")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "interrupted: the best of" in err
    assert "Traceback" not in err
    assert json.loads(out)["interrupted"] is True
    run = Run.load(tmp_path / "runs" / "friends")
    assert 1 <= run.metrics()["epochs"] < 100_000
    assert run.model().count_params() > 0


@pytest.mark.tf
@pytest.mark.slow
def test_ctrl_c_before_the_first_epoch_leaves_nothing(tmp_path: Path, small_pictures) -> None:
    small_pictures(tmp_path / "photos")
    process = started("train", "friends", "photos", "--model-size", 24, cwd=tmp_path)
    heard(process, "pictures to train on")
    time.sleep(0.5)  # TensorFlow is being imported, which takes some seconds
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert not out
    assert [p.name for p in tmp_path.iterdir()] == ["photos"]
