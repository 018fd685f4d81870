"""The features of a drawn face: marks, nose, mouth, eyes, brows, beard and glasses."""

import numpy as np

from edgeface.datasets.drawn.brush import (
    Brush,
    Colour,
    Points,
    curve,
    darker,
    mix,
    oval,
    points,
    ribbon,
)
from edgeface.datasets.drawn.pose import Head

_EYES = -0.05  # height of the eyes; most of a head lies above or below in equal parts


def marks(brush: Brush, head: Head) -> None:
    """Blush and freckles."""
    p, unit = head.person, head.pose.unit
    blush = mix(p.skin, (96, 84, 216), 0.6)
    for side in (-1, 1):
        brush.soft(head.face(oval((side * 0.56, 0.36), (0.2, 0.13))), blush, 0.34, 0.1 * unit)
        if p.freckles:
            for dx, dy in ((-0.12, 0.0), (0.0, 0.08), (0.11, -0.02), (-0.03, -0.09), (0.16, 0.1)):
                dot = oval((side * (0.42 + dx), 0.26 + dy), (0.026, 0.024), n=8)
                brush.fill(head.face(dot), darker(p.skin, 0.68), 0.85)


def nose(brush: Brush, head: Head) -> None:
    """Its shaded side, its tip and the nostrils."""
    p, shade = head.person, darker(head.person.skin, 0.66)
    w, y = p.nose_width, _EYES + p.nose_length
    lit = 1 if head.pose.light[0] >= 0 else -1
    flank = points(
        (-lit * 0.1, 0.02), (-lit * 0.12, y - 0.22), (-lit * w, y - 0.02), (-lit * 0.06, y)
    )
    brush.soft(head.face(curve(flank), 0.08), darker(p.skin, 0.66), 0.7, 0.04 * head.pose.unit)
    tip = oval((0.02 * lit, y - 0.1), (0.55 * w, 0.1))
    brush.soft(head.face(tip, 0.14), mix(p.skin, (255, 255, 255), 0.4), 0.6, 0.06 * head.pose.unit)
    under = curve(
        points(
            (-w, y - 0.03),
            (-0.6 * w, y + 0.045),
            (0, y + 0.07),
            (0.6 * w, y + 0.045),
            (w, y - 0.03),
        ),
        closed=False,
    )
    brush.fill(head.face(ribbon(under, (0.02, 0.06, 0.075, 0.06, 0.02)), 0.06), shade)
    for side in (-1, 1):
        hole = oval((side * 0.5 * w, y + 0.025), (0.3 * w, 0.032), side * 0.2, n=12)
        brush.fill(head.face(hole, 0.06), darker(p.skin, 0.36))


def mouth(brush: Brush, head: Head) -> None:
    """Lips, and teeth where it is open."""
    p, pose = head.person, head.pose
    y = _EYES + p.nose_length + 0.32
    w = p.mouth_width * (1 + 0.16 * max(pose.smile, 0))
    rise = 0.11 * pose.smile
    gape = 0.2 * pose.mouth
    lip = mix(darker(p.skin, 0.74), (92, 74, 190), 0.42)
    upper = points((-w, y - rise), (-0.5 * w, y - p.lips), (-0.14 * w, y - 1.15 * p.lips))
    upper = np.concatenate([upper, points((0, y - 0.85 * p.lips)), (upper * (-1, 1))[::-1]])
    low = y + gape + 0.35 * rise
    lower = points(
        (0.55 * w, low + 0.95 * p.lips), (0, low + 1.35 * p.lips), (-0.55 * w, low + 0.95 * p.lips)
    )
    brush.fill(head.face(curve(np.concatenate([upper, lower]))), lip)
    seam = curve(
        points(
            (-0.96 * w, y - rise),
            (-0.4 * w, y + 0.2 * rise),
            (0.4 * w, y + 0.2 * rise),
            (0.96 * w, y - rise),
        ),
        closed=False,
    )
    if pose.mouth > 0.15:
        floor = curve(
            points(
                (0.8 * w, y - 0.6 * rise),
                (0.4 * w, low),
                (-0.4 * w, low),
                (-0.8 * w, y - 0.6 * rise),
            ),
            closed=False,
        )
        inside = head.face(np.concatenate([seam, floor]))
        brush.fill(inside, (44, 34, 84))
        found = brush.within(inside)
        if found is not None:
            part, corner = found
            teeth = oval((0, y + 0.1 * rise), (0.86 * w, 0.45 * gape + 0.02))
            part.fill(head.face(teeth) - corner, (236, 242, 246))
            brush.keep(part, corner, inside)
    else:
        brush.fill(head.face(ribbon(seam, (0.02, 0.05, 0.05, 0.02))), darker(lip, 0.45))
    shine = oval((0, low + 0.85 * p.lips), (0.42 * w, 0.3 * p.lips))
    brush.fill(head.face(shine), mix(lip, (255, 255, 255), 0.35), 0.6)


