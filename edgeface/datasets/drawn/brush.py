"""Smooth, anti-aliased shapes on a picture: the few strokes that drawn faces are made of."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeface.images import Picture

Points = NDArray[np.float64]  # (n, 2), x and y
Colour = tuple[float, float, float]  # blue, green, red, 0 to 255
Field = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]

_SHIFT = 4  # OpenCV takes points in sixteenths of a pixel
_WARM_SHADE = np.asarray((1.2, 1.06, 0.84), np.float32)  # exponent for blue, green, red
_STEPS = 6  # points that a curve puts between two of its knots


def points(*pairs: ArrayLike) -> Points:
    """(n, 2) float64 from pairs."""
    return np.asarray(pairs, np.float64)


@cache
def _catmull_rom() -> NDArray[np.float64]:
    """(steps, 4): weights of four neighbouring knots at each step between the middle two."""
    t = np.arange(_STEPS) / _STEPS
    weights = [
        -t + 2 * t**2 - t**3,
        2 - 5 * t**2 + 3 * t**3,
        t + 4 * t**2 - 3 * t**3,
        -(t**2) + t**3,
    ]
    return np.stack(weights, axis=1) / 2


def curve(knots: ArrayLike, *, closed: bool = True) -> Points:
    """A smooth curve through (n, 2) knots (uniform Catmull-Rom), closed or from end to end."""
    k = np.asarray(knots, np.float64)
    padded = np.concatenate([k[-1:], k, k[:2]] if closed else [k[:1], k, k[-1:]])
    windows = np.stack([padded[i : len(padded) - 3 + i] for i in range(4)], axis=1)
    line = np.einsum("sw,nwd->nsd", _catmull_rom(), windows).reshape(-1, 2)
    return line if closed else np.concatenate([line, k[-1:]])


def oval(centre: ArrayLike, radii: tuple[float, float], angle: float = 0.0, n: int = 28) -> Points:
    """(n, 2) points of an ellipse; ``angle`` in radians, clockwise on the picture."""
    t = np.arange(n) * (2 * np.pi / n)
    x, y = radii[0] * np.cos(t), radii[1] * np.sin(t)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=1) + np.asarray(centre, np.float64)


def ribbon(line: Points, widths: ArrayLike) -> Points:
    """The outline of a stroke along (n, 2) points whose width goes through ``widths``, evenly."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    w = np.asarray(widths, np.float64)
    width = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(w)), w) / 2
    side = np.stack([-along[:, 1], along[:, 0]], axis=1) * width[:, None]
    return np.concatenate([line + side, (line - side)[::-1]])


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """``a`` with a share 0 to 1 of ``b``; beyond that range the colours move apart, 0 to 255."""
    mixed = np.clip(np.asarray(a) + (np.asarray(b) - np.asarray(a)) * share, 0, 255)
    return float(mixed[0]), float(mixed[1]), float(mixed[2])


def darker(colour: Colour, factor: float) -> Colour:
    """A colour times a factor, 0 to 255."""
    return mix((0, 0, 0), colour, factor)


