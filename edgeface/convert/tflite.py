"""Keras → TFLite: float32, and int8 whose input needs no scaling at all."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import numpy as np
import tensorflow as tf

from edgeface.convert.network import Network
from edgeface.convert.tfliteint8 import Calibrated
from edgeface.convert.tflitepack import packed
from edgeface.images import Pixels

METADATA = "edgeface"


def to_float32(network: Network) -> bytes:
    """The network with its scaling inside, uint8 in and float32 out."""
    with tempfile.TemporaryDirectory() as folder:
        saved = network.saved(Path(folder), scaled_input=False)
        with toolchain.quiet():
            converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
            return bytes(converter.convert())


def to_int8(network: Network, calibration: Pixels, *, in_float_nodes: Sequence[str] = ()) -> bytes:
    """The network in int8, uint8 in and float32 out.

    The scaling becomes the scale and the zero point of the input tensor: the bytes of a picture are
    its quantised values already, and no operator is spent on it.

    The softmax or sigmoid stays in float. In int8 its output has 256 steps, the highest of them
    0.996, and a network that is sure of everything answers that to strangers too: no threshold
    tells them apart.

    Args:
        network: What to convert.
        calibration: (n, height, width, channels) uint8. Black and white are among them, so that the
            input's range is exactly that of raw pixels.
        in_float_nodes: Output tensors, as `tfliteint8.operators` names those of the int8 file, of
            operators that are left in float beside the softmax or sigmoid.

    Raises:
        ConversionError: The converter gave the input another scale or zero point.
    """
    return Calibrated(network, calibration).int8(in_float_nodes)


def with_metadata(content: bytes, text: str) -> bytes:
    """The file with a metadata entry called ``edgeface``, as the TFLite schema provides for it."""
    schema = _schema()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(text.encode(), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    return packed(model, len(content) + len(text))


def _schema() -> Any:
    from tensorflow.lite.python import schema_py_generated

    return schema_py_generated
