"""What an exported file computes on the way to its answer: its tensors, as floating-point numbers.

The two formats are read by a module each, `tflite` and `onnx`, beside this one.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import BackendError
from edgeface.images import Pixels
from edgeface.runtime import open_backend


@dataclass(frozen=True, slots=True)
class Stored:
    """One tensor that a file computes.

    Attributes:
        index: Its place in the order of computation, from 0.
        name: As the file calls it.
        operator: What computes it, in the file's own words.
        dtype: As the file holds it: ``int8``.
        values: float32, without the batch; of an integer tensor ``(q - zero point) · scale``.
        output: Whether it is an answer of the file.
    """

    index: int
    name: str
    operator: str
    dtype: str
    values: NDArray[np.float32]
    output: bool


@dataclass(frozen=True, slots=True)
class Tensors:
    """All tensors that one file computed from one picture.

    Attributes:
        tensors: In the order of computation.
        answer: Of the file as it runs on a device, with nothing kept: (classes,) float32.
        disturbed: How far the answer moved, at most, while tensors were read: a runtime that has to
            keep one may fuse and round otherwise. 0 where it did not move.
    """

    tensors: tuple[Stored, ...]
    answer: NDArray[np.float32]
    disturbed: float


def tensors_of(path: Path, crop: Pixels) -> Tensors:
    """Run a file on one picture and keep what it computes.

    Args:
        path: A ``.tflite`` or ``.onnx`` file that takes raw pixels.
        crop: (height, width, channels) uint8.

    Raises:
        BackendMissing: Its runtime is not installed.
        BackendError: It cannot be run, or takes pictures of another shape or type.
        UsageError: It is neither of the two formats.
    """
    backend = open_backend(path)
    if backend.input.shape != (1, *crop.shape) or backend.input.dtype not in ("uint8", "int8"):
        msg = (
            f"{path}: takes {backend.input.dtype} {backend.input.shape}, "
            f"the network takes {crop.dtype.name} {(1, *crop.shape)}"
        )
        raise BackendError(msg, remedy="name the bundle that was exported from this run")
    plain = backend.infer(crop).copy()
    kept, answers = _read(path, crop)
    return Tensors(kept, plain, max(float(np.abs(answer - plain).max()) for answer in answers))


def _read(path: Path, crop: Pixels) -> tuple[tuple[Stored, ...], list[NDArray[np.float32]]]:
    """The tensors, and the answer of every run that they were read in."""
    if path.suffix == ".tflite":
        from edgeface.train.explain import tflite

        return tflite.stored(path.read_bytes(), crop)
    from edgeface.train.explain import onnx

    return onnx.stored(path.read_bytes(), crop)


def dequantised(
    values: NDArray[np.generic], scale: NDArray[np.float32], zero_point: NDArray[np.generic]
) -> NDArray[np.float32]:
    """Integers as the numbers that they stand for: ``(q - zero point) · scale``.

    Args:
        values: The integers; floating-point numbers with an empty ``scale`` come back as they are.
        scale: One number, or none.
        zero_point: One number, or none.
    """
    numbers = np.asarray(values, np.float32)
    if not scale.size:
        return numbers
    return (numbers - np.float32(zero_point.item())) * np.float32(scale.item())
