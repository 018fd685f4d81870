"""Fitting a network to crops: repeatable for a seed, stopped when it no longer gets better.

Whatever is random in an epoch depends on the seed and the number of the epoch alone, so that a
training that was cut off goes on from the end of any epoch to the very weights that it would have
reached.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import numpy as np
from numpy.typing import NDArray

from edgeface import evaluate
from edgeface.train import steps
from edgeface.train.checkpoint import Progress
from edgeface.train.interrupts import between_steps
from edgeface.train.plan import Schedule

Batch = tuple[NDArray[np.float32], NDArray[np.intp]]


class Training(Protocol):
    """The pictures to train on, in batches of float32 (b, h, w, c) 0 to 255 and class numbers."""

    def __len__(self) -> int:
        """Number of batches in an epoch."""

    def epoch(self, number: int) -> Iterable[Batch]:
        """The batches of an epoch, from 1; the same number gives the same bytes."""


class Validation(Protocol):
    """The pictures held back, in batches."""

    def batches(self) -> Iterable[Batch]:
        """All of them, in order, as they are."""


class Watcher(Protocol):
    """Who is told how a fit goes on, and may keep its state."""

    def step(self, done: int, of: int) -> None:
        """So many batches of the epoch are done."""

    def epoch(self, progress: Progress) -> None:
        """An epoch has ended; ``progress`` is all that is needed to go on from here."""


@dataclass(frozen=True, slots=True)
class History:
    """One row an epoch.

    Attributes:
        rows: epoch, phase, loss, accuracy, val_loss, val_accuracy, rate, seconds.
        best: Number of the epoch with the lowest validation loss, from 1.
        kept: Number of the epoch whose weights the network has now.
        interrupted: Whether Ctrl-C ended it.
    """

    rows: tuple[dict[str, float], ...]
    best: int
    kept: int
    interrupted: bool


def fit(
    model: Any,
    training: Training,
    validation: Validation,
    schedule: Schedule,
    watcher: Watcher,
    *,
    seed: int,
    phase: int = 1,
    before: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> History:
    """Fit ``model`` in place and leave it with the weights that the schedule keeps.

    Ctrl-C ends the fit between two steps: after at least one epoch with what is best so far, before
    that as KeyboardInterrupt.

    Args:
        model: Uncompiled, from raw pixels to probabilities.
        training: What to train on.
        validation: What to choose the best epoch on.
        schedule: How long and how fast.
        watcher: Is told of every step and epoch.
        seed: Of dropout; the caller has seeded the weights, ``training`` order and augmentation.
        phase: Number of this fit among those of one training, from 1.
        before: Where this training stands already: at the end of the phase before, or within this
            one, from which it then goes on.
        clock: Seconds.
    """
    step = steps.Steps(model, schedule)
    resumed = before is not None and before.phase == phase
    now = before or Progress.nothing(model)
    if resumed:
        step.restore(now.weights, now.optimizer)
    rate = now.rate if resumed else schedule.rate
    rows, best, best_weights = list(now.rows), now.best, now.best_weights
    done = sum(row["phase"] == phase for row in rows)
    first, interrupted = len(rows) - done, False
    try:
        with between_steps() as stop_if_asked:
            for epoch in range(first + done + 1, first + schedule.epochs + 1):
                if _stands_still(rows, best, first, schedule):
                    break
                number = epoch - first
                if schedule.decay == "cosine":
                    rate = schedule.rate * _half_cosine((number - 1) / schedule.epochs)
                started = clock()
                step.begin(rate * _risen(number, schedule.warmup), seed, epoch)
                row: dict[str, float] = {"epoch": epoch, "phase": phase}
                row |= _one_epoch(step, training, epoch, watcher, stop_if_asked)
                with step.averaged():
                    row |= validate(step.infer, validation, stop_if_asked)
                    weights = model.get_weights()
                row |= {"rate": rate * _risen(number, schedule.warmup)}
                row |= {"seconds": clock() - started}
                rows.append(row)
                better = best == 0 or row["val_loss"] < rows[best - 1]["val_loss"]
                if better:
                    best, best_weights = epoch, weights
                rate = _next_rate(rate, epoch - max(best, first), schedule, better=better)
                state = step.weights, step.state
                now = Progress(phase, tuple(rows), best, best_weights, rate, *state)
                watcher.epoch(now)
                stop_if_asked()
    except KeyboardInterrupt:
        if not best:
            raise
        interrupted = True
    keeps_best = schedule.keep == "best" or interrupted
    if keeps_best:
        model.set_weights(best_weights)
    elif rows:
        step.keep_average()
    return History(tuple(rows), best, best if keeps_best else len(rows), interrupted)


def _stands_still(rows: list[dict[str, float]], best: int, first: int, schedule: Schedule) -> bool:
    since = len(rows) - max(best, first)
    return bool(schedule.patience) and since >= schedule.patience


def _risen(number: int, warmup: int) -> float:
    """What share of its rate an epoch has, from 1: a tenth at first, all of it after ``warmup``."""
    return 0.1 + 0.9 * (number - 1) / warmup if number <= warmup else 1.0


def _half_cosine(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * share))


def _next_rate(rate: float, since: int, schedule: Schedule, *, better: bool) -> float:
    """Halved after every half of the patience without progress, where the decay is ``plateau``."""
    if schedule.decay != "plateau" or better or not schedule.patience:
        return rate
    return rate * 0.5 if since % (schedule.patience // 2 or 1) == 0 else rate


def _one_epoch(
    step: steps.Steps,
    training: Training,
    epoch: int,
    watcher: Watcher,
    between: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Loss and accuracy over all batches, each weighed with its pictures."""
    sums, pictures = {"loss": 0.0, "accuracy": 0.0}, 0
    for number, (pixels, truth) in enumerate(training.epoch(epoch), start=1):
        told = step.train(pixels, truth)
        for key in sums:
            sums[key] += float(told[key]) * len(truth)
        pictures += len(truth)
        watcher.step(number, len(training))
        between()
    return {key: value / pictures for key, value in sums.items()}


def validate(
    infer: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    validation: Validation,
    between: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """The cross-entropy, without smoothing or penalties, and the accuracy on what is held back.

    Args:
        infer: The network.
        validation: What is held back.
        between: Is called after every batch.
    """
    answers, truths = [], []
    for pixels, truth in validation.batches():
        answers.append(infer(pixels))
        truths.append(truth)
        between()
    probs, right = np.concatenate(answers), np.concatenate(truths)
    return {
        "val_loss": evaluate.cross_entropy(probs, right),
        "val_accuracy": evaluate.accuracy(probs, right),
    }
