"""Augmentation: shear, zoom, shifts and flip composed into one warp a picture, then light.

The documented transforms (ImageDataGenerator's shear_range, zoom_range, width_shift_range,
height_shift_range, horizontal_flip, fill_mode="nearest") are all affine, so a picture is resampled
once, not four times. Everything but the resampling is done for all pictures of a batch at once.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.errors import UsageError
from edgeface.images import Pixels

Fill = Literal["nearest", "constant", "reflect", "wrap"]
_BORDERS = {
    "nearest": cv2.BORDER_REPLICATE,
    "constant": cv2.BORDER_CONSTANT,
    "reflect": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
}
_RESAMPLING = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Ranges; each value is drawn evenly, independently for every picture.

    Attributes:
        shear: Largest shear angle, degrees, either way.
        rotation: Largest rotation, degrees, either way.
        zoom: The scale lies in 1 - zoom to 1 + zoom.
        stretch: A further scale in 1 - stretch to 1 + stretch, drawn apart for height and width.
        shift: Largest shift as a share of the side, either way, on both axes.
        flip: Whether half of the pictures are mirrored.
        light: Contrast lies in 1 - light to 1 + light; brightness moves by up to light x 128.
        fill: What comes into view from outside: ``nearest`` (aaa|abcd|ddd), ``constant`` (black),
            ``reflect`` (cba|abcd|dcb) or ``wrap`` (bcd|abcd|abc).
        fade: Contrast about a picture's own mean falls by up to this share before ``light``: haze,
            weak lamps.
        decoys: Of two classes of which the second is a thing to be found: for every picture of a
            batch so many more are added that show none whole (see `edgeface.train.decoys`).
    """

    shear: float = 0.0
    rotation: float = 0.0
    zoom: float = 0.0
    stretch: float = 0.0
    shift: float = 0.0
    flip: bool = False
    light: float = 0.0
    fill: Fill = "nearest"
    fade: float = 0.0
    decoys: float = 0.0

    def __post_init__(self) -> None:
        for name, below in (("shear", 90), ("zoom", 1), ("stretch", 1), ("fade", 1)):
            if not 0 <= getattr(self, name) < below:
                msg = f"augmentation: {name} {getattr(self, name):g}: from 0 to less than {below}"
                raise UsageError(msg)
        for name, most in (("rotation", 180), ("shift", 1), ("light", 1), ("decoys", 4)):
            if not 0 <= getattr(self, name) <= most:
                msg = f"augmentation: {name} {getattr(self, name):g}: from 0 to {most}"
                raise UsageError(msg)
        if self.fill not in get_args(Fill):
            msg = f"augmentation: fill {self.fill!r}: one of {', '.join(get_args(Fill))}"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Draws:
    """What was drawn for n pictures, each (n,) float64.

    Attributes:
        shear: Radians.
        turn: Radians.
        zoom_x: Scale of the width: above 1 more of the source comes into view.
        zoom_y: Of the height.
        shift_x: Share of the width by which the view moves to the right.
        shift_y: Share of the height by which it moves down.
        mirror: -1 where a picture is mirrored, else 1.
        contrast: Factor.
        brightness: Grey levels.
        fade: Factor of the contrast about a picture's own mean.
    """

    shear: NDArray[np.float64]
    turn: NDArray[np.float64]
    zoom_x: NDArray[np.float64]
    zoom_y: NDArray[np.float64]
    shift_x: NDArray[np.float64]
    shift_y: NDArray[np.float64]
    mirror: NDArray[np.float64]
    contrast: NDArray[np.float64]
    brightness: NDArray[np.float64]
    fade: NDArray[np.float64]


