"""int8 files that are made to be measured and thrown away."""

import tempfile
from functools import cached_property
from pathlib import Path

from edgeface import evaluate
from edgeface.bundlefolder import Format
from edgeface.calibration import Method
from edgeface.convert import onnx, tflite
from edgeface.convert.network import Network
from edgeface.images import Pixels
from edgeface.runtime import open_backend


class Trials:
    """Quantises one network again and again.

    Args:
        network: The trained one.
        method: What sets the ranges in ONNX.
        pixels: (n, height, width, channels) uint8: what is answered.
    """

    def __init__(self, network: Network, method: Method, pixels: Pixels) -> None:
        self._network, self._method, self._pixels = network, method, pixels

    @cached_property
    def _folded(self) -> bytes:
        return onnx.folded(onnx.to_float32(self._network))

    def answers(self, format: Format, calibration: Pixels) -> evaluate.Probs:
        """What an int8 file answers: (n, classes).

        Args:
            format: Of the file.
            calibration: (m, height, width, channels) uint8, black and white among them.
        """
        if format == "onnx":
            content = onnx.to_int8(self._folded, calibration, method=self._method)
        else:
            content = tflite.to_int8(self._network, calibration)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"trial.{format}")
            path.write_bytes(content)
            infer = open_backend(path).infer
            return evaluate.answers(infer, self._pixels, self._network.classes)
