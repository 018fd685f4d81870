"""The seam between edgeface and the runtimes that execute model files."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import Tensor
from edgeface.errors import BackendError, UsageError


class Backend(Protocol):
    """A loaded model file, ready to answer. Not safe for use by two threads at once."""

    @property
    def name(self) -> str:
        """The runtime and its version: ``litert 2.3.0``."""

    @property
    def threads(self) -> int:
        """How many threads it computes with."""

    @property
    def input(self) -> Tensor:
        """uint8 (1, height, width, channels) for every file that edgeface exports."""

    @property
    def output(self) -> Tensor:
        """float32 (1, classes) for every file that edgeface exports."""

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """All outputs: ``probs`` first where one is called that, else in the file's order."""

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Answer one input.

        Args:
            pixels: (height, width, channels) uint8; the file's own dtype where that is another.

        Returns:
            (classes,) float32: a copy that the caller owns. Of a file that edgeface did not make:
            the first output without its batch, in its own dtype; others are fetched and let go.
        """

    def infer_all(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Answer one input with every output, by its name, each as `infer` gives the first.

        Args:
            pixels: As `infer` takes it.
        """


def _litert(path: Path, threads: int) -> Backend:
    from edgeface.runtime.litert import LiteRT

    return LiteRT(path, threads)


def _onnxruntime(path: Path, threads: int) -> Backend:
    from edgeface.runtime.onnxruntime import OnnxRuntime

    return OnnxRuntime(path, threads)


# Format → the backends that run it, the default first. A new backend is one file and one line.
BACKENDS: dict[str, dict[str, Callable[[Path, int], Backend]]] = {
    "tflite": {"litert": _litert},
    "onnx": {"onnxruntime": _onnxruntime},
}


def open_backend(path: Path, *, backend: str | None = None, threads: int = 1) -> Backend:
    """Load a model file.

    Args:
        path: A ``.tflite`` or ``.onnx`` file.
        backend: A name in `BACKENDS`; None takes the format's default. Nothing is substituted.
        threads: For the computation, at least 1.

    Raises:
        UsageError: The suffix, the backend or the number of threads is not one we know.
        BackendMissing: The package is not installed; the remedy names the extra.
        BackendError: The runtime does not take the file.
    """
    suffix = path.suffix.lstrip(".")
    if suffix not in BACKENDS:
        msg = f"{path}: a model file ends in .tflite or .onnx"
        raise UsageError(msg)
    known = BACKENDS[suffix]
    name = backend or next(iter(known))
    if name not in known:
        msg = f"backend {name!r} does not run .{suffix} files; known: {', '.join(known)}"
        raise UsageError(msg)
    if not 1 <= threads <= 256:
        msg = f"{threads} threads: 1 to 256 are possible"
        raise UsageError(msg)
    if not path.is_file():
        msg = f"{path}: no such file"
        raise UsageError(msg)
    try:
        return known[name](path, threads)
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise BackendError(msg) from error
    except (ValueError, RuntimeError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        msg = f"{path}: {name} does not take this file ({reason})"
        raise BackendError(msg, remedy="copy it again from where it was made") from error
