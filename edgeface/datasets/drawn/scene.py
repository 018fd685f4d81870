"""Photographs of drawn people: a room, a pose, a light, and what a camera adds."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.drawn.brush import Brush, Colour, curve, darker, mix, oval, points
from edgeface.datasets.drawn.head import paint
from edgeface.datasets.drawn.person import Person
from edgeface.datasets.drawn.pose import Pose
from edgeface.images import Picture

Box = NDArray[np.float32]  # (4,) xyxy, pixels

# Blue, green, red.
WALLS: tuple[Colour, ...] = (
    (214, 222, 226),
    (196, 214, 200),
    (222, 206, 186),
    (176, 196, 226),
    (206, 192, 214),
    (150, 140, 118),
    (104, 96, 92),
    (188, 214, 236),
)
SHIRTS: tuple[Colour, ...] = (
    (160, 96, 52),
    (84, 84, 200),
    (96, 150, 92),
    (70, 170, 226),
    (196, 186, 176),
    (70, 62, 64),
    (140, 84, 132),
    (176, 168, 92),
    (230, 230, 232),
    (72, 108, 176),
)
_COARSE = 4  # rooms are out of focus: they are painted at a quarter of the size


def draw_photograph(
    person: Person, rng: np.random.Generator, size: tuple[int, int] = (320, 320)
) -> tuple[Picture, Box]:
    """A photograph of one person; everything but the person is drawn anew.

    Args:
        person: Who.
        rng: Of everything else.
        size: (height, width) in pixels, 96 at least.

    Returns:
        The picture, (height, width, 3) uint8 blue-green-red, and the box of the face, (4,) float32
        xyxy in pixels, in the convention of `edgeface.geometry.Detections`.
    """
    picture = draw_room(rng, size)
    brush = Brush(picture)
    pose = any_pose(rng, size)
    shirt = SHIRTS[int(rng.integers(len(SHIRTS)))]
    head = paint(brush, person, pose, mix(shirt, (128, 128, 128), rng.uniform(-0.1, 0.3)))
    photograph = expose(picture, any_lens(rng), pose.light, rng)
    return photograph, np.asarray(head.box(), np.float32)


def any_pose(rng: np.random.Generator, size: tuple[int, int]) -> Pose:
    """A pose as people have it before a camera; ``size`` is (height, width), the head inside."""
    rows, columns = size
    unit = min(size) * rng.uniform(0.155, 0.235)
    angle = rng.uniform(0, 2 * np.pi)
    return Pose(
        x=float(rng.uniform(1.35 * unit, columns - 1.35 * unit)),
        y=float(rng.uniform(1.6 * unit, rows - 1.55 * unit)),
        unit=float(unit),
        roll=float(np.clip(rng.normal(0, 0.07), -0.15, 0.15)),
        yaw=float(np.clip(rng.normal(0, 0.17), -0.36, 0.36)),
        pitch=float(np.clip(rng.normal(0, 0.08), -0.18, 0.18)),
        smile=float(rng.uniform(0.15, 1.0)),
        mouth=float(rng.uniform(0.4, 1.0)) if rng.random() < 0.35 else 0.0,
        lids=float(rng.uniform(0.7, 1.1)),
        gaze=float(rng.uniform(-0.7, 0.7)),
        light=(float(np.cos(angle)), float(0.7 * np.sin(angle) - 0.3)),
        contrast=float(rng.uniform(0.15, 0.9)),
    )


def draw_room(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """A background out of focus, (height, width, 3) uint8: a wall and what is before it."""
    rows, columns = -(-size[0] // _COARSE), -(-size[1] // _COARSE)
    wall = WALLS[int(rng.integers(len(WALLS)))]
    other = mix(wall, WALLS[int(rng.integers(len(WALLS)))], 0.35)
    ramp = np.linspace(0, 1, rows)[:, None, None]
    shades = np.asarray(wall) * (1 - ramp) + np.asarray(other) * ramp
    room = np.ascontiguousarray(np.broadcast_to(np.rint(shades), (rows, columns, 3)), np.uint8)
    brush = Brush(room)
    furniture = (_window, _shelf, _frames, _plant, _lights, _stripes)
    for index in rng.choice(len(furniture), int(rng.integers(1, 4)), replace=False):
        furniture[int(index)](brush, rng, wall)
    soft = cv2.GaussianBlur(room, (0, 0), float(rng.uniform(0.6, 1.2)))
    full = (columns * _COARSE, rows * _COARSE)
    large = np.asarray(cv2.resize(soft, full, interpolation=cv2.INTER_CUBIC), np.uint8)
    return large[: size[0], : size[1]].copy()


def _any_colour(rng: np.random.Generator) -> Colour:
    b, g, r = rng.uniform(50, 225, 3)
    return mix((float(b), float(g), float(r)), (140, 140, 140), 0.35)


def _block(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    return points((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _window(brush: Brush, rng: np.random.Generator, wall: Colour) -> None:
    rows, columns = brush.picture.shape[:2]
    x, y = rng.uniform(-0.1, 0.7) * columns, rng.uniform(-0.1, 0.2) * rows
    w, h = rng.uniform(0.3, 0.5) * columns, rng.uniform(0.4, 0.6) * rows
    brush.fill(_block(x - 2, y - 2, x + w + 2, y + h + 2), mix(wall, (240, 244, 246), 0.7))
    sky = mix((236, 222, 196), (250, 250, 248), rng.random())
    brush.fill(_block(x, y, x + w, y + h), sky)
    hill = curve(
        points((x, y + 0.7 * h), (x + 0.4 * w, y + 0.5 * h), (x + w, y + 0.75 * h)), closed=False
    )
    brush.fill(
        np.concatenate([hill, points((x + w, y + h), (x, y + h))]), mix((120, 176, 140), sky, 0.3)
    )
    bar = mix(wall, (240, 244, 246), 0.7)
    brush.fill(_block(x + w / 2 - 1, y, x + w / 2 + 1, y + h), bar)


def _shelf(brush: Brush, rng: np.random.Generator, wall: Colour) -> None:
    rows, columns = brush.picture.shape[:2]
    for y in np.arange(rng.uniform(0.2, 0.35), 1.0, 0.3) * rows:
        x, end = rng.uniform(0, 0.3) * columns, rng.uniform(0.6, 1.0) * columns
        brush.fill(_block(x - 3, y, end + 3, y + 2.5), darker(mix(wall, (80, 120, 170), 0.6), 0.8))
        while x < end:
            w, h = rng.uniform(2.5, 6), rng.uniform(0.11, 0.2) * rows
            brush.fill(_block(x, y - h, x + w, y), _any_colour(rng))
            x += w + (rng.uniform(3, 12) if rng.random() < 0.15 else 0.4)


def _frames(brush: Brush, rng: np.random.Generator, wall: Colour) -> None:
    rows, columns = brush.picture.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0, 0.85) * columns, rng.uniform(0, 0.5) * rows
        w, h = rng.uniform(0.14, 0.28) * columns, rng.uniform(0.14, 0.3) * rows
        brush.fill(_block(x, y, x + w, y + h), darker(wall, 0.55))
        brush.fill(
            _block(x + 1.5, y + 1.5, x + w - 1.5, y + h - 1.5), mix(wall, (245, 245, 245), 0.8)
        )
        brush.fill(_block(x + 4, y + 4, x + w - 4, y + h - 4), _any_colour(rng))


def _plant(brush: Brush, rng: np.random.Generator, wall: Colour) -> None:
    rows, columns = brush.picture.shape[:2]
    x, y = rng.choice((0.1, 0.9)) * columns + rng.uniform(-4, 4), rng.uniform(0.6, 0.85) * rows
    leaf = mix((74, 132, 84), wall, rng.uniform(0, 0.3))
    for angle in rng.uniform(-np.pi, 0, 11):
        reach = rng.uniform(8, 20)
        at = (x + reach * np.cos(angle), y + reach * np.sin(angle))
        brush.fill(
            oval(at, (reach * 0.55, 3.2), float(angle)), darker(leaf, rng.uniform(0.75, 1.2))
        )
    pot = points((x - 8, y), (x + 8, y), (x + 6, y + 16), (x - 6, y + 16))
    brush.fill(pot, mix((90, 120, 190), wall, 0.25))


def _lights(brush: Brush, rng: np.random.Generator, wall: Colour) -> None:
    rows, columns = brush.picture.shape[:2]
    for _ in range(int(rng.integers(5, 16))):
        r = rng.uniform(2, 7)
        at = (rng.uniform(0, columns), rng.uniform(0, rows))
        brush.fill(oval(at, (r, r)), mix(wall, _any_colour(rng), 0.8), float(rng.uniform(0.3, 0.8)))


def _stripes(brush: Brush, rng: np.random.Generator, wall: Colour) -> None:
    rows, columns = brush.picture.shape[:2]
    tone, step = darker(wall, rng.uniform(0.85, 0.95)), rng.uniform(6, 16)
    if rng.random() < 0.5:
        for x in np.arange(0, columns, step):
            brush.fill(_block(x, 0, x + step / 2, rows), tone, 0.8)
    else:
        y = rng.uniform(0.55, 0.8) * rows
        brush.fill(_block(0, y, columns, rows), darker(wall, 0.75))


@dataclass(frozen=True, slots=True)
class Lens:
    """What light and a camera do to a scene.

    Attributes:
        gain: Exposure; 1 leaves the picture as it is.
        slope: How much brighter the side of the light is, as a share.
        noise: Standard deviation, as a share of the brightness.
        tint: Factors for blue, green and red.
        blur: Standard deviation in pixels.
    """

    gain: float
    slope: float
    noise: float
    tint: Colour
    blur: float


def any_lens(rng: np.random.Generator) -> Lens:
    """A camera as people have it: mostly sharp, mostly well exposed."""
    blue, green, red = (float(v) for v in np.exp(rng.normal(0, 0.02, 3)))
    return Lens(
        gain=float(np.exp(np.clip(rng.normal(-0.05, 0.1), -0.3, 0.12))),
        slope=float(rng.uniform(0, 0.22)),
        noise=float(rng.uniform(0.004, 0.022)),
        tint=(blue, green, red),
        blur=float(rng.uniform(0, 1.1)),
    )


def expose(
    picture: Picture, lens: Lens, light: tuple[float, float], rng: np.random.Generator
) -> Picture:
    """A scene as a camera takes it.

    Args:
        picture: (height, width, 3) uint8; it is not changed.
        lens: The camera.
        light: Where the light comes from (see `Pose`).
        rng: Of the noise.
    """
    rows, columns = picture.shape[:2]
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None] * np.float32(light[1] * lens.slope)
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None] * np.float32(light[0] * lens.slope)
    gain = rng.standard_normal((rows, columns), np.float32) * np.float32(lens.noise)
    gain += np.float32(lens.gain) * (1 + x + y)
    if lens.blur > 0.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), lens.blur), np.uint8)
    channels = [
        cv2.multiply(channel, gain, scale=factor, dtype=cv2.CV_8U)
        for channel, factor in zip(cv2.split(picture), lens.tint, strict=True)
    ]
    return np.asarray(cv2.merge(channels), np.uint8)
