"""The training job, from a folder of photographs to a run."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.errors import InputError, UsageError
from edgeface.train.job import Request, prepare, train
from edgeface.train.run import Run, Schedule
from edgeface.vision.detect import open_detector


def whole(root: Path, people: tuple[str, ...] = ("ada", "bob"), count: int = 6) -> Path:
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


def ready(asked: Request, teller, **how: bool):
    return prepare(asked, lambda: open_detector("haar"), teller, **how)


def test_small_pictures_are_crops_already(tmp_path: Path, teller) -> None:
    made = ready(Request("friends", whole(tmp_path / "p"), size=24), teller)
    assert made.faces.preprocess.framing == "whole"
    assert made.faces.preprocess.shape == (24, 24, 1)
    assert "crops: whole pictures" in teller.said
    assert made.labels == ("ada", "bob")
    assert (len(made.training[1]), len(made.validation[1])) == (8, 4)
    assert made.validation[1].tolist() == [0, 0, 1, 1]
    assert [e.name for e in made.split.files] == sorted(e.name for e in made.split.files)
    used = [e for e in made.split.files if e.side == "validation"]
    assert len(used) == 4


def test_the_documented_size_is_the_default(tmp_path: Path, teller) -> None:
    made = ready(Request("friends", whole(tmp_path / "p", count=2)), teller)
    assert made.faces.preprocess.shape == (64, 64, 1)


def test_only_some_people(tmp_path: Path, teller) -> None:
    root = whole(tmp_path / "p", ("ada", "bob", "cyd"))
    made = ready(Request("friends", root, people=("cyd", "ada")), teller)
    assert made.labels == ("ada", "cyd")
    assert {e.label for e in made.split.files} == {"ada", "cyd"}


def test_faces_are_found_in_photographs(prepared) -> None:
    _, made = prepared
    assert made.faces.preprocess.framing == "face"
    assert len(made.faces.used) + len(made.faces.left_out) == 72
    assert len(made.faces.used) > 60
    assert all(e.box is not None for e in made.faces.used)
    assert len(made.split.files) == 72


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "enemies"}, "no network called 'enemies'"),
        ({"size": 21}, "--model-size 21: friends takes 22 to 1024 px"),
        ({"size": 0}, "--model-size 0"),
        ({"size": 2000}, "--model-size 2000: friends takes 22 to 1024 px"),
        ({"validation": 1.0}, "--validation 1.0"),
        ({"validation": 0.0}, "--validation 0.0"),
        ({"people": ("eve",)}, "nobody called 'eve'"),
        ({"people": (" ",)}, "names nobody"),
        ({"crop": "sometimes"}, "--crop sometimes"),
        ({"data": Path("nowhere")}, "no such folder or zip"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_before_a_face_is_looked_for(
    tmp_path: Path, teller, change: dict[str, object], message: str
) -> None:
    def no_detector():
        pytest.fail("the detector was opened")

    asked = replace(Request("friends", whole(tmp_path / "p")), **change)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message):
        prepare(asked, no_detector, teller)


def test_data_that_cannot_be_trained_on(tmp_path: Path, teller) -> None:
    root = whole(tmp_path / "p")
    (root / "bob" / "9.jpg").write_text("no picture")
    with pytest.raises(InputError, match=r"bob/9\.jpg"):
        ready(Request("friends", root), teller)
    assert len(ready(Request("friends", root), teller, skip_broken=True).faces.left_out) == 1
    with pytest.raises(InputError, match="only one person"):
        ready(Request("friends", root, people=("ada",)), teller)
    for number in range(1, 6):
        shutil.copy(root / "ada" / "0.png", root / "ada" / f"{number}.png")
    with pytest.raises(InputError, match=r"'ada' has 1 usable photograph\(s\).*copies"):
        ready(Request("friends", root), teller, skip_broken=True)


@pytest.mark.tf
def test_from_pictures_to_a_run_twice_the_same(tmp_path: Path, teller) -> None:
    asked = Request("friends", whole(tmp_path / "p"), size=24, seed=4, schedule=Schedule(epochs=2))
    made = ready(asked, teller)
    one = train(asked, made, "haar", tmp_path / "runs" / "one", teller)
    two = train(asked, ready(asked, teller), "haar", tmp_path / "runs" / "two", teller)
    assert [row["epoch"] for row in teller.rows] == [1, 2, 1, 2]
    assert one.config.detector == "none"  # nothing was searched in whole pictures
    pairs = zip(one.model().get_weights(), two.model().get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert (one.folder / "split.json").read_bytes() == (two.folder / "split.json").read_bytes()
    assert sorted(p.name for p in tmp_path.joinpath("runs").iterdir()) == ["one", "two"]


@pytest.mark.tf
def test_a_taken_place_is_refused_before_anything_is_fitted(
    tmp_path: Path, teller, prepared
) -> None:
    taken = tmp_path / "mine"
    taken.mkdir()
    (taken / "thesis.txt").write_text("x")
    for force in (False, True):
        with pytest.raises(UsageError, match=r"mine (exists already|was not made by edgeface)"):
            train(*prepared, "haar", taken, teller, force=force)
    assert not teller.rows
    assert [p.name for p in taken.iterdir()] == ["thesis.txt"]


@pytest.mark.tf
@pytest.mark.parametrize("epoch", [1, 2])
def test_ctrl_c_leaves_a_finished_run_that_says_so(tmp_path: Path, teller, epoch: int) -> None:
    def stop(row) -> None:
        if row["epoch"] == epoch:
            raise KeyboardInterrupt

    asked = Request("friends", whole(tmp_path / "p"), size=24, schedule=Schedule(epochs=9))
    made = ready(asked, teller)
    run = train(asked, made, "haar", tmp_path / "run", type(teller)(stop))
    assert run.metrics()["interrupted"] is True
    assert run.metrics()["epochs"] == epoch
    assert Run.load(run.folder).model().count_params() > 0


@pytest.mark.tf
def test_ctrl_c_before_the_first_epoch_leaves_nothing(
    tmp_path: Path, teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.train import fit

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fit, "augment", stop)
    asked = Request("friends", whole(tmp_path / "p"), size=24)
    made = ready(asked, teller)
    with pytest.raises(KeyboardInterrupt):
        train(asked, made, "haar", tmp_path / "runs" / "mine", teller)
    assert [p.name for p in tmp_path.iterdir()] == ["p"]
