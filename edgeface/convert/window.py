"""From a face / non-face network to files for the window detector: its window becomes a scan.

Without padding and without anything dense before its unit, a network computes for a window what it
computes for the same pixels within a larger picture. So its dense unit over the flattened last map
becomes a convolution of that map's size, and the whole network answers a picture of any size with a
map: the score of every window, one stride apart (Sermanet et al. 2014, arXiv:1312.6229).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import keras
import numpy as np
from numpy.typing import NDArray

from edgeface import __version__, sealed
from edgeface.bundle import Scheme, WindowFile
from edgeface.convert import parity, tflite, windowfit
from edgeface.convert.network import Network
from edgeface.errors import ConversionError
from edgeface.images import Pixels
from edgeface.runtime.scan import Scan
from edgeface.train.prepare import Reader
from edgeface.train.run import Run
from edgeface.vision import windowfile
from edgeface.vision.hits import HIT
from edgeface.vision.window import Window
from edgeface.vision.windowfile import Facts

# Networks that a scan is made of.
NETWORKS = ("facepatch",)
SCHEMES: tuple[Literal["float32", "int8"], ...] = ("float32", "int8")  # that it comes in
# Between the sizes that are searched. Measured on 157 LFW pictures: with 1.15 to 1.4 the same faces
# are found, within two, at five mistakes; 1.25 costs two thirds of 1.15, and 1.4 of 1.25.
STEP = 1.25
_CHECKED = 64  # places of a map that are held against the network
_PASSED = (
    keras.layers.Rescaling,
    keras.layers.BatchNormalization,
    keras.layers.ReLU,
    keras.layers.Dropout,
)
_STRIDING = (keras.layers.Conv2D, keras.layers.MaxPooling2D)


def scan_of(model: keras.Model) -> tuple[keras.Model, int]:
    """The scan of a network, and its stride in pixels.

    Args:
        model: From (b, side, side, channels) raw pixels to two probabilities by one sigmoid unit,
            called ``unit``, behind ``flatten``.

    Returns:
        A model from (1, height, width, channels) raw pixels to (1, h, w, 1) scores, with
        copies of the weights of ``model``.

    Raises:
        ConversionError: A window within a picture would not be what it is alone.
    """
    unit = next((la for la in model.layers if la.name == "unit"), None)
    if unit is None or unit.units != 1:
        msg = f"{model.name} does not end in one sigmoid unit: it cannot scan"
        raise ConversionError(msg)
    raw = keras.Input((None, None, model.input_shape[-1]), batch_size=1, name="pixels")
    x, stride, last = raw, 1, None
    for layer in model.layers[1:]:
        if layer is unit and last is not None:
            return keras.Model(raw, _unit(unit, last, x), name=f"{model.name}_scan"), stride
        if isinstance(layer, keras.layers.Flatten):
            last = layer.input.shape[1:]
            continue
        if isinstance(layer, _STRIDING):
            if layer.padding != "valid" or layer.strides[0] != layer.strides[1]:
                msg = f"{model.name}: {layer.name} is padded, or strides unevenly: it cannot scan"
                raise ConversionError(msg)
            stride *= layer.strides[0]
        elif not isinstance(layer, _PASSED):
            break
        # A layer of its own: one that is called twice has no single output any more.
        own = type(layer).from_config(layer.get_config())
        x = own(x)
        own.set_weights(layer.get_weights())
    msg = f"{model.name}: {layer.name} is in the way between its pixels and its unit"
    raise ConversionError(msg)


def _unit(unit: Any, last: tuple[int, int, int], x: Any) -> Any:
    """The unit as a convolution of the last map's size: (height, width, channels)."""
    height, width, channels = last
    made = keras.layers.Conv2D(1, (height, width), activation="sigmoid", name="scan")
    answer = made(x)
    kernel, bias = unit.get_weights()
    made.set_weights([kernel.reshape(height, width, channels, 1), bias])
    return answer


