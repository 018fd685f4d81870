"""Keras → TFLite int8, calibrated once and quantised as often as wanted."""

from collections.abc import Sequence
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.python import util

from edgeface.convert.network import Network
from edgeface.convert.sampled import sampled, to_integers
from edgeface.convert.tflitepack import packed
from edgeface.errors import ConversionError
from edgeface.images import Pixels

HEAD = ("SOFTMAX", "LOGISTIC")  # what makes probabilities, as TFLite calls it
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items()}


class Calibrated:
    """A network whose ranges were measured; quantising it takes a tenth of a second from there.

    Args:
        network: What to convert.
        calibration: (n, height, width, channels) uint8. Black and white are among them, so that the
            input's range is exactly that of raw pixels.
    """

    def __init__(self, network: Network, calibration: Pixels) -> None:
        self._network = network
        with sampled(network, calibration) as (converter, samples):
            self._debugger = tf.lite.experimental.QuantizationDebugger(
                converter=to_integers(converter, samples),
                debug_dataset=samples,
                debug_options=_options(()),
            )

    def int8(self, in_float: Sequence[str] = ()) -> bytes:
        """The network in int8, uint8 in and float32 out.

        Args:
            in_float: Output tensors, as `operators` names them, of operators that are left in float
                beside the softmax or sigmoid; not of all of them.

        Raises:
            ConversionError: The converter gave the input another scale or zero point.
        """
        with toolchain.quiet():
            self._debugger.options = _options(in_float)
            partly = self._debugger.get_nondebug_quantized_model()
            # The debugger leaves the input in float, whatever the converter was told.
            content = bytes(util.modify_model_io_type(partly, tf.uint8, tf.float32))
        if _takes_float(content):
            content = _from_pixels(content, self._network)
        _check_input(content, self._network)
        return content


def operators(content: bytes) -> tuple[tuple[str, str], ...]:
    """Kind and name of the output tensor of every operator of a file, in order."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    found = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = str(_NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)])
        name = graph.tensors[operator.outputs[0]].name
        found.append((kind, name.decode("utf-8", errors="replace")))
    return tuple(found)


def _options(in_float: Sequence[str]) -> Any:
    return tf.lite.experimental.QuantizationDebugOptions(
        denylisted_ops=list(HEAD), denylisted_nodes=list(in_float)
    )


def _takes_float(content: bytes) -> bool:
    """Whether the first layer is one of those left in float: nothing quantises the input then."""
    graph = schema.Model.GetRootAs(content).Subgraphs(0)
    return bool(graph.Tensors(graph.Inputs(0)).Type() == schema.TensorType.FLOAT32)


def _from_pixels(content: bytes, network: Network) -> bytes:
    """Put a DEQUANTIZE before a file that takes scaled pixels: it is the scaling, for raw ones."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    scaled = int(graph.inputs[0])
    pixels = schema.TensorT()
    pixels.shape, pixels.type = graph.tensors[scaled].shape, schema.TensorType.UINT8
    pixels.name, graph.tensors[scaled].name = graph.tensors[scaled].name, b"scaled"
    pixels.hasRank = True
    pixels.quantization = schema.QuantizationParametersT()
    pixels.quantization.scale = [network.scale]
    pixels.quantization.zeroPoint = [round(-network.offset / network.scale)]
    operator = schema.OperatorT()
    operator.opcodeIndex = _code(model, schema.BuiltinOperator.DEQUANTIZE)
    operator.inputs, operator.outputs = [len(graph.tensors)], [scaled]
    graph.tensors.append(pixels)
    graph.operators.insert(0, operator)
    graph.inputs = [operator.inputs[0]]
    for signature in model.signatureDefs or ():
        signature.inputs[0].tensorIndex = operator.inputs[0]
    return packed(model, len(content))


def _code(model: Any, kind: int) -> int:
    """The place of an operator in the file's list of them."""
    for place, code in enumerate(model.operatorCodes):
        if max(code.builtinCode, code.deprecatedBuiltinCode) == kind:
            return place
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = kind
    # uint8 has been taken since version 1, and float32 been given.
    code.version = 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _check_input(content: bytes, network: Network) -> None:
    """The input's scale and zero point have to be those of the scaling."""
    graph = schema.Model.GetRootAs(content).Subgraphs(0)
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
