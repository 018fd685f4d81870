"""TFLite files on LiteRT, or on its predecessor tflite-runtime where only that can be installed."""

import contextlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import Tensor
from edgeface.errors import BackendError, BackendMissing
from edgeface.runtime.delegates import placement
from edgeface.runtime.graph import PROBS
from edgeface.runtime.placement import Placement
from edgeface.runtime.tflitefile import check_whole, read_graph

Runtime = Literal["litert", "tflite-runtime"]
_BITS_64 = "pip install ai-edge-litert (64-bit)"
_BITS_32 = "pip install 'edgeface[tflite]' (32-bit, Python 3.11, without ai-edge-litert)"


def interpreter_class(runtime: Runtime | None = None) -> tuple[str, Any]:
    """A runtime's name with its version, and its Interpreter.

    Args:
        runtime: Which one; None takes what is installed, LiteRT first.

    Raises:
        BackendMissing: It is not installed, or cannot be used with the numpy that is.
        BackendError: It is installed and does not load.
    """
    if runtime == "tflite-runtime":
        return _tflite_runtime("tflite-runtime is not installed", _BITS_32)
    try:
        from ai_edge_litert.interpreter import Interpreter

        return f"litert {_version('ai_edge_litert')}", Interpreter
    except ModuleNotFoundError as error:
        if runtime == "litert" and _has_tflite_runtime():
            msg = "litert is not installed; tflite-runtime is, and runs where it is asked for"
            raise BackendMissing(msg, remedy=_BITS_64) from error
    except ImportError as error:  # it is there, so its predecessor would be a substitute
        msg = f"ai-edge-litert is installed and does not load ({error})"
        raise BackendError(msg, remedy="pip install --force-reinstall ai-edge-litert") from error
    return _tflite_runtime("no TFLite runtime is installed", f"{_BITS_64}, or {_BITS_32}")


def _tflite_runtime(missing: str, remedy: str) -> tuple[str, Any]:
    try:
        from tflite_runtime.interpreter import Interpreter
    except ModuleNotFoundError as error:
        raise BackendMissing(missing, remedy=remedy) from error
    except ImportError as error:
        msg = f"tflite-runtime is installed and does not load ({error})"
        again = "pip install --force-reinstall tflite-runtime 'numpy<2'"
        raise BackendError(msg, remedy=again) from error
    if int(np.__version__.split(".")[0]) >= 2:
        # Its import succeeds with numpy 2 and the process dies in Interpreter().
        msg = f"tflite-runtime does not work with numpy {np.__version__}"
        raise BackendMissing(msg, remedy="pip install 'numpy<2'")
    return f"tflite-runtime {_version('tflite_runtime')}", Interpreter


def _version(package: str) -> str:
    """What a loaded package calls its version, or else its installer does.

    The installer is asked last: `importlib.metadata` reads the headers of mails too, and to import
    all of that takes longer than to load the runtime.
    """
    told = getattr(sys.modules[package], "__version__", None)
    if told is None:
        from importlib import metadata

        told = metadata.version(package)
    return str(told)


def _has_tflite_runtime() -> bool:
    return importlib.util.find_spec("tflite_runtime") is not None


class LiteRT:
    """A TFLite file on the CPU path of LiteRT or of tflite-runtime (XNNPACK where it applies).

    Args:
        path: The file.
        threads: For the computation.
        runtime: Which of the two; None takes what is installed, LiteRT first.
    """

    device, precision = "cpu", ""

    def __init__(self, path: Path, threads: int = 1, runtime: Runtime | None = None) -> None:
        self.name, kind = interpreter_class(runtime)
        self.threads = threads
        # From memory: the bytes whose checksum was taken, whatever happens to the file.
        self._content = path.read_bytes()
        if self.name.startswith("tflite-runtime "):
            # It takes a file's own word for where its parts lie, and dies of a file that was cut.
            check_whole(self._content, str(path))
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
        self.input = _tensor(inputs[0], signature["inputs"][0] if signature else None)
        if len(outputs) == 1:
            names = [signature["outputs"][0] if signature else None]
        else:  # the list of the signature is in another order than the outputs
            names = [p.name for p in read_graph(self._content, str(path)).outputs]
        found = [(_tensor(o, n), o["index"]) for o, n in zip(outputs, names, strict=True)]
        # By its name: converters put outputs in whatever order they like.
        found.sort(key=lambda pair: pair[0].name != PROBS)
        self.outputs = tuple(tensor for tensor, _ in found)
        self.output = self.outputs[0]
        self._in, self._indices = inputs[0]["index"], tuple(index for _, index in found)

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `edgeface.runtime.backend.Backend.infer`."""
        return self._answers(pixels)[0]

    def infer_all(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """See `edgeface.runtime.backend.Backend.infer_all`."""
        answers = self._answers(pixels)
        return {t.name: answer for t, answer in zip(self.outputs, answers, strict=True)}

    def bind(self, pixels: NDArray[Any]) -> Callable[[], object]:
        """See `edgeface.runtime.backend.Backend.bind`."""
        given = _as_int8(pixels) if self._raw(pixels) else pixels
        self._interpreter.set_tensor(self._in, given[None])
        invoke: Callable[[], object] = self._interpreter.invoke
        return invoke

    def placement(self) -> Placement:
        """See `edgeface.runtime.backend.Backend.placement`."""
        return placement(self._interpreter)

    def _raw(self, pixels: NDArray[Any]) -> bool:
        """Whoever has pixels and meets an int8 file gets what any other file of it would give.

        Who has int8 already gets what is stored.
        """
        return self.input.dtype == "int8" and pixels.dtype == np.uint8

    def _answers(self, pixels: NDArray[Any]) -> list[NDArray[np.float32]]:
        interpreter, raw = self._interpreter, self._raw(pixels)
        interpreter.set_tensor(self._in, (_as_int8(pixels) if raw else pixels)[None])
        interpreter.invoke()
        found = [interpreter.get_tensor(index)[0] for index in self._indices]
        return [_real(a, t) for a, t in zip(found, self.outputs, strict=True)] if raw else found


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


def _as_int8(pixels: NDArray[np.uint8]) -> NDArray[np.int8]:
    return (pixels ^ np.uint8(128)).view(np.int8)


def _tensor(details: dict[str, Any], name: str | None) -> Tensor:
    shape = tuple(int(n) for n in details["shape"])
    dtype = np.dtype(details["dtype"]).name
    scale, zero = details["quantization"] if dtype == "int8" else (0.0, 0)
    return Tensor(name or str(details["name"]), dtype, shape, float(scale), int(zero))


def _real(stored: NDArray[Any], tensor: Tensor) -> NDArray[np.float32]:
    """What the integers of an output stand for."""
    if tensor.dtype != "int8" or not tensor.scale:
        return stored
    value = stored.astype(np.float32) - np.float32(tensor.zero_point)
    real: NDArray[np.float32] = np.multiply(value, np.float32(tensor.scale), dtype=np.float32)
    return real