def files(
    run: Run,
    schemes: Sequence[Scheme],
    folder: Path,
    network: Network,
    calibration: Pixels,
    held: tuple[Pixels, NDArray[np.intp]],
    teller: Reader,
) -> tuple[WindowFile, ...]:
    """Write the window files of a run into a folder; none where its network finds no faces.

    Args:
        run: What was trained.
        schemes: Those of the recipe; of them it comes in `SCHEMES`.
        folder: Where to.
        network: Of the run.
        calibration: What sets the ranges of int8.
        held: The pictures that were held back, and their class numbers.
        teller: Is told how it goes on, and why there are none.

    Raises:
        ConversionError: A file does not answer as the network does, or no threshold can be fitted.
    """
    if run.config.network not in NETWORKS:
        return ()
    colour = run.config.preprocess.colour
    faces, others = (windowfit.in_bgr(held[0][held[1] == k], colour) for k in (1, 0))
    with toolchain.quiet():
        model, stride = scan_of(network.model)
    channels = network.shape[2]
    scan = Network(model, network.scale, network.offset, (None, None, channels), 1)  # type: ignore[arg-type]
    facts = Facts(
        schema=windowfile.SCHEMA,
        kind="window",
        edgeface=__version__,
        network=run.config.network,
        scheme="float32",
        colour=colour,
        side=network.shape[0],
        stride=stride,
        step=STEP,
        threshold=HIT,
        face_side=1.0,
        face_x=0.5,
        face_y=0.5,
        weights_sha256=run.weights_sha256,
    )
    made = []
    for scheme in (one for one in SCHEMES if one in schemes):
        int8 = scheme == "int8"
        content = tflite.to_int8(scan, calibration) if int8 else tflite.to_float32(scan)
        path = folder / f"{run.config.network}.window.{scheme}.tflite"
        own = replace(facts, scheme=scheme)
        _check_map(path.name, content, network, own, held[0])
        file = _fitted(path, content, own, faces, others, teller)
        if file is None:
            path.unlink()
            what = f"the pictures of {run.labels[1]}"
            teller.say(
                f"no window detector: on {what} Haar and the network find too few faces in common"
            )
            return ()
        made.append(file)
    return tuple(made)


def _check_map(name: str, content: bytes, network: Network, facts: Facts, pixels: Pixels) -> None:
    """Hold places of a map against the network on the same windows, alone."""
    tiles = pixels[np.linspace(0, len(pixels) - 1, 12).round().astype(int)]
    picture = windowfit.laid_out(tiles, rows=3, columns=4)
    found = Scan(content, name, facts.channels)(picture)
    rng = np.random.default_rng(0)
    at = [(rng.integers(found.shape[0]), rng.integers(found.shape[1])) for _ in range(_CHECKED)]
    windows = [
        picture[y * facts.stride :, x * facts.stride :][: facts.side, : facts.side] for y, x in at
    ]
    scores = np.asarray([found[y, x] for y, x in at])
    answered = np.stack([1 - scores, scores], axis=1)
    parity.check(name, facts.scheme, answered, network.infer(np.stack(windows)))


def _fitted(
    path: Path, content: bytes, facts: Facts, faces: Pixels, others: Pixels, teller: Reader
) -> WindowFile | None:
    """Write the file three times: to find the place of faces, the threshold, and with both.

    None: no place can be found.
    """

    def write(facts: Facts) -> Window:
        path.write_bytes(tflite.with_metadata(content, windowfile.as_text(facts)))
        return Window(path)

    place = windowfit.face_place(write(facts), faces)
    if place is None:
        return None
    side, x, y = place
    placed = replace(facts, face_side=side, face_x=x, face_y=y)
    fit = windowfit.fit(write(placed), faces, others, teller)
    write(replace(placed, threshold=fit.threshold))
    return WindowFile(
        name=path.name,
        format="tflite",
        scheme=facts.scheme,
        sha256=sealed.sha256(path),
        size_bytes=path.stat().st_size,
        threshold=fit.threshold,
        faces=fit.faces,
        found=fit.found,
        scenes=fit.scenes,
        false=fit.false,
    )
