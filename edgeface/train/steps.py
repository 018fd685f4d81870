"""One step of training, on one device or on several, and what has to be kept between two epochs."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeface.train.plan import Schedule

Arrays = list[NDArray[Any]]


def infer_of(model: Any) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A network's answers without dropout, as a function of (b, h, w, c) float32 0 to 255."""
    graph = tf.function(lambda pixels: model(pixels, training=False))
    return lambda pixels: np.asarray(graph(tf.constant(pixels)), np.float32)


class Steps:
    """Compiles a network for a schedule and takes its steps.

    Under `tf.distribute.MirroredStrategy` every batch is divided among the devices and weighed so
    that the gradient is that of the whole batch, whatever its size.

    Args:
        model: To be trained; built under the strategy that is in scope now.
        schedule: Optimiser, loss and clipping.
    """

    def __init__(self, model: Any, schedule: Schedule) -> None:
        self._model = model
        self._classes = int(model.output_shape[-1])
        self._smoothed = schedule.smoothing > 0
        self._averages = schedule.average > 0
        self._strategy = tf.distribute.get_strategy()
        self._devices = int(self._strategy.num_replicas_in_sync)
        model.compile(
            optimizer=_optimizer(schedule),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=schedule.smoothing)
            if self._smoothed
            else keras.losses.SparseCategoricalCrossentropy(),
            metrics=["accuracy"],
            weighted_metrics=None,
        )
        model.optimizer.build(model.trainable_variables)
        self.infer = infer_of(model)

    def begin(self, rate: float, seed: int, epoch: int) -> None:
        """Set what an epoch begins with: its learning rate, and the seeds of its dropout."""
        self._model.optimizer.learning_rate.assign(rate)
        for number, layer in enumerate(self._model.layers):
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:
                drawn = np.random.default_rng([seed, epoch, number]).integers(0, 2**32, 2)
                generator.state.assign(drawn.astype(np.uint32))

    def train(self, pixels: NDArray[np.float32], truth: NDArray[np.intp]) -> dict[str, float]:
        """Take a step.

        Args:
            pixels: (b, h, w, c) float32, 0 to 255.
            truth: (b,) class numbers.

        Returns:
            loss and accuracy of the batch.
        """
        target = np.eye(self._classes, dtype=np.float32)[truth] if self._smoothed else truth
        if self._devices == 1:
            told: dict[str, float] = self._model.train_on_batch(pixels, target, return_dict=True)
            return told
        return self._train_divided(pixels, target)

    def _train_divided(self, pixels: Any, target: Any) -> dict[str, float]:
        parts = np.array_split(np.arange(len(pixels)), self._devices)
        # A device without a picture of its own gets one that weighs nothing.
        taken = [part if len(part) else np.zeros(1, int) for part in parts]
        weights = [self._devices * len(part) / len(pixels) for part in parts]

        def of_device(context: Any) -> Any:
            i = context.replica_id_in_sync_group
            weight = np.full(len(taken[i]), weights[i], np.float32)
            part = pixels[taken[i]], target[taken[i]], weight
            return tuple(tf.constant(each) for each in part)

        divided = self._strategy.experimental_distribute_values_from_function(of_device)
        self._model.make_train_function()
        self._model.reset_metrics()
        told = self._model.train_function(iter([divided]))
        return {key: float(value) for key, value in told.items()}

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Within it the network has its averaged weights, where the schedule averages any."""
        if not self._averages:
            yield
            return
        current = self._model.get_weights()
        self.keep_average()
        yield
        self._model.set_weights(current)

    def keep_average(self) -> None:
        """Give the network its averaged weights for good, where the schedule averages any."""
        if self._averages:
            self._model.optimizer.finalize_variable_values(self._model.trainable_variables)

    @property
    def weights(self) -> Arrays:
        """Of the network, as the next step finds them."""
        found: Arrays = self._model.get_weights()
        return found

    @property
    def state(self) -> Arrays:
        """What the optimiser remembers."""
        return [np.asarray(v.numpy()) for v in self._model.optimizer.variables]

    def restore(self, weights: Sequence[Any], state: Sequence[Any]) -> None:
        """Go back to what `weights` and `state` gave."""
        self._model.set_weights(list(weights))
        for variable, value in zip(self._model.optimizer.variables, state, strict=True):
            variable.assign(value)


def _optimizer(schedule: Schedule) -> Any:
    kinds = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
    return kinds[schedule.optimizer](
        schedule.rate,
        clipnorm=schedule.clip or None,
        use_ema=schedule.average > 0,
        ema_momentum=schedule.average or 0.99,
    )
