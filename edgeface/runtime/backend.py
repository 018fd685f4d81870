"""The seam between edgeface and the runtimes that execute model files."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import Tensor
from edgeface.errors import BackendError, UsageError
from edgeface.runtime.devices import Device, check_device, computing
from edgeface.runtime.placement import Placement
from edgeface.runtime.reasons import refusal

Precision = Literal["f32", "bf16", "f16"]
PRECISIONS: tuple[Precision, ...] = ("f32", "bf16", "f16")


class Backend(Protocol):
    """A loaded model file, ready to answer. Not safe for use by two threads at once."""

    @property
    def name(self) -> str:
        """The runtime and its version: ``litert 2.3.0``."""

    @property
    def threads(self) -> int:
        """How many threads it computes with."""

    @property
    def device(self) -> str:
        """What computes: ``cpu`` or ``gpu``."""

    @property
    def precision(self) -> str:
        """``f32`` or ``bf16`` where a runtime lets it be chosen, else empty."""

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

    def bind(self, pixels: NDArray[Any]) -> Callable[[], object]:
        """Hand one input to the runtime, and return what lets it compute: nothing else.

        What it returns may be called as often as wanted, until the next `bind` or `infer`. The
        answer stays with the runtime; what that costs to fetch is part of `infer` alone.

        Args:
            pixels: As `infer` takes it.
        """

    def placement(self) -> Placement:
        """What really computes, and how many nodes it took. May load the file once more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file is to be run.

    Attributes:
        threads: For the computation.
        device: What is to compute: ``cpu`` or ``gpu``.
        precision: Of the computation in float; None takes the backend's default.
    """

    threads: int = 1
    device: Device = "cpu"
    precision: Precision | None = None


Open = Callable[[Path, Wanted], Backend]


def _litert(path: Path, wanted: Wanted) -> Backend:
    from edgeface.runtime.litert import LiteRT

    return LiteRT(path, wanted.threads, "litert")


def _tflite_runtime(path: Path, wanted: Wanted) -> Backend:
    from edgeface.runtime.litert import LiteRT

    return LiteRT(path, wanted.threads, "tflite-runtime")


def _onnxruntime(path: Path, wanted: Wanted) -> Backend:
    from edgeface.runtime.onnxruntime import OnnxRuntime

    return OnnxRuntime(path, wanted.threads, "CUDA" if wanted.device == "gpu" else "CPU")


def _tensorrt(path: Path, wanted: Wanted) -> Backend:
    from edgeface.runtime.onnxruntime import OnnxRuntime

    return OnnxRuntime(path, wanted.threads, "Tensorrt")


def _openvino(path: Path, wanted: Wanted) -> Backend:
    from edgeface.runtime.openvino import OpenVino

    return OpenVino(path, wanted.threads, wanted.device, wanted.precision or "f32")


# Format → the backends that run it, the default first. A new backend is one file and one line.
BACKENDS: dict[str, dict[str, Open]] = {
    "tflite": {"litert": _litert, "tflite-runtime": _tflite_runtime, "openvino": _openvino},
    "onnx": {
        "onnxruntime": _onnxruntime,
        "onnxruntime-tensorrt": _tensorrt,
        "openvino": _openvino,
    },
}
# Of each backend: the package that has to be there, and what it can compute on.
_PACKAGES = {
    "litert": "ai_edge_litert",
    "tflite-runtime": "tflite_runtime",
    "onnxruntime": "onnxruntime",
    "onnxruntime-tensorrt": "onnxruntime",
    "openvino": "openvino",
}
_ON_CPU_ONLY = ("litert", "tflite-runtime")
_ON_GPU_ONLY = ("onnxruntime-tensorrt",)


def installed(format: str, device: Device = "cpu") -> tuple[str, ...]:
    """Names of the backends that run a format and whose package is installed, the default first.

    Nothing is imported: a package may turn out not to load, or to have nothing for a device.

    Args:
        format: ``tflite`` or ``onnx``.
        device: Backends that never compute on it are left out.
    """
    never = _ON_CPU_ONLY if computing(device) == "gpu" else _ON_GPU_ONLY
    return tuple(name for name in BACKENDS[format] if name not in never and _is_there(name))


def default_backend(format: str) -> str:
    """What runs a format unless a name is given: on 32-bit boards LiteRT's predecessor."""
    first, *others = BACKENDS[format]
    if first == "litert" and "tflite-runtime" in others and not _is_there(first):
        return "tflite-runtime" if _is_there("tflite-runtime") else first
    return first


def _is_there(name: str) -> bool:
    package = _PACKAGES.get(name)
    try:
        return package is None or importlib.util.find_spec(package) is not None
    except ValueError:  # a module that was put there by hand
        return True


def open_backend(
    path: Path,
    *,
    backend: str | None = None,
    threads: int = 1,
    device: Device = "cpu",
    precision: Precision | None = None,
) -> Backend:
    """Load a model file.

    Args:
        path: A ``.tflite`` or ``.onnx`` file.
        backend: A name in `BACKENDS`; None takes the format's default. Nothing is substituted.
        threads: For the computation, at least 1.
        device: ``cpu``; ``gpu``; ``pi``: the CPU of a Raspberry Pi, which this has to be.
        precision: ``f32``, ``bf16`` or ``f16``: of what OpenVINO computes in float; None is f32.

    Raises:
        UsageError: The suffix, the backend, the device or a number is not one we know, or they do
            not go together.
        BackendMissing: The package is not installed, or has nothing for that device; the remedy
            names what to install.
        BackendError: The runtime does not take the file, or this machine has no such device.
    """
    suffix = path.suffix.lstrip(".")
    if suffix not in BACKENDS:
        msg = f"{path}: a model file ends in .tflite or .onnx"
        raise UsageError(msg)
    name = backend or default_backend(suffix)
    _check(suffix, name, threads, device, precision)
    if not path.is_file():
        msg = f"{path}: no such file"
        raise UsageError(msg)
    wanted = Wanted(threads, computing(device), precision)
    try:
        return BACKENDS[suffix][name](path, wanted)
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise BackendError(msg) from error
    except (ValueError, RuntimeError, TypeError) as error:
        raise refusal(path, name, error) from error


def _check(format: str, name: str, threads: int, device: Device, precision: str | None) -> None:
    """What can be told before anything is loaded."""
    known = BACKENDS[format]
    if name not in known:
        msg = f"backend {name!r} does not run .{format} files; known: {', '.join(known)}"
        raise UsageError(msg)
    if not 1 <= threads <= 256:
        msg = f"{threads} threads: 1 to 256 are possible"
        raise UsageError(msg)
    if precision is not None and precision not in PRECISIONS:
        msg = f"precision {precision!r} is unknown; known: {', '.join(PRECISIONS)}"
        raise UsageError(msg)
    if precision is not None and name != "openvino":
        msg = f"{name} computes as the file says: a precision can be chosen with openvino alone"
        raise UsageError(msg, remedy="leave the precision out, or add --backend openvino")
    check_device(device)
    gpu = computing(device) == "gpu"
    if gpu and name in _ON_CPU_ONLY:
        others = ", ".join(other for other in known if other not in _ON_CPU_ONLY)
        msg = f"{name} has no GPU delegate here: it computes on the CPU"
        remedy = f"leave --device out, take --backend {others}, or an .onnx file, which CUDA runs"
        raise BackendError(msg, remedy=remedy)
    if not gpu and name in _ON_GPU_ONLY:
        msg = f"{name} computes on an NVIDIA GPU and on nothing else"
        raise UsageError(msg, remedy="add --device gpu")
