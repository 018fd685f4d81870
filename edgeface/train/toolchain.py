"""TensorFlow, made quiet and repeatable before anything uses it.

Import this module before ``tensorflow`` or ``keras``; the modules beside it do.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# oneDNN's kernels add up in an order of their own; without them a seed gives one result.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep C++ libraries from writing to stderr; if the block raises, what they said is shown.

    They write to the file descriptor, so no Python logger can hold them back.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as heard:
        os.dup2(heard.fileno(), 2)
        try:
            yield
        except Exception:
            os.dup2(kept, 2)
            heard.seek(0)
            sys.stderr.write(heard.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def seed_everything(seed: int) -> None:
    """One seed for Python, numpy and TensorFlow, and only kernels that are deterministic."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


with quiet():
    import tensorflow as _tensorflow  # noqa: F401 - its C++ half greets on first import