def eye(brush: Brush, head: Head, side: int) -> None:
    """One eye; ``side`` is -1 on the left of the picture, 1 on the right."""
    p, pose = head.person, head.pose
    w, h = p.eye_width, p.eye_height * max(pose.lids, 0.08) * (1 - 0.15 * max(pose.smile, 0))
    centre = np.asarray((side * p.eye_gap, _EYES))
    tilt = -side * p.eye_tilt
    turn = np.asarray([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])

    def at(xy: Points) -> Points:
        return head.face((xy * (side, 1)) @ turn + centre)

    lid = curve(
        points((-w, 0.25 * h), (-0.5 * w, -0.78 * h), (0.1 * w, -h), (0.7 * w, -0.6 * h), (w, 0)),
        closed=False,
    )
    below = curve(
        points((w, 0), (0.55 * w, 0.66 * h), (0, 0.85 * h), (-0.55 * w, 0.7 * h), (-w, 0.25 * h)),
        closed=False,
    )
    crease = lid * (1.06, 1.0) - (0, 0.07 + 0.2 * (p.eye_height - h))
    brush.fill(at(ribbon(crease, (0.0, 0.05, 0.04, 0.0))), darker(p.skin, 0.6), 0.6)
    eye = at(np.concatenate([lid, below]))
    found = brush.within(eye)
    if found is not None and pose.lids > 0.25:
        part, corner = found
        part.fill(eye - corner, (226, 232, 236))
        look = (side * 0.34 * w * pose.gaze, -0.02)
        r = 0.115
        part.fill(at(oval(look, (r * 1.12, r * 1.12), n=20)) - corner, darker(p.iris, 0.5))
        part.fill(at(oval(look, (r, r), n=20)) - corner, p.iris)
        part.fill(at(oval(look, (0.55 * r, 0.55 * r), n=16)) - corner, (24, 20, 22))
        spark = (look[0] + 0.4 * r * side * np.sign(pose.light[0] or 1), look[1] - 0.4 * r)
        part.fill(at(oval(spark, (0.3 * r, 0.3 * r), n=10)) - corner, (252, 252, 252))
        part.fill(at(ribbon(lid, (0.05, 0.09, 0.09, 0.05))) - corner, (60, 52, 60), 0.45)
        brush.keep(part, corner, eye)
    lash = mix(darker(p.hair_colour, 0.35), (24, 22, 30), 0.7)
    brush.fill(at(ribbon(lid, (0.02, 0.05, 0.06, 0.045))), lash)
    brush.fill(at(ribbon(below, (0.025, 0.02, 0.015, 0.01))), darker(p.skin, 0.55))


def brow(brush: Brush, head: Head, side: int) -> None:
    """One brow."""
    p = head.person
    rise = p.brow_rise + 0.03 * head.pose.smile
    y, w = _EYES - rise, p.eye_width + 0.07
    tilt = p.brow_tilt
    line = points(
        (p.eye_gap - w, y + 0.6 * tilt * w + 0.03),
        (p.eye_gap - 0.3 * w, y - 0.03),
        (p.eye_gap + 0.45 * w, y - 0.4 * tilt * w - 0.035),
        (p.eye_gap + w * 1.05, y - tilt * w + 0.06),
    )
    shape = ribbon(
        curve(line * (side, 1), closed=False),
        (0.75 * p.brow_width, p.brow_width, 0.85 * p.brow_width, 0.02),
    )
    colour = darker(mix(p.hair_colour, darker(p.skin, 0.4), 0.45), 0.72)
    brush.fill(head.face(shape, 0.04), colour)


