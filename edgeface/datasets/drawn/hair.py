"""Hair of drawn people: what falls behind the head, over the shoulders, and around the face."""

from collections.abc import Callable

import numpy as np

from edgeface.datasets.drawn.brush import Brush, Points, curve, darker, mix, oval, points, ribbon
from edgeface.datasets.drawn.person import Person

Rim = Callable[
    ..., Points
]  # from units of the head to pixels (see `edgeface.datasets.drawn.head.Head`)


def _mirrored(half: Points) -> Points:
    """A half from its top outwards, with its mirror image: left to right over the top."""
    other = half[1:] if half[0, 0] == 0 else half
    return np.concatenate([(other * (-1, 1))[::-1], half])


# The outer edge of the hair: from the top of the head down its right side.
_CAP = points((0.0, -1.52), (0.52, -1.4), (0.92, -1.03), (1.08, -0.45))


def behind(brush: Brush, rim: Rim, person: Person) -> None:
    """What is painted before the head."""
    shade = darker(person.hair_colour, 0.78)
    style = person.hair
    if style == "long":
        half = points(
            (0.0, -1.5),
            (0.62, -1.4),
            (1.1, -0.95),
            (1.28, 0.0),
            (1.32, 1.1),
            (1.2, 2.0),
            (0.7, 2.2),
        )
        brush.fill(rim(curve(_mirrored(half))), shade)
    elif style == "bob":
        half = points(
            (0.0, -1.54), (0.62, -1.42), (1.12, -0.95), (1.3, 0.1), (1.28, 0.85), (0.95, 1.12)
        )
        brush.fill(rim(curve(_mirrored(half))), shade)
    elif style == "curly":
        brush.fill(rim(oval((0, -0.4), (1.12, 1.0))), darker(shade, 0.9))
        for i in range(15):
            angle = np.pi * (i / 14) * 1.24 - np.pi * 1.12
            at = (1.14 * np.cos(angle), -0.5 + 1.05 * np.sin(angle))
            brush.fill(rim(oval(at, (0.38, 0.38))), shade if i % 2 else darker(shade, 0.9))
    elif style == "bun":
        brush.fill(rim(oval((0, -1.72), (0.44, 0.4))), person.hair_colour)
        swirl = curve(
            points((-0.2, -1.75), (0.05, -1.95), (0.25, -1.7), (0.0, -1.58)), closed=False
        )
        brush.fill(rim(ribbon(swirl, (0.02, 0.06, 0.02))), shade)
    elif style == "pigtails":
        for side in (-1, 1):
            tail = points(
                (0.95, -0.35), (1.5, -0.5), (1.72, 0.2), (1.5, 1.05), (1.25, 0.7), (1.12, 0.1)
            )
            brush.fill(rim(curve(tail * (side, 1))), shade)


def over_shoulders(brush: Brush, rim: Rim, person: Person) -> None:
    """Locks in front of the shoulders, behind the face."""
    if person.hair != "long":
        return
    for side in (-1, 1):
        lock = points(
            (1.0, 0.0), (1.3, 0.3), (1.34, 1.2), (1.22, 2.1), (0.96, 2.25), (0.82, 1.5), (0.9, 0.8)
        )
        brush.fill(rim(curve(lock * (side, 1))), darker(person.hair_colour, 0.88))


def front(brush: Brush, rim: Rim, face: Rim, person: Person) -> None:
    """What is painted over the head: from the outer edge down to the hairline."""
    if person.hair == "bald":
        shine = oval((0.28 * person.parting, -1.02), (0.3, 0.14), 0.3 * person.parting)
        brush.soft(rim(shine, 0.3), mix(person.skin, (255, 255, 255), 0.5), 0.5, 4)
        return
    outer, hairline = _shape(person)
    cap = np.concatenate([rim(curve(outer, closed=False)), face(curve(hairline, closed=False))])
    # A narrow shadow on the forehead lifts the hair off it.
    fall = face(curve(hairline + points((0, 0.05)), closed=False))
    brush.fill(
        np.concatenate([rim(curve(outer, closed=False)), fall]), darker(person.skin, 0.62), 0.5
    )
    brush.fill(cap, person.hair_colour)
    _strands(brush, rim, person)
    if person.hair == "curly":
        for i in range(9):
            angle = np.pi * (i / 8) * 0.86 - np.pi * 0.93
            at = (0.94 * np.cos(angle), -0.5 + 0.8 * np.sin(angle))
            tone = person.hair_colour if i % 2 else darker(person.hair_colour, 0.88)
            brush.fill(rim(oval(at, (0.27, 0.25)), 0.2), tone)


