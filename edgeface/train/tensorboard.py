"""Event files for TensorBoard: the rows of the history, one scalar a column."""

from collections.abc import Mapping
from pathlib import Path

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import tensorflow as tf

from edgeface.errors import EdgefaceError

# What tf.summary.scalar writes; that function needs TensorBoard itself to be installed.
_SCALAR = tf.compat.v1.SummaryMetadata(data_class=1)
_SCALAR.plugin_data.plugin_name = "scalars"


class Board:
    """Writes below a folder that ``tensorboard --logdir`` shows; a context manager.

    Raises:
        EdgefaceError: The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = tf.summary.create_file_writer(str(folder))
        except (OSError, tf.errors.OpError) as error:
            msg = f"--tensorboard: {folder} cannot be written"
            raise EdgefaceError(msg, remedy="name another folder") from error

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def epoch(self, row: Mapping[str, float]) -> None:
        """One row of the history."""
        with self._writer.as_default(step=int(row["epoch"])):
            for key in ("loss", "accuracy", "val_loss", "val_accuracy", "rate", "seconds"):
                tf.summary.write(key, tf.constant(row[key], tf.float32), metadata=_SCALAR)
        self._writer.flush()
