"""Fitting: repeatable, going on from any epoch, the right weights kept, stopped by Ctrl-C."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeface.datasets.crops import CropStore
from edgeface.train.checkpoint import Progress
from edgeface.train.prepare import Part

pytestmark = pytest.mark.tf

SIZE = 24


@pytest.fixture(scope="module")
def sides() -> tuple[Part, Part]:
    """Two classes that a few epochs tell apart: bright above, bright below."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 90, (60, SIZE, SIZE, 1), np.uint8)
    truth = np.arange(60) % 2
    pixels[truth == 0, : SIZE // 2] += 120
    pixels[truth == 1, SIZE // 2 :] += 120
    store = CropStore.of(pixels)
    training, held = np.arange(40), np.arange(40, 60)
    return Part(store, training, truth[training]), Part(store, held, truth[held])


class Watcher:
    """Remembers every epoch, and may do something after it."""

    def __init__(self, after: Callable[[Progress], None] = lambda progress: None) -> None:
        self.steps: list[tuple[int, int]] = []
        self.seen: list[Progress] = []
        self._after = after

    def step(self, done: int, of: int) -> None:
        self.steps.append((done, of))

    def epoch(self, progress: Progress) -> None:
        self.seen.append(progress)
        self._after(progress)


def fitted(
    sides: tuple[Part, Part],
    seed: int = 1,
    epochs: int = 3,
    watcher: Watcher | None = None,
    before: Progress | None = None,
    **schedule: Any,
) -> tuple[Any, Any]:
    from edgeface.train import toolchain
    from edgeface.train.batches import Batches
    from edgeface.train.fit import fit
    from edgeface.train.networks import Design, network
    from edgeface.train.plan import Schedule

    toolchain.seed_everything(seed)
    friends = network("friends")
    model = friends.build(Design(SIZE, SIZE, 1, 2))
    how = Schedule(epochs=epochs, **schedule)
    history = fit(
        model,
        Batches(sides[0], friends.default.augmentation, how.batch, seed),
        sides[1],
        how,
        watcher or Watcher(),
        seed=seed,
        before=before,
    )
    return model, history


def same(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def timeless(history: Any) -> list[dict[str, float]]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]


def loss_of(model: Any, part: Part) -> float:
    probs = model(part.pixels.astype(np.float32), training=False).numpy()
    right = probs[np.arange(len(part)), part.truth]
    return float(-np.log(np.clip(right, 1e-7, 1)).mean())


def test_a_seed_gives_one_result_bit_for_bit(sides) -> None:
    model, history = fitted(sides)
    again, history_again = fitted(sides)
    assert same(model, again)
    assert timeless(history) == timeless(history_again)
    assert not same(model, fitted(sides, seed=2)[0])


def test_it_learns_and_says_how(sides) -> None:
    watcher = Watcher()
    _, history = fitted(sides, epochs=8, watcher=watcher)
    assert [p.rows[-1] for p in watcher.seen] == list(history.rows)
    assert watcher.seen[-1].rows == history.rows
    assert [row["epoch"] for row in history.rows] == list(range(1, 9))
    assert {row["phase"] for row in history.rows} == {1}
    assert watcher.steps == [(1, 2), (2, 2)] * 8
    assert history.rows[-1]["val_loss"] < history.rows[0]["val_loss"]
    assert history.rows[history.best - 1]["val_accuracy"] > 0.9
    assert not history.interrupted


SCHEDULES: dict[str, dict[str, Any]] = {
    "plateau": {"rate": 0.01, "patience": 2},
    "averaged": {"decay": "cosine", "average": 0.8, "keep": "last", "smoothing": 0.1},
    "rmsprop": {"optimizer": "rmsprop", "decay": "none", "clip": 0, "keep": "last", "patience": 0},
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_it_goes_on_from_the_end_of_any_epoch_to_the_same_weights(
    sides, name: str, tmp_path: Path
) -> None:
    how, watcher = SCHEDULES[name], Watcher()
    whole, history = fitted(sides, epochs=5, watcher=watcher, **how)
    assert len(watcher.seen) == len(history.rows)
    for progress in watcher.seen:
        progress.save(tmp_path)
        before = Progress.load(tmp_path)  # through the disk, as after a kill
        went_on, rest = fitted(sides, epochs=5, before=before, **how)
        assert same(went_on, whole), f"from epoch {len(progress.rows)}"
        assert timeless(rest) == timeless(history)
        assert (rest.best, rest.kept) == (history.best, history.kept)


def test_the_best_epoch_is_what_is_left(sides) -> None:
    # A rate that leaps about: the last epoch is not the best one.
    model, history = fitted(sides, epochs=6, rate=0.02)
    losses = [row["val_loss"] for row in history.rows]
    assert history.best == history.kept == int(np.argmin(losses)) + 1
    assert loss_of(model, sides[1]) == pytest.approx(min(losses), rel=1e-3, abs=1e-6)


def test_the_last_epoch_is_left_where_it_is_asked(sides) -> None:
    model, history = fitted(sides, epochs=6, rate=0.02, keep="last")
    losses = [row["val_loss"] for row in history.rows]
    assert history.kept == 6
    assert history.best == int(np.argmin(losses)) + 1
    assert loss_of(model, sides[1]) == pytest.approx(losses[-1], rel=1e-3, abs=1e-6)


def test_averaged_weights_are_the_average_of_those_of_every_step(sides) -> None:
    """One batch an epoch, so that every step's weights are seen."""
    watcher, share = Watcher(), 0.6
    how = {"batch": 40, "epochs": 4, "decay": "none", "patience": 0}
    model, history = fitted(sides, watcher=watcher, average=share, keep="last", **how)
    average = [np.zeros_like(w) for w in watcher.seen[0].weights]
    for number, progress in enumerate(watcher.seen):
        for i, now in enumerate(progress.weights):
            average[i] = now if number == 0 else share * average[i] + (1 - share) * now
    for ours, theirs in zip(average, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert loss_of(model, sides[1]) == pytest.approx(history.rows[-1]["val_loss"], rel=1e-3)
    # What is averaged changes nothing of the steps themselves.
    plain = Watcher()
    fitted(sides, watcher=plain, keep="last", **how)
    for one, other in zip(plain.seen[-1].weights, watcher.seen[-1].weights, strict=True):
        assert np.array_equal(one, other)


def test_it_stops_when_nothing_gets_better(sides) -> None:
    # With a rate of nearly nothing dropout alone moves the loss, and validation has none.
    _, history = fitted(sides, epochs=50, patience=4, rate=1e-12)
    assert len(history.rows) - history.best == 4
    assert len(history.rows) < 50
    rates = [row["rate"] for row in history.rows[history.best - 1 :]]
    assert rates[-1] == rates[0] / 2  # halved once, after half of the patience


def test_half_a_cosine_ends_near_nothing(sides) -> None:
    _, history = fitted(sides, epochs=4, decay="cosine", patience=0, rate=0.01)
    rates = [row["rate"] for row in history.rows]
    expected = [0.01 * 0.5 * (1 + np.cos(np.pi * k / 4)) for k in range(4)]
    np.testing.assert_allclose(rates, expected)


def test_smoothing_is_of_the_target_and_not_of_what_is_validated(sides) -> None:
    model, history = fitted(sides, epochs=40, smoothing=0.4, keep="last", patience=0, rate=3e-3)
    # The best answer to a target of 0.8 and 0.2 has their cross-entropy, and no less.
    least = -(0.8 * np.log(0.8) + 0.2 * np.log(0.2))
    assert history.rows[-1]["loss"] >= least - 1e-3
    assert history.rows[-1]["val_accuracy"] == 1
    assert history.rows[-1]["val_loss"] < least
    assert loss_of(model, sides[1]) == pytest.approx(history.rows[-1]["val_loss"], rel=1e-3)


def stop_at(epoch: int) -> Watcher:
    def after(progress: Progress) -> None:
        if len(progress.rows) == epoch:
            raise KeyboardInterrupt

    return Watcher(after)


def test_ctrl_c_keeps_the_best_so_far(sides) -> None:
    for keep in ("best", "last"):  # the last is only then the better one when all epochs are done
        model, history = fitted(sides, epochs=8, watcher=stop_at(3), keep=keep)
        assert history.interrupted
        assert len(history.rows) == 3
        whole, rest = fitted(sides, epochs=3)
        assert history.kept == history.best == rest.best
        assert same(model, whole)


def test_ctrl_c_after_the_first_epoch_keeps_it(sides) -> None:
    _, history = fitted(sides, watcher=stop_at(1))
    assert (history.interrupted, history.best, len(history.rows)) == (True, 1, 1)


def test_ctrl_c_before_the_first_epoch_goes_through(sides) -> None:
    class Stopped(Watcher):
        def step(self, done: int, of: int) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted(sides, watcher=Stopped())


def test_the_loss_of_an_epoch_weighs_every_picture_alike(sides) -> None:
    """Of 40 pictures in batches of 39 the last one is alone and must not count as much as those."""
    from edgeface.train import fit

    told = [
        {"loss": 1.0, "accuracy": 0.5},
        {"loss": 41.0, "accuracy": 1.0},
    ]
    steps = SimpleNamespace(train=lambda pixels, truth: told[len(truth) == 1])

    class Two:
        def epoch(self, number: int) -> list[tuple[Any, Any]]:
            return [(None, np.zeros(39)), (None, np.zeros(1))]

        def __len__(self) -> int:
            return 2

    found = fit._one_epoch(steps, Two(), 1, Watcher())
    assert found == {"loss": 2.0, "accuracy": pytest.approx((39 * 0.5 + 1) / 40)}
