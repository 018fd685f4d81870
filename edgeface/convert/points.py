"""A regression network → ONNX; which points set the ranges of int8, and is it still the network?

The scaling of the default networks is part of every file. In int8 the ranges come from the training
points and their ends, so that no value between them is clipped. TFLite is in
`edgeface.convert.pointtflite`.
"""

from typing import Any

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeface.bundlefolder import Scheme
from edgeface.convert import onnx
from edgeface.convert.parity import BOUND, MEAN_BOUND
from edgeface.datasets.points import Numbers
from edgeface.errors import ConversionError
from edgeface.pointbundle import INPUT, OUTPUT

Inputs = NDArray[np.float32]

_BEHIND = "; the trained network is the same as before: please report this"


def check_weights(model: Any) -> None:
    """Say before anything is converted that the network is broken.

    Raises:
        ConversionError: A weight is not a finite number.
    """
    for weight in model.weights:
        if not np.isfinite(weight.numpy()).all():
            msg = f"{model.name}: the weights of {weight.path} are not all finite numbers"
            raise ConversionError(msg, remedy="train again with a lower learning rate")


def calibration_of(x: Numbers, most: int, seed: int) -> tuple[Inputs, NDArray[np.intp]]:
    """The points that set the ranges of int8: a seeded draw, and the ends of every input.

    Args:
        x: (n, inputs) of the training side.
        most: How many to draw; all of them where there are fewer.
        seed: Of the draw.

    Returns:
        (m, inputs) float32, and the positions of those points in ``x``, sorted.
    """
    drawn = np.random.default_rng(seed).permutation(len(x))[:most]
    chosen = np.unique([*drawn, *x.argmin(axis=0), *x.argmax(axis=0)]).astype(np.intp)
    return x[chosen].astype(np.float32), chosen


def to_onnx(model: Any) -> bytes:
    """The network as float32 ONNX."""
    signature = [tf.TensorSpec((1, model.input_shape[1]), tf.float32, name=INPUT)]
    return onnx.traced(lambda x: model(x, training=False), signature, OUTPUT)


def quantise_onnx(float32: bytes, calibration: Inputs) -> bytes:
    """A float32 ONNX file in int8; its scaling stays in float.

    Args:
        float32: What `to_onnx` gave.
        calibration: (n, inputs).
    """
    return onnx.quantised(float32, INPUT, calibration, ("Mul", "Add"))


def check_parity(
    name: str, scheme: Scheme, values: NDArray[np.float32], reference: NDArray[np.float32]
) -> float:
    """Hold the values of a file against those of the trained network.

    The bounds are those of probabilities, which lie between 0 and 1, times the span of the
    network's values; of float32 that of its own rounding is added.

    Args:
        name: Of the file, for the error.
        scheme: Of the file.
        values: (n,) its answers.
        reference: (n,) the network's.

    Returns:
        The largest difference, in the unit of y.

    Raises:
        ConversionError: It answers what is no number, or too differently.
    """
    if not np.isfinite(values).all():
        msg = f"{name}: answers that are not finite numbers"
        raise ConversionError(msg, remedy=f"the converter wrote a broken file{_BEHIND}")
    apart = np.abs(values.astype(np.float64) - reference)
    span = float(np.ptp(reference.astype(np.float64)))
    rounding = 8 * float(np.finfo(np.float32).eps) * float(np.abs(reference).max())
    bound, mean_bound = (b[scheme] * span + rounding for b in (BOUND, MEAN_BOUND))
    if apart.max() > bound or apart.mean() > mean_bound:
        msg = (
            f"{name} is not the network that was trained: a value differs by {apart.max():.4g} "
            f"(bound {bound:.4g}), all by {apart.mean():.4g} on the mean ({mean_bound:.4g})"
        )
        remedy = (
            f"export without {scheme}: its steps are too coarse for these numbers, most of all "
            "where x or y lies far from zero"
        )
        broken = f"the converter wrote a broken file{_BEHIND}"
        raise ConversionError(msg, remedy=broken if scheme in ("float32", "float16") else remedy)
    return float(apart.max())
