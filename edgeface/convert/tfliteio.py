"""Keras → TFLite int8 from its first tensor to its last: for microcontrollers and NPUs.

Input int8 (1, height, width, channels): pixels - 128. Output int8 (1, classes): probabilities as
``(stored + 128) / 256``. The softmax is in int8 too, so that nothing in the file needs float; its
highest answer is 0.996 (decision 7 says what that costs).
"""

# isort: split
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from edgeface.convert.network import Network
from edgeface.convert.sampled import sampled, to_integers
from edgeface.errors import ConversionError
from edgeface.images import Pixels

_INT8 = schema.TensorType.INT8


def to_int8_tensors(network: Network, calibration: Pixels) -> bytes:
    """The network with int8 tensors only.

    Args:
        network: What to convert; what its files may answer beside the probabilities is left out.
        calibration: (n, height, width, channels) uint8, black and white among them.

    Raises:
        ConversionError: The file has other ends, or would clip raw pixels.
    """
    with sampled(network, calibration) as (converter, samples):
        to_integers(converter, samples)
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        content = bytes(converter.convert())
    _check(content, network)
    return content


def _check(content: bytes, network: Network) -> None:
    graph = schema.Model.GetRootAs(content).Subgraphs(0)
    begin, end = graph.Tensors(graph.Inputs(0)), graph.Tensors(graph.Outputs(0))
    if (begin.Type(), end.Type()) != (_INT8, _INT8):
        msg = "the int8 file does not begin and end in int8"
        raise ConversionError(msg, remedy="export without --io int8")
    scale, zero = float(begin.Quantization().Scale(0)), int(begin.Quantization().ZeroPoint(0))
    expected = -network.offset / network.scale - 128
    if abs(scale / network.scale - 1) > 1e-5 or abs(zero - expected) > 0.501:
        msg = (
            f"the int8 input got scale {scale:.7g} and zero point {zero}, "
            f"not {network.scale:.7g} and {expected:g}: raw pixels would be clipped"
        )
        raise ConversionError(msg, remedy="calibrate with a black and a white picture")
