"""Fitting a network to points: repeatable for a seed, a whole epoch in one call.

There are thousands of tiny steps; from Python each would cost more than its arithmetic.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeface.datasets.points import Numbers, Points
from edgeface.errors import UsageError
from edgeface.train.interrupts import between_steps
from edgeface.train.networks.points import PointPlan


@dataclass(frozen=True, slots=True)
class PointHistory:
    """One row an epoch.

    Attributes:
        rows: epoch, loss, val_loss (mean squared error, of y in units of ``unit``), rmse, val_rmse
            (in the unit of y), rate, seconds. The training figures are those of the epoch's steps,
            while the weights change.
        best: Number of the epoch with the lowest validation loss, from 1.
        kept: Number of the epoch whose weights the network has now.
        interrupted: Whether Ctrl-C ended it.
    """

    rows: tuple[dict[str, float], ...]
    best: int
    kept: int
    interrupted: bool


def values_of(model: Any, x: Numbers) -> NDArray[np.float32]:
    """What a network answers: x (n, inputs) → (n,) float32, a part at a time."""
    parts = np.array_split(x.astype(np.float32), -(-len(x) // 65_536)) if len(x) else []
    answers = [np.asarray(model(part, training=False))[:, 0] for part in parts]
    return np.concatenate(answers).astype(np.float32) if answers else np.zeros(0, np.float32)


def fit_points(
    model: Any,
    training: Points,
    validation: Points,
    plan: PointPlan,
    after_epoch: Callable[[dict[str, float]], None],
    *,
    unit: float,
    seed: int,
    clock: Callable[[], float] = time.monotonic,
) -> PointHistory:
    """Fit ``model`` in place and leave it with the weights that the plan keeps.

    Ctrl-C ends it between two epochs with the best so far; before the first it goes through.

    Args:
        model: Uncompiled, from raw numbers to values in the unit of y.
        training: What to fit to.
        validation: What to choose the best epoch on.
        plan: How long and how fast.
        after_epoch: Is given the row of every epoch.
        unit: What errors are divided by before they are squared.
        seed: Of the order of the points; the caller has seeded the weights.
        clock: Seconds.

    Raises:
        UsageError: It diverged: no epoch ended with a finite validation loss.
    """
    epochs = _Epochs(model, training, validation, plan, unit)
    rows: list[dict[str, float]] = []
    best, best_weights, interrupted = 0, model.get_weights(), False
    try:
        with between_steps() as stop_if_asked:
            for number in range(1, plan.epochs + 1):
                started, rate = clock(), _rate(plan, number)
                order = np.random.default_rng([seed, number]).permutation(len(training))
                loss, held = epochs.run(order, rate)
                row = {"epoch": float(number), "loss": loss, "val_loss": held}
                row |= {"rmse": math.sqrt(loss) * unit, "val_rmse": math.sqrt(held) * unit}
                row |= {"rate": rate, "seconds": clock() - started}
                rows.append(row)
                if math.isfinite(held) and (not best or held < rows[best - 1]["val_loss"]):
                    best, best_weights = number, model.get_weights()
                after_epoch(row)
                stop_if_asked()
    except KeyboardInterrupt:
        if not best:
            raise
        interrupted = True
    last = rows[-1]["val_loss"]
    if not best or (plan.keep == "last" and not interrupted and not math.isfinite(last)):
        msg = f"the training diverged: at a rate of {plan.rate:g} the errors grow without bound"
        raise UsageError(msg, remedy="train with a lower --rate, or without --as-documented")
    keeps_best = plan.keep == "best" or interrupted
    if keeps_best:
        model.set_weights(best_weights)
    return PointHistory(tuple(rows), best, best if keeps_best else len(rows), interrupted)


def _rate(plan: PointPlan, epoch: int) -> float:
    if plan.decay == "none":
        return plan.rate
    return plan.rate * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / plan.epochs))


class _Epochs:
    """An epoch of steps and the error on what is held back, as one graph."""

    def __init__(
        self, model: Any, training: Points, validation: Points, plan: PointPlan, unit: float
    ) -> None:
        self._model, self._unit, self._n = model, unit, len(training)
        self._batch = plan.batch
        self._optimizer = keras.optimizers.Adam(plan.rate, clipnorm=plan.clip or None)
        self._optimizer.build(model.trainable_variables)
        self._training, self._validation = (
            (tf.constant(p.x, tf.float32), tf.constant(p.y[:, None], tf.float32))
            for p in (training, validation)
        )
        self._graph = tf.function(self._one)

    def run(self, order: NDArray[np.int64], rate: float) -> tuple[float, float]:
        """The training loss and the validation loss of an epoch."""
        self._optimizer.learning_rate.assign(rate)
        loss, held = self._graph(tf.constant(order, tf.int32))
        return float(loss), float(held)

    def _loss(self, x: Any, y: Any, *, training: bool) -> Any:
        errors = (self._model(x, training=training) - y) / self._unit
        return tf.reduce_mean(tf.square(errors))

    def _one(self, order: Any) -> Any:
        x, y = (tf.gather(values, order) for values in self._training)
        total = tf.constant(0.0)
        for at in tf.range(0, self._n, self._batch):
            part = x[at : at + self._batch], y[at : at + self._batch]
            with tf.GradientTape() as tape:
                loss = self._loss(*part, training=True)
            weights = self._model.trainable_variables
            self._optimizer.apply(tape.gradient(loss, weights), weights)
            total += loss * tf.cast(tf.shape(part[0])[0], tf.float32)
        return total / self._n, self._loss(*self._validation, training=False)
