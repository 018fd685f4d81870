"""What is asked of a training: what is refused at once, what becomes of the plan, what is kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeface.datasets.photos import Reading
from edgeface.errors import BundleError, UsageError
from edgeface.train.checkpoint import REQUEST, unfinished
from edgeface.train.request import MAX_WEIGHTS_BYTES, Request, resumed

FRIENDS = Request("friends", "photos")
MOBILE = Request("mobilenet", "photos", weights="none")


def test_nothing_asked_follows_the_networks_own_plan() -> None:
    for asked in (FRIENDS, MOBILE):
        assert asked.followed == asked.net.default
        documented = replace(asked, variant="documented")
        assert documented.followed == asked.net.documented
        assert asked.changed() == asked
        same = asked.changed(epochs=(asked.followed.tuning or asked.followed).schedule.epochs)
        assert same == asked if asked.followed.tuning is None else same.plan is None


def test_what_is_asked_of_one_phase_changes_that_alone() -> None:
    plan = FRIENDS.changed(epochs=7, patience=0, batch=3, rate=0.5).followed
    schedule = plan.schedule
    assert (schedule.epochs, schedule.patience, schedule.batch, schedule.rate) == (7, 0, 3, 0.5)
    assert plan.augmentation == FRIENDS.net.default.augmentation
    assert schedule.optimizer == FRIENDS.net.default.schedule.optimizer
    assert plan.epochs == 7


def test_of_two_phases_the_second_is_meant() -> None:
    plan = MOBILE.changed(epochs=4, head_epochs=3, patience=2, rate=0.01, batch=8).followed
    first, tuning = plan.schedule, plan.tuning
    assert tuning is not None
    assert (first.epochs, first.batch, first.rate) == (3, 8, MOBILE.net.default.schedule.rate)
    second = tuning.schedule
    assert (second.epochs, second.patience, second.batch, second.rate) == (4, 2, 8, 0.01)
    assert plan.epochs == 7
    named = MOBILE.changed(unfreeze="conv_dw_12").followed
    assert named.tuning is not None
    assert named.tuning.unfreeze == "conv_dw_12"
    assert named.tuning.schedule == MOBILE.net.default.tuning.schedule  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unfreeze": "all"}, "friends is trained in one phase"),
        ({"head_epochs": 3}, "friends is trained in one phase"),
        ({"rate": 0.0}, "learning rate 0.0"),
        ({"rate": float("nan")}, "learning rate nan"),
        ({"rate": 2.0}, "learning rate 2.0"),
        ({"epochs": 0}, "epochs 0: 1 is the least"),
        ({"patience": -1}, "patience -1"),
        ({"batch": 0}, "batch 0"),
    ],
)
def test_a_plan_that_cannot_be_meant(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        FRIENDS.changed(**change)


def test_the_design_is_the_documented_one_unless_asked() -> None:
    design = MOBILE.design(4)
    assert (design.height, design.width, design.channels, design.classes) == (128, 128, 3, 4)
    assert (design.variant, design.alpha) == ("default", 0.5)
    other = replace(MOBILE, size=32, colour="gray", alpha=0.25, variant="documented").design(2)
    assert (other.height, other.channels, other.alpha) == (32, 1, 0.25)
    assert other.variant == "documented"
    assert FRIENDS.design(3).alpha == 0
    for size in (0, 21, 1025):
        with pytest.raises(UsageError, match=f"--model-size {size}: friends takes 22 to 1024 px"):
            replace(FRIENDS, size=size).design(3)
    for asked in (replace(FRIENDS, alpha=0.5), replace(MOBILE, alpha=0.3)):
        with pytest.raises(UsageError, match=f"with alpha {asked.alpha}: it has"):
            asked.design(3)


def test_weights_are_named_or_it_is_said_which_there_are() -> None:
    with pytest.raises(UsageError, match="mobilenet begins with weights, and none were") as wrong:
        replace(MOBILE, weights="").check_weights()
    for choice in ("--weights FILE", "--weights imagenet", "--weights none"):
        assert choice in wrong.value.remedy
    MOBILE.check_weights()
    replace(MOBILE, weights="imagenet").check_weights()
    FRIENDS.check_weights()
    with pytest.raises(UsageError, match="friends has no base"):
        replace(FRIENDS, weights="none").check_weights()


def test_weights_in_colour_do_not_go_with_gray_pictures(tmp_path: Path) -> None:
    (tmp_path / "w.h5").write_bytes(b"x")
    gray = replace(MOBILE, colour="gray")
    gray.check_weights()
    for weights in ("imagenet", str(tmp_path / "w.h5")):
        with pytest.raises(UsageError, match="made for pictures in colour") as wrong:
            replace(gray, weights=weights).check_weights()
        assert "--weights none" in wrong.value.remedy


def test_a_file_of_weights_that_can_be_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there\.h5: no such file"):
        replace(MOBILE, weights=str(tmp_path / "there.h5")).check_weights()
    with pytest.raises(UsageError, match="no such file"):
        replace(MOBILE, weights=str(tmp_path)).check_weights()
    (tmp_path / "model.pkl").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"neither \.h5 nor \.weights\.h5"):
        replace(MOBILE, weights=str(tmp_path / "model.pkl")).check_weights()
    with (tmp_path / "huge.h5").open("wb") as file:
        file.truncate(MAX_WEIGHTS_BYTES + 1)  # takes no place on the disk
    with pytest.raises(UsageError, match="larger than 1 GiB"):
        replace(MOBILE, weights=str(tmp_path / "huge.h5")).check_weights()


def test_what_was_asked_comes_back_from_the_folder_of_an_unfinished_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    everything = Request(
        *("mobilenet", 'pho"tos\\🙂', ("Zoë", "-rf"), 48, "bgr", 0.25, "", "documented"),
        weights="w.h5",
        crop="stretched",
        detector="yunet",
        detector_model="y.onnx",
        split="drawn",
        validation=0.25,
        test=0.125,
        drop_leaks=True,
        skip_broken=True,
        seed=2**32 - 1,
        reading=Reading("bgr", ("no", "yes"), "x", "y"),
    ).changed(epochs=3, unfreeze="12", rate=0.1)
    for number, asked in enumerate((FRIENDS, everything, FRIENDS.changed(batch=1))):
        folder = unfinished(tmp_path / str(number))
        folder.mkdir()
        (folder / REQUEST).write_text(asked.to_toml(), "utf-8")
        found = resumed(tmp_path / str(number))
        files = ("data", "weights", "detector_model")
        assert replace(found, **{f: getattr(asked, f) for f in files}) == asked
        # Files are found from any folder.
        for name in files:
            file = getattr(asked, name)
            assert getattr(found, name) == (str(tmp_path / file) if file else "")
    for name, data in (("weights", "imagenet"), ("weights", "none"), ("data", "sklearn:olivetti")):
        asked = replace(MOBILE, **{name: data})  # type: ignore[arg-type]
        assert f'{name} = "{data}"' in asked.to_toml()


def test_what_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no unfinished training of it") as wrong:
        resumed(tmp_path / "mine")
    assert "--out" in wrong.value.remedy
    (tmp_path / "done").mkdir()
    with pytest.raises(UsageError, match="no unfinished training of it") as wrong:
        resumed(tmp_path / "done")
    assert wrong.value.remedy == "it is finished"
    folder = unfinished(tmp_path / "mine")
    folder.mkdir()
    text = FRIENDS.to_toml()
    for broken, message in (
        (text.replace("schema = 1", "schema = 9"), "schema 9"),
        (text.replace("network", "netwrok"), "netwrok"),
        (text[:40] + "=", "not valid TOML"),
    ):
        (folder / REQUEST).write_text(broken, "utf-8")
        with pytest.raises(BundleError, match=message):
            resumed(tmp_path / "mine")
