"""Augmentation: shear, zoom, shifts and flip composed into one warp, then light.

The documented transforms (ImageDataGenerator's shear_range, zoom_range, width_shift_range,
height_shift_range, horizontal_flip, fill_mode="nearest") are all affine, so a picture is resampled
once, not four times.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.images import Pixels


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Ranges; each value is drawn evenly, independently for every picture.

    Attributes:
        shear: Largest shear angle, degrees, either way.
        rotation: Largest rotation, degrees, either way.
        zoom: The scale lies in 1 - zoom to 1 + zoom, apart for height and width by a third of it.
        shift: Largest shift as a share of the side, either way, on both axes.
        flip: Whether half of the pictures are mirrored.
        light: Contrast lies in 1 - light to 1 + light; brightness moves by up to light x 128.
    """

    shear: float = 0.0
    rotation: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    flip: bool = False
    light: float = 0.0


def augment(pixels: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """Draw one variant of every picture.

    Args:
        pixels: (n, height, width, channels) uint8.
        how: The ranges.
        rng: Where the draws come from; the same state gives the same bytes.

    Returns:
        (n, height, width, channels) uint8.
    """
    return np.stack([_one(p, how, rng) for p in pixels])


def _one(pixels: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    warped = cv2.warpAffine(
        pixels,
        _matrix(height, width, how, rng),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    ).reshape(pixels.shape)
    if not how.light:
        return np.asarray(warped, np.uint8)
    contrast = 1 + rng.uniform(-how.light, how.light)
    brightness = rng.uniform(-how.light, how.light) * 128
    lit = (warped.astype(np.float32) - 128) * contrast + 128 + brightness
    return np.asarray(np.clip(np.rint(lit), 0, 255), np.uint8)


def _matrix(
    height: int, width: int, how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The (2, 3) map from a pixel of the result to its place in the source."""
    shear = np.deg2rad(rng.uniform(-how.shear, how.shear))
    turn = np.deg2rad(rng.uniform(-how.rotation, how.rotation))
    zoom = 1 + rng.uniform(-how.zoom, how.zoom)
    zooms = zoom * (1 + rng.uniform(-how.zoom, how.zoom, 2) / 3)
    shifts = rng.uniform(-how.shift, how.shift, 2) * (width, height)
    mirror = -1.0 if how.flip and rng.random() < 0.5 else 1.0
    linear = (
        np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        @ np.array([[1, -np.sin(shear)], [0, np.cos(shear)]])
        @ np.diag([mirror * zooms[0], zooms[1]])
    )
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    return np.hstack([linear, (centre - linear @ centre + shifts)[:, None]])
