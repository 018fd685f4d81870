"""Where a drawn head is and what it does, and from its units to pixels.

A face is a shallow ellipsoid. Features lie on it and shift as it turns; its outline stays.
Lengths are in units of half the head's width, x to the right and y down from its middle.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeface.datasets.drawn.brush import Points, curve, points
from edgeface.datasets.drawn.person import Person


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a head is and what it does; angles in radians.

    Attributes:
        x: Middle of the head, pixels.
        y: The same.
        unit: Half the head's width, pixels.
        roll: Clockwise on the picture.
        yaw: Turned to the picture's right.
        pitch: Looking up.
        smile: -0.3 sad to 1 happy.
        mouth: 0 closed to 1 open.
        lids: 0 shut to 1 open eyes.
        gaze: -1 to 1, to the picture's right.
        light: Direction that the light comes from, x and y, about unit length.
        contrast: How much the light models the head, 0 to 1.
    """

    x: float
    y: float
    unit: float
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    smile: float = 0.3
    mouth: float = 0.0
    lids: float = 1.0
    gaze: float = 0.0
    light: tuple[float, float] = (0.3, -0.8)
    contrast: float = 0.5


@dataclass(frozen=True, slots=True)
class Head:
    """A person in a pose: from units of the head to pixels."""

    person: Person
    pose: Pose
    _turn: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        cos, sin = np.cos(self.pose.roll), np.sin(self.pose.roll)
        object.__setattr__(self, "_turn", np.asarray([[cos, sin], [-sin, cos]]) * self.pose.unit)

    def _place(self, xy: Points) -> Points:
        return np.asarray(xy @ self._turn + (self.pose.x, self.pose.y), np.float64)

    def rim(self, xy: ArrayLike, depth: float = 0.0) -> Points:
        """Pixels of points in the plane of the outline, or ``depth`` in front of it."""
        p = np.asarray(xy, np.float64)
        shift = (np.sin(self.pose.yaw) * depth, -np.sin(self.pose.pitch) * depth)
        return self._place((p + shift) * (self.person.head_width, 1.0))

    def face(self, xy: ArrayLike, lift: float = 0.0) -> Points:
        """Pixels of points on the face, or ``lift`` above it."""
        p = np.asarray(xy, np.float64)
        z = 0.85 * np.sqrt(np.maximum(0, 1 - (p[:, 0] / 1.2) ** 2 - (p[:, 1] / 1.7) ** 2)) + lift
        x = p[:, 0] * np.cos(self.pose.yaw) + z * np.sin(self.pose.yaw)
        y = p[:, 1] * np.cos(self.pose.pitch) - z * np.sin(self.pose.pitch)
        return self._place(np.stack([x * self.person.head_width, y], axis=1))

    def outline(self) -> Points:
        """The head from the crown over the jaw, in units; (n, 2)."""
        p = self.person
        jaw, chin = 0.6 + 0.2 * p.jaw, p.chin + 0.06 * self.pose.mouth
        half = points(
            (0.42, -1.27),
            (0.82, -0.92),
            (0.99, -0.35),
            (0.96, 0.25),
            (jaw + 0.08, 0.5 * chin + 0.18),
            (0.62 * jaw, 0.94 * chin),
        )
        left = (half * (-1, 1))[::-1]
        knots = np.concatenate([points((0, -1.36)), half, points((0, chin)), left])
        # The jaw follows a turn of the head, the skull does not.
        follow = np.clip(knots[:, 1] + 0.2, 0, 1.4) * 0.22
        knots[:, 0] += np.sin(self.pose.yaw) * follow
        knots[:, 1] -= np.sin(self.pose.pitch) * follow * 0.6
        return curve(knots)

    def box(self) -> tuple[float, float, float, float]:
        """The face as OpenCV's frontal Haar cascade frames it: a square, xyxy in pixels."""
        centre = self.face(points((0, 0.27)), -0.2)[0]
        half = 1.22 * self.pose.unit
        return (
            float(centre[0] - half),
            float(centre[1] - half),
            float(centre[0] + half),
            float(centre[1] + half),
        )
