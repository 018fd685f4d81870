"""Weights from elsewhere for a network on a base: a file, or Keras' own download when asked for."""

import os
from pathlib import Path
from typing import Any

from edgeface.train import toolchain

# isort: split
import keras
import numpy as np

from edgeface import sealed
from edgeface.errors import EdgefaceError, InputError
from edgeface.train.networks import Design, mobilenet
from edgeface.train.request import IMAGENET, NONE

# What Keras publishes for MobileNet v1 without its top: alpha → how its file names write it.
_ALPHAS = {0.25: "2_5", 0.5: "5_0", 1.0: "1_0"}
_SIDES = (128, 160, 192, 224)
# Checksums of those files that were at hand; of others the run records what was loaded.
_SHA256 = {
    "mobilenet_2_5_224_tf_no_top.h5": (
        "dbdb03ee2a22fd895301636cd328b234bb3a9952358f436d82f46b81e0d5b0bf"
    ),
}
# Of the published files, for whoever has to decide whether to fetch one.
_MEGABYTES = {0.25: 2.1, 0.5: 4.5, 1.0: 17.2}


def begin_with(model: Any, weights: str, design: Design) -> str:
    """Give the base of a network its weights.

    Args:
        model: A network on MobileNet (see `edgeface.train.networks.mobilenet`).
        weights: ``imagenet``, ``none`` or a file.
        design: What the network was built from.

    Returns:
        For a run's configuration: ``none``, or the name of the file and its SHA-256.

    Raises:
        InputError: The file holds the weights of another network.
        EdgefaceError: Keras' download failed, or is not the file that it was.
    """
    if weights == NONE:
        return NONE
    path = _downloaded(design) if weights == IMAGENET else Path(weights)
    digest = sealed.sha256(path)
    expected = _SHA256.get(path.name)
    if weights == IMAGENET and expected is not None and digest != expected:
        msg = f"{path}: SHA-256 {digest}, and the published file has {expected}"
        raise EdgefaceError(msg, remedy="remove the file and start again")
    _load(model, path, design)
    return f"{weights if weights == IMAGENET else path.name} {digest}"


def _load(model: Any, path: Path, design: Design) -> None:
    # No smaller than what the file was made for need be built: weights know no picture's size.
    base = mobilenet.base(design.height, design.width, design.channels, design.alpha)
    try:
        toolchain.load_weights(base, path)
    except (ValueError, OSError, KeyError, TypeError, AttributeError) as error:
        msg = f"{path}: not the weights of MobileNet v1 with alpha {design.alpha:g} without its top"
        raise InputError(msg, remedy="choose the --alpha that they were made for") from error
    for layer in base.layers:
        arrays = layer.get_weights()
        if not all(np.isfinite(array).all() for array in arrays):
            msg = f"{path}: the weights of {layer.name} are not all finite numbers"
            raise InputError(msg, remedy="copy the file again from where it came")
        if arrays:
            model.get_layer(layer.name).set_weights(arrays)


def _downloaded(design: Design) -> Path:
    """Keras' file, from its cache or from where Keras publishes it."""
    from keras.src.applications.mobilenet import BASE_WEIGHT_PATH

    side = min(_SIDES, key=lambda known: abs(known - max(design.height, design.width)))
    name = f"mobilenet_{_ALPHAS[design.alpha]}_{side}_tf_no_top.h5"
    try:
        with toolchain.quiet():
            found = keras.utils.get_file(name, BASE_WEIGHT_PATH + name, cache_subdir="models")
    except Exception as error:  # whatever urllib and its callers raise without a network
        msg = (
            f"--weights imagenet: Keras could not fetch {name} "
            f"(about {_MEGABYTES[design.alpha]:g} MB, Apache-2.0)"
        )
        remedy = (
            f"connect once, or put the file into {_cache() / name} or name it with --weights FILE; "
            "--weights none trains without"
        )
        raise EdgefaceError(msg, remedy=remedy) from error
    return Path(found)


def _cache() -> Path:
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models"