def beard(brush: Brush, head: Head) -> None:
    """Whatever grows below the nose."""
    p, y = head.person, _EYES + head.person.nose_length
    colour = mix(darker(p.hair_colour, 0.86), p.skin, 0.12)
    soft = 0.015 * head.pose.unit
    chin = p.chin + 0.06 * head.pose.mouth
    if p.beard == "full":
        half = points(
            (0.97, 0.1),
            (0.93, 0.45),
            (0.74 + 0.14 * p.jaw, 0.5 * chin + 0.22),
            (0.46 + 0.1 * p.jaw, 0.96 * chin + 0.04),
        )
        inner = points((0.2, y + 0.12), (0.46, y + 0.2), (0.66, y + 0.02), (0.86, -0.02))
        # The jaw of the outline shifts as it turns; the beard hangs on it.
        edge = np.concatenate([half, points((0, chin + 0.09)), (half * (-1, 1))[::-1]])
        follow = np.clip(edge[:, 1] + 0.2, 0, 1.4) * 0.22
        shift = np.stack(
            [np.sin(head.pose.yaw) * follow, -0.6 * np.sin(head.pose.pitch) * follow], axis=1
        )
        top = np.concatenate([(inner * (-1, 1))[::-1], inner])
        shape = np.concatenate(
            [head.rim(curve(edge + shift, closed=False)), head.face(curve(top, closed=False), 0.02)]
        )
        brush.soft(shape, colour, 0.97, soft)
    if p.beard == "goatee":
        shape_ = curve(
            points(
                (-0.2, y + 0.52),
                (0, y + 0.47),
                (0.2, y + 0.52),
                (0.2, 0.97 * chin),
                (0, chin + 0.05),
                (-0.2, 0.97 * chin),
            )
        )
        brush.soft(head.face(shape_), mix(colour, p.skin, 0.2), 0.9, soft)
    if p.beard != "full":
        line = curve(
            points(
                (-0.4, y + 0.27), (-0.2, y + 0.16), (0, y + 0.135), (0.2, y + 0.16), (0.4, y + 0.27)
            ),
            closed=False,
        )
        brush.soft(
            head.face(ribbon(line, (0.05, 0.16, 0.13, 0.16, 0.05)), 0.05), colour, 0.97, 0.5 * soft
        )
    else:
        line = curve(points((-0.36, y + 0.3), (0, y + 0.15), (0.36, y + 0.3)), closed=False)
        brush.soft(
            head.face(ribbon(line, (0.14, 0.17, 0.14)), 0.04),
            darker(colour, 0.92),
            0.97,
            0.5 * soft,
        )


def glasses(brush: Brush, head: Head) -> None:
    """Lenses, frame and arms."""
    p, thin = head.person, 0.03
    frame: Colour = (50, 48, 56) if p.glasses == "square" else (44, 66, 108)
    # Square ones are dark above and fine below: a dark line under the eyes hides a face from Haar.
    rim = mix(frame, p.skin, 0.45) if p.glasses == "square" else frame
    lens = (0.3, 0.28) if p.glasses == "round" else (0.32, 0.24)
    shape = oval if p.glasses == "round" else _rounded
    for side in (-1, 1):
        centre = (side * max(p.eye_gap, 0.41), _EYES + 0.03)
        outer, inner = shape(centre, lens), shape(centre, (lens[0] - thin, lens[1] - thin))
        brush.fill(head.face(inner, 0.16), darker(p.skin, 0.45), 0.16)
        brush.ring(head.face(outer, 0.16), head.face(inner, 0.16), rim)
        hinge = side * (abs(centre[0]) + lens[0] - 0.03)
        hidden = max(0.0, side * np.sin(head.pose.yaw)) * 0.35  # as the ears
        start = head.face(points((hinge, _EYES - 0.06), (hinge, _EYES - 0.02)), 0.14)
        end = head.rim(
            points((side * (0.98 - hidden), _EYES + 0.01), (side * (0.98 - hidden), _EYES - 0.03))
        )
        brush.fill(np.concatenate([start, end]), mix(frame, p.skin, 0.25))
        if p.glasses == "square":
            half = lens[0] * np.linspace(-1.02, 1.02, 7)
            bar = np.stack(
                [centre[0] + half, centre[1] - lens[1] * (1 - 0.1 * np.abs(half / lens[0]) ** 4)],
                axis=1,
            )
            brush.fill(head.face(ribbon(bar, (0.05, 0.085, 0.085, 0.05)), 0.16), frame)
    bridge = curve(
        points((-0.13, _EYES - 0.03), (0, _EYES - 0.08), (0.13, _EYES - 0.03)), closed=False
    )
    brush.fill(head.face(ribbon(bridge, (0.045, 0.045)), 0.18), mix(frame, p.skin, 0.2))


def _rounded(centre: tuple[float, float], half: tuple[float, float]) -> Points:
    """A box with round corners: a superellipse."""
    unit = oval((0, 0), (1, 1), n=36)
    corners = np.sign(unit) * np.sqrt(np.abs(unit)) ** 0.8
    return np.asarray(corners * half + np.asarray(centre), np.float64)
