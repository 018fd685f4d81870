"""TensorFlow, made quiet and repeatable before anything uses it.

Import this module before ``tensorflow`` or ``keras``; the modules beside it do.
"""

import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# oneDNN's kernels are up to twice as fast. With deterministic operators (see `seed_everything`) a
# seed gives one result with them too, on one machine and with one number of threads.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# One operator at a time, each on all cores. Where several run at once, the order in which a sum of
# three gradients (a batch norm's) is added up depends on which buffer is free first. It costs no
# time: a network is a chain.
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")


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


def load_weights(model: Any, path: Path) -> None:
    """Give a network the weights of a file, all of them or none.

    Raises:
        ValueError, OSError, KeyError, TypeError or AttributeError: They are another network's, or
            no weights at all; Keras has not settled on one.
    """
    with quiet(), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.load_weights(path)
    # Layers that are missing in the file are left as they are, with a warning alone.
    for warning in told:
        if issubclass(warning.category, UserWarning):
            raise ValueError(str(warning.message))


def seed_everything(seed: int) -> None:
    """One seed for Python, numpy and TensorFlow, and only kernels that are deterministic."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


with quiet():
    import tensorflow as _tensorflow  # noqa: F401 - its C++ half greets on first import
