"""The training job: a run, or what is needed to go on."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.errors import BundleError, UsageError
from edgeface.train.checkpoint import FILE, unfinished
from edgeface.train.job import HISTORY, Where, train
from edgeface.train.prepare import Prepared, prepare
from edgeface.train.request import Request, resumed
from edgeface.train.run import Run
from edgeface.vision.detect import open_detector

pytestmark = pytest.mark.tf
Write = Callable[..., Path]


def ready(asked: Request, teller: Any) -> Prepared:
    return prepare(asked, lambda: open_detector("none"), teller)


def asked_for(data: Path, epochs: int = 2, **more: Any) -> Request:
    return Request("friends", str(data), size=24, seed=4, **more).changed(epochs=epochs)


def same_weights(one: Run, other: Run) -> bool:
    pairs = zip(one.model().get_weights(), other.model().get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def rows(run: Run) -> list[dict[str, str]]:
    """What happened in every epoch, without how long it took."""
    found = list(csv.DictReader((run.folder / "history.csv").read_text().splitlines()))
    return [{k: v for k, v in row.items() if k != "seconds"} for row in found]


def test_from_pictures_to_a_run_twice_the_same(tmp_path: Path, teller, small_pictures) -> None:
    asked = asked_for(small_pictures(tmp_path / "p"))
    one = train(asked, ready(asked, teller), tmp_path / "runs" / "one", teller)
    two = train(asked, ready(asked, teller), tmp_path / "runs" / "two", teller)
    assert [row["epoch"] for row in teller.rows] == [1, 2, 1, 2]
    assert teller.steps == [(1, 1)] * 4
    assert one.config.detector == "none"  # nothing was searched in whole pictures
    assert (one.config.variant, one.config.devices, one.config.mixed) == ("default", 1, False)
    assert one.config.schedule == asked.followed.schedule
    assert one.config.augmentation == asked.followed.augmentation
    assert (one.config.weights, one.config.tuning, one.config.alpha) == ("", None, 0)
    assert same_weights(one, two)
    assert rows(one) == rows(two)
    assert (one.folder / "split.json").read_bytes() == (two.folder / "split.json").read_bytes()
    assert sorted(p.name for p in tmp_path.joinpath("runs").iterdir()) == ["one", "two"]


def test_what_stands_in_a_run_of_two_classes(tmp_path: Path, teller, small_pictures) -> None:
    asked = asked_for(small_pictures(tmp_path / "p", count=10), test=0.2)
    made = ready(asked, teller)
    run = train(asked, made, tmp_path / "run", teller)
    metrics = run.metrics()
    model = run.model()
    for side, part in (("validation", made.validation), ("test", made.test)):
        probs = model(part.pixels.astype(np.float32), training=False).numpy()
        told = metrics[side]
        assert told["pictures"] == len(part)
        assert told["accuracy"] == pytest.approx((probs.argmax(axis=1) == part.truth).mean())
        above = probs[part.truth == 1, 1][:, None] - probs[part.truth == 0, 1][None]
        assert told["auc"] == pytest.approx(((above > 0) + 0.5 * (above == 0)).mean())
    assert any("held back" in w for w in metrics["warnings"])
    names = {p.name for p in run.folder.iterdir()}
    assert {"roc.png", "history.png", "crops.png", "model.keras"} <= names
    with (run.folder / "history.csv").open() as file:
        assert tuple(next(csv.reader(file))) == HISTORY
    # Of three classes there is no curve, and no area under it.
    asked = asked_for(small_pictures(tmp_path / "q", ("ada", "bob", "cyd")), epochs=1)
    three = train(asked, ready(asked, teller), tmp_path / "three", teller)
    assert "auc" not in three.metrics()["validation"]
    assert three.metrics()["test"] is None
    assert not (three.folder / "roc.png").exists()


def test_as_documented_is_recorded_and_built_again(tmp_path: Path, teller, small_pictures) -> None:
    asked = asked_for(small_pictures(tmp_path / "p"), variant="documented")
    run = train(asked, ready(asked, teller), tmp_path / "run", teller)
    assert run.config.variant == "documented"
    assert run.config.schedule.optimizer == "rmsprop"
    assert run.model().get_layer("scaling").scale == pytest.approx(1 / 255)
    assert run.metrics()["best_epoch"] == 2  # the last one, as documented


def test_a_taken_place_is_refused_before_anything_is_fitted(
    tmp_path: Path, teller, prepared
) -> None:
    taken = tmp_path / "mine"
    taken.mkdir()
    (taken / "thesis.txt").write_text("x")
    for force in (False, True):
        with pytest.raises(UsageError, match=r"mine (exists already|was not made by edgeface)"):
            train(*prepared, taken, teller, force=force)
    assert not teller.rows
    assert [p.name for p in taken.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("epoch", [1, 2])
def test_ctrl_c_leaves_a_finished_run_that_says_so(
    tmp_path: Path, teller, small_pictures, epoch: int
) -> None:
    def stop(row) -> None:
        if row["epoch"] == epoch:
            raise KeyboardInterrupt

    asked = asked_for(small_pictures(tmp_path / "p"), epochs=9)
    run = train(asked, ready(asked, teller), tmp_path / "run", type(teller)(stop))
    assert run.metrics()["interrupted"] is True
    assert run.metrics()["epochs"] == epoch
    assert Run.load(run.folder).model().count_params() > 0


def test_ctrl_c_before_the_first_epoch_leaves_nothing(
    tmp_path: Path, teller, small_pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(teller, "step", stop)
    asked = asked_for(small_pictures(tmp_path / "p"))
    with pytest.raises(KeyboardInterrupt):
        train(asked, ready(asked, teller), tmp_path / "runs" / "mine", teller, every_s=0)
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


class KilledError(Exception):
    """Ends a training as a kill does: nothing is tidied up after it."""


def killed_after(epoch: int, asked: Request, out: Path, teller: Any, **how: Any) -> None:
    def kill(row: Any) -> None:
        if row["epoch"] == epoch:
            raise KilledError

    with pytest.raises(KilledError):
        train(asked, ready(asked, teller), out, type(teller)(kill), every_s=0, **how)
    assert not out.exists()


def gone_on(out: Path, teller: Any) -> Run:
    asked = resumed(out)
    return train(asked, ready(asked, teller), out, teller, resume=True)


def test_after_a_kill_at_the_end_of_any_epoch_the_weights_are_the_same(
    tmp_path: Path, teller, small_pictures
) -> None:
    asked = asked_for(small_pictures(tmp_path / "p"), epochs=4)
    whole = train(asked, ready(asked, teller), tmp_path / "whole", teller)
    for epoch in (1, 2, 3, 4):
        out = tmp_path / f"killed{epoch}"
        killed_after(epoch, asked, out, teller)
        teller.rows.clear()
        run = gone_on(out, teller)
        assert [row["epoch"] for row in teller.rows] == list(range(epoch + 1, 5))
        assert same_weights(run, whole)
        assert rows(run) == rows(whole)
        for key in ("training", "validation", "best_epoch", "epochs"):
            assert run.metrics()[key] == whole.metrics()[key]
        assert run.config.schedule == whole.config.schedule
        assert not unfinished(out).exists()


def test_after_two_kills_in_a_row_too(tmp_path: Path, teller, small_pictures) -> None:
    asked = asked_for(small_pictures(tmp_path / "p"), epochs=4, variant="documented")
    whole = train(asked, ready(asked, teller), tmp_path / "whole", teller)
    out = tmp_path / "killed"
    killed_after(1, asked, out, teller)
    killed_after(3, asked, out, teller, resume=True)
    run = gone_on(out, teller)
    assert same_weights(run, whole)
    assert rows(run) == rows(whole)


def test_a_kill_before_the_first_record_leaves_nothing_to_go_on_from(
    tmp_path: Path, teller, small_pictures
) -> None:
    asked = asked_for(small_pictures(tmp_path / "p"))
    with pytest.raises(KilledError):
        train(asked, ready(asked, teller), tmp_path / "mine", type(teller)(_kill))  # every 10 s
    assert [p.name for p in tmp_path.iterdir()] == ["p"]
    with pytest.raises(UsageError, match="no unfinished training"):
        resumed(tmp_path / "mine")


def _kill(row: Any) -> None:
    raise KilledError


def test_what_is_refused_and_what_is_begun_anew(tmp_path: Path, teller, small_pictures) -> None:
    data, out = small_pictures(tmp_path / "p"), tmp_path / "mine"
    asked = asked_for(data)
    killed_after(1, asked, out, teller)
    kept = (unfinished(out) / FILE).read_bytes()
    # Not by accident: the training that was cut off may have taken a night.
    with pytest.raises(UsageError, match="a training that was cut off") as wrong:
        train(asked, ready(asked, teller), out, teller)
    assert f"edgeface train --resume {out}" in wrong.value.remedy
    assert (unfinished(out) / FILE).read_bytes() == kept
    # Nor on other pictures.
    picture = next((data / "ada").iterdir())
    shutil.copy(picture, tmp_path / "kept.png")
    shutil.copy(next((data / "bob").iterdir()), data / "ada" / "new.png")
    with pytest.raises(BundleError, match="are not those of the training that was cut off") as bad:
        gone_on(out, teller)
    assert "--force" in bad.value.remedy
    assert (unfinished(out) / FILE).read_bytes() == kept
    (data / "ada" / "new.png").unlink()
    teller.rows.clear()
    run = train(asked, ready(asked, teller), out, teller, force=True)
    assert [row["epoch"] for row in teller.rows] == [1, 2]
    assert not unfinished(out).exists()
    with pytest.raises(UsageError, match=r"--resume .*mine: it is finished"):
        train(asked, ready(asked, teller), out, teller, resume=True)
    assert Run.load(out) == run


def test_after_ctrl_c_it_can_go_on_as_well(tmp_path: Path, teller, small_pictures) -> None:
    asked, out = asked_for(small_pictures(tmp_path / "p"), epochs=4), tmp_path / "mine"
    whole = train(asked, ready(asked, teller), tmp_path / "whole", teller)

    def stop(row: Any) -> None:
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    cut = train(asked, ready(asked, teller), out, type(teller)(stop), every_s=0)
    assert cut.metrics()["interrupted"] is True
    run = gone_on(out, teller)
    assert run.metrics()["interrupted"] is False
    assert same_weights(run, whole)
    assert rows(run) == rows(whole)


def test_event_files_hold_the_rows(tmp_path: Path, teller, small_pictures) -> None:
    from tensorflow.core.util import event_pb2
    from tensorflow.python.framework import tensor_util
    from tensorflow.python.lib.io import tf_record

    asked = asked_for(small_pictures(tmp_path / "p"))
    where = Where(tensorboard=tmp_path / "events")
    train(asked, ready(asked, teller), tmp_path / "mine", teller, where=where)
    (file,) = (tmp_path / "events" / "mine").iterdir()
    found: dict[tuple[int, str], float] = {}
    for record in tf_record.tf_record_iterator(str(file)):
        event = event_pb2.Event.FromString(record)
        for value in event.summary.value:
            # By these two TensorBoard knows a scalar.
            assert value.metadata.plugin_data.plugin_name == "scalars"
            assert value.metadata.data_class == 1
            found[event.step, value.tag] = float(tensor_util.MakeNdarray(value.tensor))
    expected = {
        (int(row["epoch"]), key): row[key]
        for row in teller.rows
        for key in ("loss", "accuracy", "val_loss", "val_accuracy", "rate", "seconds")
    }
    assert found == pytest.approx(expected)


def test_event_files_that_cannot_be_written(tmp_path: Path, teller, small_pictures) -> None:
    from edgeface.errors import EdgefaceError

    (tmp_path / "file").write_text("x")
    asked = asked_for(small_pictures(tmp_path / "p"))
    where = Where(tensorboard=tmp_path / "file")
    with pytest.raises(EdgefaceError, match=r"--tensorboard: .*file.* cannot be written"):
        train(asked, ready(asked, teller), tmp_path / "mine", teller, where=where)
    assert not teller.rows
