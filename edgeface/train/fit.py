"""Fitting a network to crops: repeatable for a seed, stopped when it no longer gets better."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import keras
import numpy as np
from numpy.typing import NDArray

from edgeface.images import Pixels
from edgeface.train.augment import Augmentation, augment
from edgeface.train.run import Schedule

# What the default changes against the documented system, and why it stands here: rmsprop → adam
# with a rate that falls when the loss stalls; five epochs → as many as help, the best kept;
# rotation, shifts and light added, because a detector's boxes and a room's lamps vary that much.
AUGMENTATION = Augmentation(shear=6, rotation=5, zoom=0.1, shift=0.04, flip=True, light=0.15)


@dataclass(frozen=True, slots=True)
class History:
    """One row an epoch.

    Attributes:
        rows: loss, accuracy, val_loss, val_accuracy, rate, seconds.
        best: Number of the epoch whose weights were kept, from 1.
        interrupted: Whether Ctrl-C ended it.
    """

    rows: tuple[dict[str, float], ...]
    best: int
    interrupted: bool


def fit(
    model: Any,
    training: tuple[Pixels, NDArray[np.intp]],
    validation: tuple[Pixels, NDArray[np.intp]],
    schedule: Schedule,
    *,
    seed: int,
    after_epoch: Callable[[dict[str, float]], None],
    clock: Callable[[], float] = time.monotonic,
) -> History:
    """Fit ``model`` in place and leave it with the weights of its best epoch.

    The best epoch has the lowest validation loss. Ctrl-C ends the fit after at least one epoch with
    what is best so far; before that it goes through as KeyboardInterrupt.

    Args:
        model: Uncompiled, from raw pixels to probabilities.
        training: Pixels (n, h, w, c) uint8 and class numbers (n,).
        validation: The same.
        schedule: How long and how fast.
        seed: Of order and augmentation; the caller has seeded the weights.
        after_epoch: Is told the row of each epoch.
        clock: Seconds.
    """
    pixels, truth = training
    held_back = (validation[0].astype(np.float32), validation[1])
    model.compile(
        # Clipped: with many people the first steps can kill every unit of the narrow dense layer.
        optimizer=keras.optimizers.Adam(schedule.rate, clipnorm=1.0),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    rows: list[dict[str, float]] = []
    best, best_weights, interrupted = 0, model.get_weights(), False
    rng = np.random.default_rng(seed)
    rate = schedule.rate
    try:
        for epoch in range(1, schedule.epochs + 1):
            started = clock()
            order = rng.permutation(len(pixels))
            shown = augment(pixels[order], AUGMENTATION, rng).astype(np.float32)
            row = _one_epoch(model, shown, truth[order], held_back, schedule.batch)
            row |= {"epoch": epoch, "rate": rate, "seconds": clock() - started}
            rows.append(row)
            better = best == 0 or row["val_loss"] < rows[best - 1]["val_loss"]
            if better:
                best, best_weights = epoch, model.get_weights()
            after_epoch(row)
            if epoch - best >= schedule.patience:
                break
            if not better and (epoch - best) % (schedule.patience // 2 or 1) == 0:
                rate *= 0.5
                model.optimizer.learning_rate.assign(rate)
    except KeyboardInterrupt:
        if not best:
            raise
        interrupted = True
    model.set_weights(best_weights)
    return History(tuple(rows), best, interrupted)


def _one_epoch(
    model: Any,
    pixels: NDArray[np.float32],
    truth: NDArray[np.intp],
    held_back: tuple[NDArray[np.float32], NDArray[np.intp]],
    batch: int,
) -> dict[str, float]:
    # Not model.fit: on sets of a few hundred crops it spends two thirds of its time setting up.
    told = _mean(model.train_on_batch, pixels, truth, batch)
    held = _mean(model.test_on_batch, *held_back, 256)
    return {
        "loss": told["loss"],
        "accuracy": told["accuracy"],
        "val_loss": held["loss"],
        "val_accuracy": held["accuracy"],
    }


def _mean(
    step: Callable[..., dict[str, float]],
    pixels: NDArray[np.float32],
    truth: NDArray[np.intp],
    batch: int,
) -> dict[str, float]:
    """Loss and accuracy over all batches, each weighed with its pictures."""
    sums = {"loss": 0.0, "accuracy": 0.0}
    for at in range(0, len(pixels), batch):
        part = slice(at, at + batch)
        told = step(pixels[part], truth[part], return_dict=True)
        for key in sums:
            sums[key] += float(told[key]) * len(truth[part])
    return {key: value / len(pixels) for key, value in sums.items()}
