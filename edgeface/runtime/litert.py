"""TFLite files on LiteRT, or on its predecessor tflite-runtime where only that can be installed."""

import contextlib
import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import Tensor
from edgeface.errors import BackendError, BackendMissing


def interpreter_class() -> tuple[str, Any]:
    """The package that is installed, and its Interpreter; LiteRT first."""
    try:
        from ai_edge_litert.interpreter import Interpreter

        return "litert " + importlib.metadata.version("ai-edge-litert"), Interpreter
    except ModuleNotFoundError:
        pass
    except ImportError as error:  # it is there, so its predecessor would be a substitute
        msg = f"ai-edge-litert is installed and does not load ({error})"
        raise BackendError(msg, remedy="pip install --force-reinstall ai-edge-litert") from error
    try:
        from tflite_runtime.interpreter import Interpreter as Older
    except ImportError as error:
        msg = "no TFLite runtime is installed"
        remedy = "pip install ai-edge-litert (64-bit), or pip install 'edgeface[tflite]' (32-bit)"
        raise BackendMissing(msg, remedy=remedy) from error
    if int(np.__version__.split(".")[0]) >= 2:
        # Its import succeeds with numpy 2 and the process dies in Interpreter().
        msg = f"tflite-runtime does not work with numpy {np.__version__}"
        raise BackendMissing(msg, remedy="pip install 'numpy<2'")
    return "tflite-runtime " + importlib.metadata.version("tflite-runtime"), Older


class LiteRT:
    """A TFLite file on LiteRT's CPU path (XNNPACK where it applies)."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.name, kind = interpreter_class()
        self.threads = threads
        # From memory: the bytes whose checksum was taken, whatever happens to the file.
        self._content = path.read_bytes()
        with without_notices():
            self._interpreter = kind(model_content=self._content, num_threads=threads)
            self._interpreter.allocate_tensors()
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        if len(inputs) != 1 or not outputs:
            msg = f"{path}: {len(inputs)} inputs and {len(outputs)} outputs; one input is supported"
            raise BackendError(msg)
        # Converters prefix and suffix the tensors; the signature keeps the names of the contract.
        signature = next(iter(self._interpreter.get_signature_list().values()), None)
        names = (signature["inputs"][0], signature["outputs"][0]) if signature else None
        self.input = _tensor(inputs[0], names[0] if names else None)
        self.output = _tensor(outputs[0], names[1] if names and len(outputs) == 1 else None)
        self.outputs = (self.output, *(_tensor(o, None) for o in outputs[1:]))
        self._in, self._out = inputs[0]["index"], outputs[0]["index"]
        self._others = tuple(o["index"] for o in outputs[1:])

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `edgeface.runtime.backend.Backend.infer`."""
        self._interpreter.set_tensor(self._in, pixels[None])
        self._interpreter.invoke()
        answer: NDArray[np.float32] = self._interpreter.get_tensor(self._out)
        for index in self._others:
            self._interpreter.get_tensor(index)
        first: NDArray[np.float32] = answer[0]
        return first


@contextlib.contextmanager
def without_notices() -> Iterator[None]:
    """Drop what LiteRT announces on stderr from C++; whatever else it says there is passed on.

    That it created a delegate is said whether or not the delegate took a single node.
    """
    with contextlib.ExitStack() as stack:
        try:
            said = stack.enter_context(tempfile.TemporaryFile())
            stderr = os.dup(2)
        except OSError:  # no stderr, or no place for the file: then it may talk
            yield
            return
        sys.stderr.flush()
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            said.seek(0)
            for line in said.read().splitlines(keepends=True):
                if not line.startswith(b"INFO: "):
                    os.write(2, line)


def _tensor(details: dict[str, Any], name: str | None) -> Tensor:
    shape = tuple(int(n) for n in details["shape"])
    return Tensor(name or str(details["name"]), np.dtype(details["dtype"]).name, shape)
