"""A regression network → TFLite: every scheme, and a scaling that stays in float in all of them.

The int8 of TFLite has ranges that contain zero. Numbers that lie far from it (years, pressures)
have few of the 256 steps left, and very small ones have a scale that the format does not hold;
turned into mean 0 and deviation 1 first, both are as good as any. So the default networks are
quantised between their two scaling layers. The converter would fold those into the layers beside
them, which costs float32 some digits too; written as a matrix each, and for int8 named as what is
to be left in float, they stay.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema

from edgeface.convert.sampled import to_integers
from edgeface.convert.tfliteedit import Edited
from edgeface.convert.tfliteother import halved, in_int16
from edgeface.errors import ConversionError
from edgeface.pointbundle import INPUT, OUTPUT
from edgeface.train.networks.curve import FIRST, LAST

Graph = Callable[[Any], dict[str, Any]]

_DENSE = schema.BuiltinOperator.FULLY_CONNECTED


def to_float32(model: Any) -> bytes:
    """The network, float32 (1, inputs) in and (1, 1) out."""
    with tempfile.TemporaryDirectory() as folder, toolchain.quiet():
        return bytes(_converter(model, _graph(model), Path(folder)).convert())


def to_int8(model: Any, calibration: NDArray[np.float32]) -> bytes:
    """The network in int8 between its scalings, float32 in and out.

    Args:
        model: The Keras network, raw numbers to a value.
        calibration: (n, inputs) raw numbers that set the ranges.

    Raises:
        ConversionError: The scalings are not where they were left.
    """

    def representative() -> Iterator[dict[str, NDArray[np.float32]]]:
        for row in calibration:
            yield {INPUT: row[None]}

    scales = _scales(model)
    with tempfile.TemporaryDirectory() as folder, toolchain.quiet():
        converter = _converter(model, _graph(model), Path(folder))
        left = _ends(bytes(converter.convert())) if scales else []
        to_integers(converter, representative)
        if not scales:
            return bytes(converter.convert())
        options = tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=left)
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=representative, debug_options=options
        )
        content = bytes(debugger.get_nondebug_quantized_model())
    if _ends(content) != left:
        msg = "the int8 file does not begin and end with its scaling in float"
        raise ConversionError(msg, remedy="export without --int8, and please report this")
    return content


def to_float16(model: Any) -> bytes:
    """The network with its weights in half precision, float32 (1, inputs) in and (1, 1) out."""
    with tempfile.TemporaryDirectory() as folder, toolchain.quiet():
        return halved(_converter(model, _graph(model), Path(folder)))


def to_dynamic(model: Any) -> bytes:
    """The network with its larger weights in int8; nothing is calibrated."""
    with tempfile.TemporaryDirectory() as folder, toolchain.quiet():
        converter = _converter(model, _graph(model), Path(folder))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return bytes(converter.convert())


def to_int16x8(model: Any, calibration: NDArray[np.float32]) -> bytes:
    """The network in int16 with int8 weights between its scalings, float32 in and out.

    Args:
        model: The Keras network, raw numbers to a value.
        calibration: (n, inputs) raw numbers that set the ranges.
    """
    first = model.get_layer(FIRST) if _scales(model) else None

    def samples() -> Iterator[dict[str, Any]]:
        for row in calibration:
            yield {INPUT: row[None] if first is None else np.asarray(first(row[None]))}

    with tempfile.TemporaryDirectory() as folder, toolchain.quiet():
        edited = Edited(in_int16(_converter(model, _core(model), Path(folder)), samples))
    if first is not None:
        last = model.get_layer(LAST)
        scale = np.atleast_1d(first.scale).astype(np.float64)
        mean = np.atleast_1d(first.offset) / scale
        edited.before("MUL", scale[None].astype(np.float32))
        edited.before("ADD", mean[None].astype(np.float32))
        edited.behind("MUL", np.asarray([[last.scale]], np.float32))
        edited.behind("ADD", np.asarray([[last.offset]], np.float32))
    return edited.packed()


def _core(model: Any) -> Graph:
    """The network between its scalings, on what the first of them gives."""
    if not _scales(model):
        return _graph(model)
    core = keras.Model(model.get_layer(FIRST).output, model.get_layer(LAST).input)
    return lambda scaled: {OUTPUT: core(scaled, training=False)}


def _scales(model: Any) -> bool:
    return FIRST in {layer.name for layer in model.layers}


def _graph(model: Any) -> Graph:
    """The network, its scalings as matrices; x is moved first, so that nothing large cancels."""
    if not _scales(model):
        return lambda x: {OUTPUT: model(x, training=False)}
    first, last = model.get_layer(FIRST), model.get_layer(LAST)
    core = keras.Model(first.output, last.input)
    scale = np.atleast_1d(first.scale).astype(np.float64)
    mean = (-np.atleast_1d(first.offset) / scale).astype(np.float32)
    matrix = np.diag(scale).astype(np.float32)
    deviation = np.asarray([[last.scale]], np.float32)

    def graph(x: Any) -> dict[str, Any]:
        value = core(tf.matmul(x - mean, matrix), training=False)
        return {OUTPUT: tf.matmul(value, deviation) + np.float32(last.offset)}

    return graph


def _converter(model: Any, graph: Graph, folder: Path) -> Any:
    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = [tf.TensorSpec((1, model.input_shape[1]), tf.float32, name=INPUT)]
    archive.add_endpoint("serve", graph, input_signature=signature)
    archive.write_out(str(folder), verbose=False)
    return tf.lite.TFLiteConverter.from_saved_model(str(folder))


def _ends(content: bytes) -> list[str]:
    """What the scaling of a file writes: up to its first matrix, and its last operator."""
    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    operators = [graph.Operators(i) for i in range(graph.OperatorsLength())]
    dense = [i for i, operator in enumerate(operators) if _kind(model, operator) == _DENSE]
    ends = [*operators[: dense[0] + 1], operators[dense[-1]]] if dense else []
    return [graph.Tensors(end.Outputs(0)).Name().decode() for end in ends]


def _kind(model: Any, operator: Any) -> int:
    code = model.OperatorCodes(operator.OpcodeIndex())
    return max(int(code.BuiltinCode()), int(code.DeprecatedBuiltinCode()))