def draw(n: int, how: Augmentation, rng: np.random.Generator) -> Draws:
    """Draw for n pictures; the same state of ``rng`` gives the same values."""
    shear, turn, zoom, own_x, own_y, right, down, contrast, brightness = rng.uniform(-1, 1, (9, n))
    zoom = 1 + how.zoom * zoom
    return Draws(
        shear=np.deg2rad(how.shear * shear),
        turn=np.deg2rad(how.rotation * turn),
        zoom_x=zoom * (1 + how.stretch * own_x),
        zoom_y=zoom * (1 + how.stretch * own_y),
        shift_x=how.shift * right,
        shift_y=how.shift * down,
        mirror=np.where(rng.random(n) < 0.5 * how.flip, -1.0, 1.0),
        contrast=1 + how.light * contrast,
        brightness=128 * how.light * brightness,
        fade=1 - how.fade * rng.random(n) if how.fade else np.ones(n),
    )


def augment(pixels: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """Draw one variant of every picture.

    Args:
        pixels: (n, height, width, channels) uint8.
        how: The ranges.
        rng: Where the draws come from; the same state gives the same bytes.

    Returns:
        (n, height, width, channels) uint8.
    """
    drawn = draw(len(pixels), how, rng)
    made = pixels
    if how.flip or any((how.shear, how.rotation, how.zoom, how.stretch, how.shift)):
        made = warp(pixels, matrices(drawn, *pixels.shape[1:3]), how.fill)
    if how.light or how.fade:
        made = lit(made, drawn)
    return made if made is not pixels else pixels.copy()


def matrices(drawn: Draws, height: int, width: int) -> NDArray[np.float64]:
    """The maps from a pixel (x, y) of the results to its place in the sources: (n, 2, 3).

    From right to left about the middle of the picture: mirror, zoom, shear, shift, rotation; this
    is the order of ImageDataGenerator.
    """
    cos, sin = np.cos(drawn.turn), np.sin(drawn.turn)
    lean_x, lean_y = -np.sin(drawn.shear), np.cos(drawn.shear)
    made = np.empty((len(cos), 2, 3))
    made[:, 0, 0], made[:, 1, 0] = cos, sin
    made[:, 0, 1] = cos * lean_x - sin * lean_y
    made[:, 1, 1] = sin * lean_x + cos * lean_y
    made[:, :, 0] *= (drawn.mirror * drawn.zoom_x)[:, None]
    made[:, :, 1] *= drawn.zoom_y[:, None]
    right, down = drawn.shift_x * width, drawn.shift_y * height
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    moved = np.stack([cos * right - sin * down, sin * right + cos * down], axis=1)
    made[:, :, 2] = middle - made[:, :, :2] @ middle + moved
    return made


def warp(pixels: Pixels, maps: NDArray[np.float64], fill: Fill = "nearest") -> Pixels:
    """Resample every picture once, bilinearly.

    Args:
        pixels: (n, height, width, channels) uint8.
        maps: (n, 2, 3), as `matrices` makes them.
        fill: See `Augmentation`.
    """
    made = np.empty(pixels.shape, np.uint8)
    size, border = (pixels.shape[2], pixels.shape[1]), _BORDERS[fill]
    for source, way, place in zip(pixels, maps, made, strict=True):
        cv2.warpAffine(source, way, size, place, _RESAMPLING, border)
    return made


def lit(pixels: Pixels, drawn: Draws) -> Pixels:
    """Contrast about its mean and about the middle grey, then brightness, by a table a picture."""
    levels = (_faded(pixels, drawn.fade) - 128) * drawn.contrast[:, None] + 128
    levels += drawn.brightness[:, None]
    tables = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    made = np.empty(pixels.shape, np.uint8)
    for source, table, place in zip(pixels, tables, made, strict=True):
        cv2.LUT(source, table, place)
    return made


def _faded(pixels: Pixels, fade: NDArray[np.float64]) -> NDArray[np.float64]:
    """What becomes of every grey level: (n or 1, 256)."""
    levels = np.arange(256.0)[None]
    if (fade == 1).all():
        return levels
    means = pixels.reshape(len(pixels), -1).mean(axis=1)[:, None]
    return np.asarray(means + (levels - means) * fade[:, None])
