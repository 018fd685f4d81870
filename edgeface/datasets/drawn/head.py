"""A drawn head with its neck and shoulders: one person in one pose and one light."""

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.drawn import features, hair
from edgeface.datasets.drawn.brush import Brush, Colour, curve, darker, oval, points, ribbon
from edgeface.datasets.drawn.person import Person
from edgeface.datasets.drawn.pose import Head, Pose


def paint(brush: Brush, person: Person, pose: Pose, shirt: Colour) -> Head:
    """Paint a head with its neck and shoulders.

    Returns:
        The head, for its box.
    """
    head = Head(person, pose)
    hair.behind(brush, head.rim, person)
    _body(brush, head, shirt)
    _ears(brush, head)
    skin = head.rim(head.outline())
    brush.fill(skin, person.skin)
    brush.shade(skin, _Light(head))
    features.marks(brush, head)
    features.nose(brush, head)
    if person.beard != "none":
        features.beard(brush, head)
    features.mouth(brush, head)
    for side in (-1, 1):
        features.eye(brush, head, side)
        features.brow(brush, head, side)
    hair.front(brush, head.rim, head.face, person)
    if person.glasses != "none":
        features.glasses(brush, head)
    return head


class _Light:
    """How bright the skin is: the light's direction, and the hollows and heights of a face."""

    # x, y, radius in x, radius in y, brightness; those with an x are on both sides.
    RELIEF = (
        (0.42, -0.10, 0.28, 0.18, -0.36),
        (0.16, -0.06, 0.10, 0.16, -0.16),
        (0.0, -0.10, 0.85, 0.13, -0.09),
        (0.0, 0.0, 0.11, 0.32, 0.24),
        (0.2, 0.26, 0.10, 0.16, -0.10),
        (0.0, -0.60, 0.55, 0.26, 0.14),
        (0.48, 0.33, 0.27, 0.20, 0.20),
        (0.74, 0.55, 0.20, 0.35, -0.12),
        (0.0, 0.56, 0.22, 0.07, -0.14),
        (0.0, 0.98, 0.24, 0.07, -0.14),
        (0.0, 1.16, 0.20, 0.12, 0.08),
    )

    def __init__(self, head: Head) -> None:
        self._head = head

    def __call__(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
        pose, width = self._head.pose, self._head.person.head_width
        cos, sin = np.cos(pose.roll) / pose.unit, np.sin(pose.roll) / pose.unit
        dx, dy = x - pose.x, y - pose.y
        u, v = (dx * cos + dy * sin) / width, -dx * sin + dy * cos
        light = 1 + pose.contrast * 0.32 * (pose.light[0] * u + pose.light[1] * v / 1.3)
        light -= 0.16 * np.clip(u * u + (v / 1.35) ** 2, 0, 1.3) ** 2
        for px, py, rx, ry, gain in self.RELIEF:
            for side in (-1, 1) if px else (1,):
                z = 0.7
                cx = side * px * np.cos(pose.yaw) + z * np.sin(pose.yaw)
                cy = py - z * np.sin(pose.pitch)
                light += gain * np.exp(-(((u - cx) / rx) ** 2) - ((v - cy) / ry) ** 2)
        return np.asarray(light, np.float32)


def _body(brush: Brush, head: Head, shirt: Colour) -> None:
    p = head.person
    # Shoulders hang straight whatever the head does.
    level = Head(p, Pose(head.pose.x, head.pose.y, head.pose.unit))
    neck = level.rim(
        points(
            (-0.5, 0.6), (0.5, 0.6), (0.52, 1.5), (0.7, 1.72), (0, 2.1), (-0.7, 1.72), (-0.52, 1.5)
        )
    )
    half = points((0.55, 1.55), (1.25, 1.78), (1.72, 2.15), (1.95, 3.2), (2.05, 6.0), (2.1, 14.0))
    shoulders = np.concatenate([half, (half * (-1, 1))[::-1]])
    collar = curve(points((-0.62, 1.5), (0, 2.0), (0.62, 1.5)), closed=False)
    brush.fill(neck, darker(p.skin, 0.72))
    torso = np.concatenate([curve(shoulders, closed=False), collar])
    brush.fill(level.rim(torso), shirt)
    brush.fill(level.rim(ribbon(collar, (0.1, 0.14, 0.1))), darker(shirt, 0.75))
    hair.over_shoulders(brush, head.rim, p)


def _ears(brush: Brush, head: Head) -> None:
    p, yaw = head.person, np.sin(head.pose.yaw)
    for side in (-1, 1):
        hidden = max(0.0, side * yaw) * 0.35  # the far ear goes behind the head
        centre = (side * (1.0 - hidden) + 0.06 * yaw, 0.1)
        shape = oval(centre, (p.ear * 0.62, p.ear * 1.15), side * 0.16)
        brush.fill(head.rim(shape), darker(p.skin, 0.86))
        inner = oval((centre[0] + side * 0.02, centre[1]), (p.ear * 0.3, p.ear * 0.68), side * 0.16)
        brush.fill(head.rim(inner), darker(p.skin, 0.68))
