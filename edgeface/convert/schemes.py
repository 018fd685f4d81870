"""A network in any format and scheme."""

from functools import cached_property

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
from tensorflow.lite.python.convert import ConverterError

from edgeface.bundlefolder import Format, Scheme
from edgeface.calibration import Method
from edgeface.convert import onnx, onnxfloat16, tflite, tfliteother
from edgeface.convert.network import Network
from edgeface.errors import ConversionError
from edgeface.images import Pixels


class Converter:
    """Makes the files of a network; what several of them begin with is made once.

    Args:
        network: What to convert.
        calibration: (n, height, width, channels) uint8: what sets the ranges, black and white among
            them.
        method: What of them sets the ranges in ONNX; TFLite has ``minmax`` alone.
    """

    def __init__(self, network: Network, calibration: Pixels, method: Method = "minmax") -> None:
        self._network, self._calibration, self._method = network, calibration, method

    @cached_property
    def float32_onnx(self) -> bytes:
        """What every ONNX file is made of."""
        return onnx.to_float32(self._network)

    def __call__(self, format: Format, scheme: Scheme) -> bytes:
        """The file.

        Raises:
            ConversionError: It does not exist in that format, or a converter refused the network.
        """
        try:
            return self._onnx(scheme) if format == "onnx" else self._tflite(scheme)
        except (ConverterError, RuntimeError, ValueError) as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            msg = f"{format} {scheme}: the converter refuses the network ({lines[-1][:200]})"
            raise ConversionError(msg, remedy=f"export without {scheme}") from error

    def _tflite(self, scheme: Scheme) -> bytes:
        match scheme:
            case "float32":
                return tflite.to_float32(self._network)
            case "float16":
                return tfliteother.to_float16(self._network)
            case "dynamic":
                return tfliteother.to_dynamic(self._network)
            case "int8":
                return tflite.to_int8(self._network, self._calibration)
            case "int16x8":
                return tfliteother.to_int16x8(self._network, self._calibration)

    def _onnx(self, scheme: Scheme) -> bytes:
        match scheme:
            case "float32":
                return self.float32_onnx
            case "float16":
                return onnxfloat16.halved(onnx.folded(self.float32_onnx))
            case "int8":
                return onnx.to_int8(self.float32_onnx, self._calibration, method=self._method)
            case "dynamic" | "int16x8":
                msg = f"ONNX has no {scheme}"
                raise ConversionError(msg, remedy="export it as TFLite")
