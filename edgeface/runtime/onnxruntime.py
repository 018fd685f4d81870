"""ONNX files on ONNX Runtime's CPU provider."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import Tensor
from edgeface.errors import BackendError, BackendMissing
from edgeface.runtime.graph import PROBS

_DTYPES = {"tensor(uint8)": "uint8", "tensor(int8)": "int8", "tensor(float)": "float32"}


class OnnxRuntime:
    """An ONNX file on the CPU."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        try:
            import onnxruntime
        except ModuleNotFoundError as error:
            msg = "ONNX Runtime is not installed, and .onnx files run on nothing else here"
            raise BackendMissing(msg, remedy="pip install 'edgeface[onnx]'") from error
        except ImportError as error:
            msg = f"ONNX Runtime is installed and does not load ({error})"
            raise BackendError(msg, remedy="pip install --force-reinstall onnxruntime") from error
        self.name = f"onnxruntime {onnxruntime.__version__}"
        self.threads = threads
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: they come back as exceptions
        try:
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions derive from Exception directly
            msg = (
                f"{path}: onnxruntime does not take this file ({str(error).splitlines()[0][:200]})"
            )
            remedy = "copy it again from where it was made"
            raise BackendError(msg, remedy=remedy) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or not outputs:
            msg = f"{path}: {len(inputs)} inputs and {len(outputs)} outputs; one input is supported"
            raise BackendError(msg)
        self.input = _tensor(inputs[0])
        # By its name: converters put outputs in whatever order they like.
        found = sorted((_tensor(o) for o in outputs), key=lambda tensor: tensor.name != PROBS)
        self.outputs, self.output = tuple(found), found[0]
        self._in, self._out = self.input.name, [tensor.name for tensor in found]

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `edgeface.runtime.backend.Backend.infer`."""
        answer: NDArray[np.float32] = self._session.run(self._out, {self._in: pixels[None]})[0]
        first: NDArray[np.float32] = answer[0]
        return first

    def infer_all(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """See `edgeface.runtime.backend.Backend.infer_all`."""
        answers = self._session.run(self._out, {self._in: pixels[None]})
        return {name: answer[0] for name, answer in zip(self._out, answers, strict=True)}


def _tensor(node: object) -> Tensor:
    kind, shape = str(getattr(node, "type", "")), getattr(node, "shape", ())
    dims = tuple(n if isinstance(n, int) else -1 for n in shape)
    return Tensor(str(getattr(node, "name", "")), _DTYPES.get(kind, kind), dims)
