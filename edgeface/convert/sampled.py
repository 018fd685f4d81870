"""A TFLite converter that measures ranges on calibration pictures, as all integer schemes do."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import tensorflow as tf

from edgeface.convert.network import INPUT, Network
from edgeface.images import Pixels

Samples = Callable[[], Iterator[dict[str, Any]]]


@contextlib.contextmanager
def sampled(network: Network, calibration: Pixels) -> Iterator[tuple[Any, Samples]]:
    """A converter of a network without its scaling, and what feeds it; it works within a ``with``.

    Args:
        network: What to convert.
        calibration: (n, height, width, channels) uint8, black and white among them, so that the
            input's range is exactly that of raw pixels.
    """

    def samples() -> Iterator[dict[str, Any]]:
        for pixels in calibration:
            yield {INPUT: network.scaled(pixels[None])}

    with tempfile.TemporaryDirectory() as folder:
        saved = network.saved(Path(folder), scaled_input=True)
        with toolchain.quiet():
            yield tf.lite.TFLiteConverter.from_saved_model(str(saved)), samples


def to_integers(converter: Any, samples: Samples) -> Any:
    """The converter, told to quantise to int8 and to leave nothing in float by itself."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter
