"""What a model file is fed that comes without pictures of its own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import BackendError
from edgeface.runtime import Backend

_RANDOM = 8


def random_inputs(backend: Backend, seed: int) -> NDArray[Any]:
    """Inputs for a file that comes without pictures of its own.

    Args:
        backend: The loaded file.
        seed: Of the draw.

    Returns:
        (8, *shape of one input) in the file's dtype: integers over their whole range, floats evenly
        from -1 to 1.

    Raises:
        BackendError: The input has a dimension that only its user knows, or another dtype.
    """
    tensor, rng = backend.input, np.random.default_rng(seed)
    shape = (_RANDOM, *tensor.shape[1:])
    if not tensor.shape or tensor.shape[0] not in (1, -1) or min(shape) < 1:
        msg = f"input {tensor.name} has the shape {tensor.shape}; random input needs a fixed one"
        raise BackendError(msg, remedy="export the model with a fixed input shape and batch 1")
    if tensor.dtype in ("uint8", "int8"):
        whole = np.iinfo(tensor.dtype)
        return rng.integers(whole.min, whole.max, shape, tensor.dtype, endpoint=True)
    if tensor.dtype == "float32":
        return rng.uniform(-1, 1, shape).astype(np.float32)
    msg = f"input {tensor.name} is {tensor.dtype}: uint8, int8 and float32 are supported"
    raise BackendError(msg)
