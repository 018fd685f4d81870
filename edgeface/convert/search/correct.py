"""Bias correction: what rounding the weights does to the mean of a layer is taken off its bias.

Rounded weights do not only add noise. Of few weights, as a depthwise filter has, the errors do not
cancel, and every output of a channel is off by the same amount, E[W'x] - E[Wx]; it is measured on
the calibration pictures and subtracted (Nagel et al. 2019, arXiv:1906.04721, section 4.2;
Finkelstein et al. 2019, arXiv:1906.03193). The rounding is that of both formats: int8, symmetric,
a scale for each output.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgeface.convert.search.equalise import copied
from edgeface.convert.search.pairs import WEIGHTED
from edgeface.images import Pixels

STEPS = 127  # of int8, either side of zero
_BATCH = 64


def correct(model: Any, pixels: Pixels) -> Any:
    """A copy of a network whose biases make up for the rounding of its weights.

    Answered in float it is off by what is to be made up for; it is for quantising alone.

    Args:
        model: A functional Keras network, from raw pixels.
        pixels: (n, height, width, channels) uint8: calibration pictures.
    """
    twin = copied(model)
    norms = _norms(twin)
    layers = [la for la in twin.layers if type(la).__name__ in WEIGHTED and _has_bias(la, norms)]
    if not layers:
        return twin
    scales = [_norm_scale(norms.get(str(layer.name))) for layer in layers]
    errors = [_error(layer) for layer in layers]
    shifts = _means(model, [str(layer.name) for layer in layers], errors, pixels)
    for layer, scale, shift in zip(layers, scales, shifts, strict=True):
        norm = norms.get(str(layer.name))
        target = layer.bias if norm is None else norm.beta
        # Behind a batch norm the shift arrives multiplied by its scale.
        target.assign(target.numpy() - shift * scale)
    return twin


def rounded(kernel: NDArray[np.float32], *, depthwise: bool = False) -> NDArray[np.float32]:
    """A kernel as int8 holds it: symmetric, with a scale for each output.

    Args:
        kernel: (…, in, out), or of a depthwise convolution (h, w, channels, multiplier).
        depthwise: Which of the two.
    """
    axes = (0, 1) if depthwise else tuple(range(kernel.ndim - 1))
    step = np.abs(kernel).max(axis=axes, keepdims=True) / STEPS
    step = np.where(step > 0, step, 1)
    return np.asarray(np.rint(kernel / step) * step, np.float32)


def _norms(model: Any) -> dict[str, Any]:
    """Layer with weights → the batch norm right behind it, which a converter folds into it."""
    found = {}
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            before = layer.input._keras_history.operation
            if type(before).__name__ in WEIGHTED and before.activation is keras.activations.linear:
                found[str(before.name)] = layer
    return found


def _has_bias(layer: Any, norms: dict[str, Any]) -> bool:
    norm = norms.get(str(layer.name))
    return layer.bias is not None if norm is None else bool(norm.center)


def _norm_scale(norm: Any) -> Any:
    """What a batch norm multiplies each channel by; 1 without one."""
    if norm is None:
        return np.float32(1)
    gamma = norm.gamma.numpy() if norm.scale else np.float32(1)
    return gamma / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)


def _error(layer: Any) -> Any:
    """A layer without bias and activation whose weights are the errors of rounding.

    The scale of a batch norm does not matter here: it is one number a channel, as the steps are.
    """
    depthwise = type(layer).__name__ == "DepthwiseConv2D"
    config = layer.get_config() | {"activation": "linear", "use_bias": False}
    alone = type(layer).from_config(config | {"name": f"{layer.name}_error"})
    alone.build(layer.input.shape)
    kernel = layer.kernel.numpy()
    alone.set_weights([rounded(kernel, depthwise=depthwise) - kernel])
    return alone


def _means(
    model: Any, names: list[str], errors: list[Any], pixels: Pixels
) -> list[NDArray[np.float32]]:
    """The mean of what each layer of errors gives, a channel: (channels,) each."""
    outputs = [
        error(model.get_layer(name).input) for name, error in zip(names, errors, strict=True)
    ]
    probe = keras.Model(model.inputs[0], outputs)
    sums = [np.zeros(int(output.shape[-1])) for output in outputs]
    counts = [0 for _ in outputs]
    for start in range(0, len(pixels), _BATCH):
        values = probe(pixels[start : start + _BATCH].astype(np.float32), training=False)
        each = values if isinstance(values, list | tuple) else [values]
        for i, value in enumerate(each):
            flat = value.numpy().reshape(-1, value.shape[-1])
            sums[i] += flat.sum(axis=0, dtype=np.float64)
            counts[i] += len(flat)
    return [
        np.asarray(total / count, np.float32) for total, count in zip(sums, counts, strict=True)
    ]
