"""Keras → TFLite: float32, and int8 whose input needs no scaling at all."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import flatbuffers  # type: ignore[import-untyped]
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python import util

from edgeface.convert.network import INPUT, Network
from edgeface.errors import ConversionError
from edgeface.images import Pixels

METADATA = "edgeface"
HEAD = ("SOFTMAX", "LOGISTIC")  # what makes probabilities, as TFLite calls it


def to_float32(network: Network) -> bytes:
    """The network with its scaling inside, uint8 in and float32 out."""
    with tempfile.TemporaryDirectory() as folder:
        saved = network.saved(Path(folder), scaled_input=False)
        with toolchain.quiet():
            converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
            return bytes(converter.convert())


def to_int8(network: Network, calibration: Pixels, *, in_float_nodes: Sequence[str] = ()) -> bytes:
    """The network in int8, uint8 in and float32 out.

    The scaling becomes the scale and the zero point of the input tensor: the bytes of a picture are
    its quantised values already, and no operator is spent on it.

    The softmax or sigmoid stays in float. In int8 its output has 256 steps, the highest of them
    0.996, and a network that is sure of everything answers that to strangers too: no threshold
    tells them apart.

    Args:
        network: What to convert.
        calibration: (n, height, width, channels) uint8. Black and white are among them, so that the
            input's range is exactly that of raw pixels.
        in_float_nodes: Output tensors, as the float32 file of `from_scaled` calls them, of
            operators that are left in float beside the softmax or sigmoid.

    Raises:
        ConversionError: The converter gave the input another scale or zero point.
    """

    def representative() -> Iterator[dict[str, NDArray[np.float32]]]:
        for pixels in calibration:
            yield {INPUT: network.scaled(pixels[None])}

    with tempfile.TemporaryDirectory() as folder:
        saved = network.saved(Path(folder), scaled_input=True)
        with toolchain.quiet():
            converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = representative
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            options = tf.lite.experimental.QuantizationDebugOptions(
                denylisted_ops=list(HEAD), denylisted_nodes=list(in_float_nodes)
            )
            partly = tf.lite.experimental.QuantizationDebugger(
                converter=converter, debug_dataset=representative, debug_options=options
            ).get_nondebug_quantized_model()
            # The debugger leaves the input in float, whatever the converter was told.
            content = bytes(util.modify_model_io_type(partly, tf.uint8, tf.float32))
    _check_input(content, network)
    return content


def _check_input(content: bytes, network: Network) -> None:
    """The input's scale and zero point have to be those of the scaling."""
    model = _schema().Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    quantisation = graph.Tensors(graph.Inputs(0)).Quantization()
    scale, zero = float(quantisation.Scale(0)), int(quantisation.ZeroPoint(0))
    expected = -network.offset / network.scale
    # 127.5, as MobileNet's own scaling has it, is rounded either way: half a level of gray.
    if abs(scale / network.scale - 1) > 1e-5 or abs(zero - expected) > 0.501:
        msg = (
            f"the int8 input got scale {scale:.7g} and zero point {zero}, "
            f"not {network.scale:.7g} and {expected:g}: raw pixels would be clipped"
        )
        raise ConversionError(msg, remedy="calibrate with a black and a white picture")


def with_metadata(content: bytes, text: str) -> bytes:
    """The file with a metadata entry called ``edgeface``, as the TFLite schema provides for it."""
    schema = _schema()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(text.encode(), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(content) + len(text) + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _schema() -> Any:
    from tensorflow.lite.python import schema_py_generated

    return schema_py_generated
