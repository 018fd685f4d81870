"""Batch-norm statistics estimated again after training.

A batch norm keeps moving averages of mean and variance for later. After a short training from
nothing they still hold much of their start values, while the weights were fitted to each batch's
own: the network that is saved is then not the one that was trained.
"""

from typing import Any

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import keras
import numpy as np

from edgeface.train.prepare import Part

BATCH = 64
MOST_PICTURES = 4096  # more move the mean of the batches by less than its own noise
_QUICK = 0.9


def norms(model: Any) -> list[Any]:
    """The batch norms of a flat network."""
    return [la for la in model.layers if isinstance(la, keras.layers.BatchNormalization)]


def hasten(model: Any) -> None:
    """Let moving averages follow within tens of steps: Keras' 0.99 needs hundreds of them."""
    for layer in norms(model):
        layer.momentum = _QUICK


def estimate_again(model: Any, training: Part) -> None:
    """Set every batch norm to the mean of its statistics over the training pictures as they are.

    Args:
        model: Flat, from raw pixels; its weights stay as they are.
        training: At most `MOST_PICTURES` of it are looked at, evenly spread over the classes.
    """
    layers = norms(model)
    if not layers or not len(training):
        return
    kept = [layer.momentum for layer in layers]
    states = [layer.trainable for layer in layers]
    order = np.random.default_rng(0).permutation(len(training))[:MOST_PICTURES]
    batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    if len(batches) > 1 and len(batches[-1]) < BATCH // 2:
        batches.pop()  # the variance of a few pictures would count as much as that of many
    for layer in layers:
        layer.trainable = True
    for number, batch in enumerate(batches):
        for layer in layers:
            layer.momentum = number / (number + 1)  # the mean of all batches so far
        model(training.crops[training.indices[batch]].astype(np.float32), training=True)
    for layer, momentum, trainable in zip(layers, kept, states, strict=True):
        layer.momentum, layer.trainable = momentum, trainable
