"""Where a network is trained: one device, or all GPUs of this machine; in float32 or mixed."""

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import keras
import tensorflow as tf

from edgeface.errors import UsageError

Strategy = Literal["one", "mirrored"]
STRATEGIES: tuple[Strategy, ...] = ("one", "mirrored")
# In float16 a probability below 6e-8 is none, and a sum of squares overflows at 65,504.
_IN_FLOAT32 = ("scaling", "unit", "complement", "probs")


@contextlib.contextmanager
def devices(strategy: Strategy, *, mixed: bool = False) -> Iterator[int]:
    """Build and train within it.

    Args:
        strategy: ``one``: TensorFlow's own choice, the first GPU where there is one; ``mirrored``:
            a copy of the network on every GPU, or on every logical CPU where there is no GPU (see
            `tf.distribute.MirroredStrategy`).
        mixed: Compute in float16 and keep weights in float32 (Micikevicius et al. 2018,
            arXiv:1710.03740); for GPUs with tensor cores.

    Yields:
        Number of devices.

    Raises:
        UsageError: As `check`.
    """
    check(strategy, mixed=mixed)
    policy = keras.config.dtype_policy()
    if mixed:
        keras.config.set_dtype_policy("mixed_float16")
    try:
        if strategy == "one":
            yield 1
            return
        gpus = tf.config.list_logical_devices("GPU")
        names = [d.name for d in gpus or tf.config.list_logical_devices("CPU")]
        with toolchain.quiet():
            mirrored = tf.distribute.MirroredStrategy(
                names,
                # Without NVIDIA's library only the plain copy to one device and back is there.
                cross_device_ops=None if gpus else tf.distribute.ReductionToOneDevice(),
            )
        with mirrored.scope():
            yield len(names)
    finally:
        keras.config.set_dtype_policy(policy)


def check(strategy: Strategy, *, mixed: bool) -> None:
    """Say before pictures are read that this machine has not what is asked of it.

    Raises:
        UsageError: There is no second device, or no GPU for mixed precision.
    """
    gpus = tf.config.list_logical_devices("GPU")
    if mixed and not gpus:
        msg = "--mixed-precision: TensorFlow sees no GPU here, and on a CPU float16 is slower"
        raise UsageError(msg, remedy="leave it out, or pip install 'edgeface[gpu]' beside a GPU")
    seen = gpus or tf.config.list_logical_devices("CPU")
    if strategy == "mirrored" and len(seen) < 2:
        kind = "GPU" if gpus else "CPU device and no GPU"
        msg = f"--strategy mirrored: TensorFlow sees one {kind}, there is nothing to mirror"
        raise UsageError(msg, remedy="leave it out on this machine")


def keep_ends_in_float32(model: Any) -> None:
    """In a network that was built in mixed precision: let its scaling and its answer be float32."""
    for layer in model.layers:
        if layer.name in _IN_FLOAT32:
            layer.dtype_policy = keras.DTypePolicy("float32")
