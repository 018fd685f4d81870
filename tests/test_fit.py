"""Fitting: repeatable, the best epoch kept, stopped by Ctrl-C or when nothing gets better."""

import csv
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.tf

SIZE = 24


@pytest.fixture(scope="module")
def sides():
    """Two classes that a few epochs tell apart: bright above, bright below."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 90, (60, SIZE, SIZE, 1), np.uint8)
    truth = np.arange(60) % 2
    pixels[truth == 0, : SIZE // 2] += 120
    pixels[truth == 1, SIZE // 2 :] += 120
    return (pixels[:40], truth[:40]), (pixels[40:], truth[40:])


def fitted(sides, seed: int = 1, epochs: int = 3, after_epoch=lambda row: None, **schedule):
    from edgeface.train import fit, toolchain
    from edgeface.train.networks import network
    from edgeface.train.run import Schedule

    toolchain.seed_everything(seed)
    model = network("friends").build(SIZE, 2)
    history = fit.fit(
        model,
        *sides,
        Schedule(epochs=epochs, **schedule),
        seed=seed,
        after_epoch=after_epoch,
    )
    return model, history


def same(one, other) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_a_seed_gives_one_result_bit_for_bit(sides) -> None:
    model, history = fitted(sides)
    again, history_again = fitted(sides)
    assert same(model, again)
    forget = [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]
    assert forget == [
        {k: v for k, v in row.items() if k != "seconds"} for row in history_again.rows
    ]
    assert not same(model, fitted(sides, seed=2)[0])


def test_it_learns_and_says_how(sides) -> None:
    told = []
    _, history = fitted(sides, epochs=8, after_epoch=told.append)
    assert told == list(history.rows)
    assert [row["epoch"] for row in told] == list(range(1, 9))
    assert told[-1]["val_loss"] < told[0]["val_loss"]
    assert history.rows[history.best - 1]["val_accuracy"] > 0.9
    assert not history.interrupted


def test_the_best_epoch_is_what_is_left(sides) -> None:
    # A rate that leaps about: the last epoch is not the best one.
    model, history = fitted(sides, epochs=6, rate=0.02)
    losses = [row["val_loss"] for row in history.rows]
    assert history.best == int(np.argmin(losses)) + 1
    pixels, truth = sides[1]
    probs = model(pixels.astype(np.float32), training=False).numpy()
    loss = -np.log(np.clip(probs[np.arange(len(truth)), truth], 1e-7, 1)).mean()
    assert loss == pytest.approx(min(losses), rel=1e-3, abs=1e-6)


def test_it_stops_when_nothing_gets_better(sides) -> None:
    # With a rate of nearly nothing dropout alone moves the loss, and validation has none.
    _, history = fitted(sides, epochs=50, patience=4, rate=1e-12)
    assert len(history.rows) - history.best == 4
    assert len(history.rows) < 50
    rates = [row["rate"] for row in history.rows[history.best - 1 :]]
    assert rates[-1] == rates[0] / 2  # halved once, after half of the patience


def interrupt_at(epoch: int):
    def after_epoch(row) -> None:
        if row["epoch"] == epoch:
            raise KeyboardInterrupt

    return after_epoch


def test_ctrl_c_keeps_the_best_so_far(sides) -> None:
    model, history = fitted(sides, epochs=8, after_epoch=interrupt_at(3))
    assert history.interrupted
    assert len(history.rows) == 3
    whole, rest = fitted(sides, epochs=3)
    assert history.best == rest.best
    assert same(model, whole)


def test_ctrl_c_after_the_first_epoch_keeps_it(sides) -> None:
    _, history = fitted(sides, after_epoch=interrupt_at(1))
    assert (history.interrupted, history.best, len(history.rows)) == (True, 1, 1)


def test_ctrl_c_before_the_first_epoch_goes_through(sides, monkeypatch) -> None:
    from edgeface.train import fit

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fit, "augment", stopped)
    with pytest.raises(KeyboardInterrupt):
        fitted(sides)


def test_the_learning_curve_and_its_table_are_written(sides, tmp_path: Path) -> None:
    from edgeface.images import read_picture
    from edgeface.train import pictures
    from edgeface.train.job import _csv

    _, history = fitted(sides)
    rows = list(csv.DictReader(_csv(history.rows).splitlines()))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    assert float(rows[2]["val_loss"]) == pytest.approx(history.rows[2]["val_loss"], rel=1e-5)
    pictures.learning_curve(tmp_path / "h.png", history.rows, history.best)
    assert read_picture(tmp_path / "h.png").shape == (384, 960, 3)
    pixels = sides[0][0]
    pictures.contact_sheet(
        tmp_path / "c.png", {"ada": pixels[:3], "a name of many letters": pixels}
    )
    sheet = read_picture(tmp_path / "c.png")
    assert sheet.shape[0] == 4 + 2 * 68
    assert np.ptp(sheet[4:68, 154:218]) > 100  # the first crop is there
    assert (sheet[4:68, 154 + 3 * 68 :] == 255).all()  # and no fourth one in its row
