"""What every layer of a Keras network makes of one picture, and its first weights as pictures."""

from dataclasses import dataclass
from typing import Any, Literal

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import keras
import numpy as np
from numpy.typing import NDArray

from edgeface.images import Pixels

Maps = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class FirstWeights:
    """The weights that a network lays on the picture itself.

    Attributes:
        layer: Whose they are.
        kind: ``filters`` of a convolution, each as large as its kernel; ``units`` of a dense layer,
            each as large as the picture.
        weights: (n, height, width, channels) float32.
    """

    layer: str
    kind: Literal["filters", "units"]
    weights: NDArray[np.float32]


def feature_maps(model: Any, crop: Pixels) -> Maps:
    """The output of every layer for one picture.

    Args:
        model: A built functional network.
        crop: (height, width, channels) uint8, as the network takes it.

    Returns:
        Layer name → its output without the batch, float32: (height, width, channels) or (units,).
        The numbers are those that the network itself computes, in one pass.
    """
    with toolchain.quiet():
        every = keras.Model(model.input, [layer.output for layer in model.layers])
        answers = every(crop[None].astype(np.float32), training=False)
    # A network of one layer answers a tensor instead of a list.
    listed = answers if isinstance(answers, list | tuple) else [answers]
    return {
        str(layer.name): np.asarray(answer, np.float32)[0]
        for layer, answer in zip(model.layers, listed, strict=True)
    }


def first_weights(model: Any) -> FirstWeights | None:
    """The first kernel of a network, as pictures; None where it is not laid on a picture."""
    shape = tuple(int(n) for n in model.input_shape[1:])
    layer = next((each for each in model.layers if each.weights), None)
    if layer is None or len(shape) != 3:
        return None
    kind = type(layer).__name__
    if kind not in ("Conv2D", "DepthwiseConv2D", "Dense"):
        return None
    kernel = np.asarray(layer.kernel, np.float32)
    if kind == "Conv2D":
        return FirstWeights(str(layer.name), "filters", kernel.transpose(3, 0, 1, 2))
    if kind == "DepthwiseConv2D":
        rows, columns, channels, times = kernel.shape
        apart = kernel.reshape(rows, columns, channels * times).transpose(2, 0, 1)
        return FirstWeights(str(layer.name), "filters", apart[..., None])
    if len(kernel) != np.prod(shape):
        return None
    return FirstWeights(str(layer.name), "units", kernel.T.reshape(-1, *shape))