class Brush:
    """Paints on a picture, in its pixel coordinates; whatever lies outside is left out.

    Args:
        picture: (height, width, 3) uint8; it is changed.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    def fill(self, outline: Points, colour: Colour, alpha: float = 1.0) -> None:
        """Fill an outline; ``alpha`` is how much of it covers, 0 to 1."""
        if alpha >= 1:
            cv2.fillPoly(self.picture, [_fixed(outline)], colour, cv2.LINE_AA, _SHIFT)
            return
        found = self._mask([outline])
        if found is not None:
            region, mask = found
            self._blend(region, mask, colour, alpha)

    def ring(self, outer: Points, inner: Points, colour: Colour) -> None:
        """Fill what lies between two outlines."""
        cv2.fillPoly(self.picture, [_fixed(outer), _fixed(inner)], colour, cv2.LINE_AA, _SHIFT)

    def soft(self, outline: Points, colour: Colour, alpha: float, blur: float) -> None:
        """Fill an outline whose edge fades over about ``blur`` pixels."""
        found = self._mask([outline], pad=round(2 * blur) + 1)
        if found is not None:
            region, mask = found
            size = 2 * max(1, round(blur)) + 1
            mask = np.asarray(cv2.blur(cv2.blur(mask, (size, size)), (size, size)), np.uint8)
            self._blend(region, mask, colour, alpha)

    def within(self, outline: Points) -> "tuple[Brush, Points] | None":
        """A brush on a copy of the region around an outline, and its corner (see `keep`)."""
        found = self._bounds(outline, 2)
        if found is None:
            return None
        x0, y0, x1, y1 = found
        return Brush(self.picture[y0:y1, x0:x1].copy()), points((x0, y0))

    def keep(self, part: "Brush", corner: Points, outline: Points) -> None:
        """Take over what ``part`` shows inside an outline, and nothing outside it."""
        x0, y0 = (int(v) for v in corner[0])
        rows, columns = part.picture.shape[:2]
        mask = np.zeros((rows, columns), np.uint8)
        cv2.fillPoly(mask, [_fixed(outline - corner)], 255, cv2.LINE_AA, _SHIFT)
        region = self.picture[y0 : y0 + rows, x0 : x0 + columns]
        share = mask[..., None].astype(np.float32) / 255
        region[:] = np.rint(region + (part.picture.astype(np.float32) - region) * share)

    def _blend(self, region: Picture, mask: Picture, colour: Colour, alpha: float) -> None:
        share = mask[..., None].astype(np.float32) * (alpha / 255)
        region[:] = np.rint(region + (np.asarray(colour, np.float32) - region) * share)

    def _mask(self, outlines: list[Points], pad: int = 2) -> tuple[Picture, Picture] | None:
        """The part of the picture around the outlines, and how much of each pixel they cover."""
        found = self._bounds(np.concatenate(outlines), pad)
        if found is None:
            return None
        x0, y0, x1, y1 = found
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        moved = [_fixed(o - points((x0, y0))) for o in outlines]
        cv2.fillPoly(mask, moved, 255, cv2.LINE_AA, _SHIFT)
        return self.picture[y0:y1, x0:x1], mask

    def _bounds(self, outline: Points, pad: int) -> tuple[int, int, int, int] | None:
        rows, columns = self.picture.shape[:2]
        low = np.floor(outline.min(axis=0)).astype(int) - pad
        high = np.ceil(outline.max(axis=0)).astype(int) + pad + 1
        x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
        x1, y1 = min(int(high[0]), columns), min(int(high[1]), rows)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def shade(self, outline: Points, field: Field) -> None:
        """Multiply what lies inside an outline by a field, which is asked at pixel coordinates."""
        found = self._bounds(outline, 2)
        if found is None:
            return
        x0, y0, x1, y1 = found
        # The field is smooth: every third pixel is enough, and nine times cheaper.
        rows, columns = -(-(y1 - y0) // 3), -(-(x1 - x0) // 3)
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) * 3 + 1
        # Skin in the shade is redder, not grayer.
        light = np.power(field(x + x0, y + y0)[..., None], _WARM_SHADE)
        light = cv2.resize(light, (columns * 3, rows * 3))[: y1 - y0, : x1 - x0]
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(mask, [_fixed(outline - points((x0, y0)))], 255, cv2.LINE_AA, _SHIFT)
        gain = 1 + (light - 1) * (mask.astype(np.float32) / 255)[..., None]
        region = self.picture[y0:y1, x0:x1]
        region[:] = np.clip(np.rint(region * gain), 0, 255)


def _fixed(outline: Points) -> NDArray[np.int32]:
    return np.asarray(np.rint(outline * 2**_SHIFT), np.int32)
