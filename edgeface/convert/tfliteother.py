"""Keras → TFLite in the schemes beside float32 and int8: float16, dynamic, int16x8.

float16 and dynamic make the weights smaller and compute in float (dynamic: products of int8, with a
scale for every input that is found as it comes). int16x8 computes with int16 between int8 weights:
its steps are 256 times finer than those of int8, and no fast kernels know it (decision 14).
"""

import tempfile
from pathlib import Path
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import numpy as np
import tensorflow as tf

from edgeface.convert.network import Network
from edgeface.convert.sampled import Samples, sampled
from edgeface.convert.tfliteedit import Edited
from edgeface.images import Pixels


def to_float16(network: Network) -> bytes:
    """The network with its scaling inside and its weights in half precision."""
    with tempfile.TemporaryDirectory() as folder:
        saved = network.saved(Path(folder), scaled_input=False)
        with toolchain.quiet():
            return halved(tf.lite.TFLiteConverter.from_saved_model(str(saved)))


def to_dynamic(network: Network) -> bytes:
    """The network with its scaling inside and its larger weights in int8; no calibration."""
    with tempfile.TemporaryDirectory() as folder:
        saved = network.saved(Path(folder), scaled_input=False)
        with toolchain.quiet():
            converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            return bytes(converter.convert())


def to_int16x8(network: Network, calibration: Pixels) -> bytes:
    """The network in int16 with int8 weights; scaling and softmax or sigmoid stay in float.

    Args:
        network: What to convert.
        calibration: (n, height, width, channels) uint8, black and white among them.

    Raises:
        ConversionError: It does not end in a softmax or a sigmoid.
        RuntimeError: It holds an operator that int16x8 does not have.
    """
    with sampled(network, calibration) as (converter, samples):
        edited = Edited(in_int16(converter, samples))
    edited.head_to_float()
    if network.offset:
        edited.before("ADD", np.asarray([network.offset], np.float32))
    edited.before("MUL", np.asarray([network.scale], np.float32))
    edited.from_uint8()
    return edited.packed()


def halved(converter: Any) -> bytes:
    """What a TFLiteConverter makes in half precision."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def in_int16(converter: Any, samples: Samples) -> bytes:
    """What a TFLiteConverter makes in int16x8, float32 in and out.

    Args:
        converter: Of the network.
        samples: Gives the inputs that set the ranges.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    return bytes(converter.convert())
