"""A regression network → ONNX; which points set the ranges of int8, and is it still the network?

The scaling of the default networks is part of every file. In int8 the ranges come from the training
points and their ends, so that no value between them is clipped. TFLite is in
`edgeface.convert.pointtflite`.
"""

import logging
import tempfile
from pathlib import Path
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from numpy.typing import NDArray
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

from edgeface.bundlefolder import Scheme
from edgeface.convert.onnx import OPSET
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
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    signature = [tf.TensorSpec((1, model.input_shape[1]), tf.float32, name=INPUT)]

    def graph(x: tf.Tensor) -> tf.Tensor:
        return tf.identity(model(x, training=False), name=OUTPUT)

    with toolchain.quiet():
        made, _ = tf2onnx.convert.from_function(
            tf.function(graph, input_signature=signature), signature, opset=OPSET
        )
    _name_output(made)
    onnx.checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString())


def _name_output(made: onnx.ModelProto) -> None:
    """from_function names the output after its place in the graph."""
    old = made.graph.output[0].name
    for node in made.graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name == old:
                    names[i] = OUTPUT
    made.graph.output[0].name = OUTPUT


class _Rows(quantization.CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, x: Inputs) -> None:
        self._rest = iter(x)

    def get_next(self) -> dict[str, Inputs] | None:
        row = next(self._rest, None)
        return None if row is None else {INPUT: row[None]}


def quantise_onnx(float32: bytes, calibration: Inputs) -> bytes:
    """A float32 ONNX file in int8: QDQ, per channel, min-max ranges; its scaling stays in float.

    Args:
        float32: What `to_onnx` gave.
        calibration: (n, inputs).
    """
    with tempfile.TemporaryDirectory() as folder, toolchain.quiet():
        plain, folded, done = (Path(folder, f"{n}.onnx") for n in ("plain", "folded", "int8"))
        plain.write_bytes(float32)
        quant_pre_process(str(plain), str(folded), skip_symbolic_shape=True)
        graph = onnx.load(folded).graph
        quantization.quantize_static(
            str(folded),
            str(done),
            _Rows(calibration),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            nodes_to_exclude=[n.name for n in graph.node if n.op_type in ("Mul", "Add")],
        )
        return done.read_bytes()


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
            "export without --int8: 256 steps are too coarse for these numbers, most of all where "
            "x or y lies far from zero"
        )
        broken = f"the converter wrote a broken file{_BEHIND}"
        raise ConversionError(msg, remedy=remedy if scheme == "int8" else broken)
    return float(apart.max())