def _shape(person: Person) -> tuple[Points, Points]:
    """The outer edge, left to right over the top, and the hairline back from right to left."""
    s = person.parting
    outer = _mirrored(_CAP)
    side = points((1.02, -0.1), (0.93, -0.12), (0.86, -0.5))
    match person.hair:
        case "crop":
            outer = outer * (0.97, 0.95)
            top = points((0.8, -0.72), (0.42, -0.86), (0.0, -0.84))
        case "parted":
            low = points(
                (0.92, -0.42),
                (0.62, -0.62),
                (0.1, -0.8),
                (-0.42, -1.05),
                (-0.7, -0.84),
                (-0.88, -0.5),
            )
            return _sided(outer, low, s)
        case "fringe":
            top = points((0.84, -0.58), (0.45, -0.64), (0.0, -0.63))
        case "bob":
            side = points((1.2, 0.75), (0.98, 0.8), (0.9, 0.1), (0.9, -0.4))
            top = points((0.72, -0.6), (0.35, -0.65), (0.0, -0.64))
        case "long":
            side = points((1.24, 0.9), (1.06, 1.02), (0.98, 0.5), (0.93, 0.0), (0.86, -0.4))
            top = points((0.62, -0.74), (0.28, -0.98), (0.0, -1.12))
        case "quiff":
            tall = points(
                (-1.05, -0.4),
                (-0.98, -0.95),
                (-0.72, -1.38),
                (-0.25, -1.6),
                (0.25, -1.73),
                (0.64, -1.7),
                (0.9, -1.4),
                (1.0, -0.95),
                (1.05, -0.4),
            )
            low = points(
                (0.9, -0.42),
                (0.8, -0.74),
                (0.4, -0.98),
                (-0.1, -0.92),
                (-0.6, -0.84),
                (-0.9, -0.42),
            )
            return _sided(tall, low, s)
        case "bun" | "pigtails":
            outer = outer * (0.98, 0.97)
            top = points((0.74, -0.7), (0.36, -0.94), (0.0, -1.0))
        case _:
            top = points((0.78, -0.62), (0.4, -0.78), (0.0, -0.8))
    right = np.concatenate([side, top])
    left = (right[:-1] * (-1, 1))[::-1]
    return outer, np.concatenate([right, left])


def _sided(outer: Points, low: Points, side: int) -> tuple[Points, Points]:
    if side > 0:
        return outer, low
    return (outer * (-1, 1))[::-1], (low * (-1, 1))[::-1]


def _strands(brush: Brush, rim: Rim, person: Person) -> None:
    light = mix(person.hair_colour, (255, 255, 255), 0.22)
    dark = darker(person.hair_colour, 0.8)
    s = person.parting
    top = 0.18 if person.hair == "quiff" else 0.0
    shine = curve(
        points((-0.62 * s, -1.08 - top), (-0.3 * s, -1.27 - top), (0.1 * s, -1.33 - top)),
        closed=False,
    )
    brush.fill(rim(ribbon(shine, (0.0, 0.1, 0.0)), 0.2), light, 0.7)
    for x in (-0.6, -0.2, 0.25, 0.65):
        line = curve(points((0.3 * x, -1.42), (0.8 * x, -1.2), (x, -0.98)), closed=False)
        brush.fill(rim(ribbon(line, (0.0, 0.035, 0.0)), 0.25), dark, 0.5)
