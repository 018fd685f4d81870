"""Clips composed of photographs: cut-out faces walk over real backgrounds, and who they are.

A person comes in from a side, stands, and leaves; pairs cross, the nearer one before the other.
Every 0.4 to 0.8 seconds the face is another photograph of the same person, and all of them turn,
grow, shrink, get brighter and darker a little, and blur when they walk. It is harder than a person
before a camera, whose pictures resemble each other, and easier, for nobody ever looks away from the
camera of a press photographer by much. Nothing of it is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edgeface.datasets.drawn.truth import SCHEMA, Truth
from edgeface.images import Picture
from edgeface.vision.detect import Detector, find_one_face

HEIGHT, WIDTH = 480, 640
COVERED = 0.1  # share of a face that a nearer one may hide before it counts as hidden


@dataclass(frozen=True, slots=True)
class Cutout:
    """A photograph of a face, and where in it the face is."""

    picture: Picture
    x: float
    y: float
    side: float


def cut_out(picture: Picture, detector: Detector) -> Cutout | None:
    """The one face of a photograph; None where there is none, or several."""
    box, _ = find_one_face(detector.detect(picture), picture.shape)
    if box is None:
        return None
    x0, y0, x1, y1 = (float(v) for v in box)
    return Cutout(picture, (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0)


@dataclass(frozen=True, slots=True)
class Actor:
    """One person's way through a clip; times in seconds, places in pixels."""

    name: str
    known: bool
    cutouts: tuple[Cutout, ...]
    start: float
    end: float
    direction: int
    stop: float
    side: float
    y: float
    phase: float
    each_s: float

    def place(self, time: float) -> tuple[float, float, float, float] | None:
        """Centre, side of the face and speed as a share; None where they are not there."""
        if not self.start <= time <= self.end:
            return None
        share = 3 * (time - self.start) / (self.end - self.start)
        enter, leave = (-self.side, WIDTH + self.side)[:: self.direction]
        come, go = _ease(share), _ease(share - 2)
        x = enter + (self.stop - enter) * come + (leave - self.stop) * go
        sway = 2 * np.pi * time
        speed = 4 * (come * (1 - come) + go * (1 - go))
        bob = 0.06 * self.side * speed * np.sin(1.8 * sway + self.phase)
        grown = 1 + 0.05 * np.sin(0.23 * sway + self.phase)
        x += 0.04 * self.side * np.sin(0.4 * sway + self.phase)
        return float(x), float(self.y + bob), float(self.side * grown), float(speed)

    def cutout(self, time: float) -> Cutout:
        """The photograph of a moment."""
        return self.cutouts[int((time - self.start) / self.each_s) % len(self.cutouts)]


def _ease(share: float) -> float:
    s = min(max(share, 0.0), 1.0)
    return s * s * (3 - 2 * s)


class ComposedClip:
    """A clip that is composed frame by frame.

    Args:
        people: Name, whether enrolled, and photographs; pairs of neighbours cross.
        background: A photograph without faces, (height, width, 3) uint8.
        seconds: Its length.
        fps: Frames a second.
        seed: Of all that is drawn.
    """

    def __init__(
        self,
        people: Sequence[tuple[str, bool, Sequence[Cutout]]],
        background: Picture,
        *,
        seconds: float,
        fps: float,
        seed: int,
    ) -> None:
        rng = np.random.default_rng([seed, 0xC0])
        self.fps, self.frames, self._seed = fps, round(seconds * fps), seed
        self.actors = _cast(people, seconds, rng)
        scale = max(1.15 * HEIGHT / background.shape[0], 1.15 * WIDTH / background.shape[1])
        size = (round(background.shape[1] * scale), round(background.shape[0] * scale))
        self._room = cv2.GaussianBlur(cv2.resize(background, size), (0, 0), 1.0)
        self.light = LightChange.any(seconds, rng)
        self._noise = float(rng.uniform(1.5, 4.5))
        self._pan = float(rng.uniform(0, 2 * np.pi))

    def frame(self, number: int) -> tuple[Picture, list[Truth]]:
        """One frame, (480, 640, 3) uint8 blue-green-red, and the truth about it."""
        time = number / self.fps
        canvas = self._background(time)
        there = [(a, p) for a in self.actors if (p := a.place(time)) is not None]
        for actor, place in there:
            _paste(canvas, actor, place, time)
        rng = np.random.default_rng([self._seed, number, 0xC0])
        noise = rng.standard_normal((HEIGHT, WIDTH, 1), np.float32) * np.float32(self._noise)
        lit = canvas * np.float32(self.light.gain(time)) + noise
        picture = np.clip(lit, 0, 255).astype(np.uint8)
        return picture, _truth(number, there)

    def _background(self, time: float) -> np.ndarray:
        spare_y, spare_x = self._room.shape[0] - HEIGHT, self._room.shape[1] - WIDTH
        x = (0.5 + 0.4 * np.sin(0.25 * time + self._pan)) * min(spare_x, 60)
        y = (0.5 + 0.4 * np.cos(0.21 * time + self._pan)) * min(spare_y, 40)
        shift = np.asarray([[1, 0, -x], [0, 1, -y]], np.float32)
        part = cv2.warpAffine(self._room, shift, (WIDTH, HEIGHT))
        return part.astype(np.float32)


@dataclass(frozen=True, slots=True)
class LightChange:
    """How bright a clip is: a slow wave, and a lamp that is switched at a moment."""

    depth: float
    period: float
    phase: float
    switched_s: float
    by: float

    @classmethod
    def any(cls, seconds: float, rng: np.random.Generator) -> "LightChange":
        """One in two clips has a lamp."""
        by = float(rng.choice((0.65, 1.3))) if rng.random() < 0.5 else 1.0
        return cls(
            float(rng.uniform(0.03, 0.15)),
            float(rng.uniform(3, 8)),
            float(rng.uniform(0, 6)),
            float(rng.uniform(0.2, 0.8) * seconds),
            by,
        )

    def gain(self, time: float) -> float:
        """What pixels are multiplied by."""
        lamp = self.by if time >= self.switched_s else 1.0
        return lamp * (1 + self.depth * np.sin(2 * np.pi * time / self.period + self.phase))


def _cast(
    people: Sequence[tuple[str, bool, Sequence[Cutout]]], seconds: float, rng: np.random.Generator
) -> list[Actor]:
    """When everybody comes; pairs come from both sides at once and cross, the far ones first."""
    pairs = (len(people) + 1) // 2
    stay = seconds / (1 + 0.5 * (pairs - 1))
    actors = []
    for i, (name, known, cutouts) in enumerate(people):
        direction = 1 if i % 2 == 0 else -1
        start = i // 2 * 0.5 * stay + (0.0 if i % 2 == 0 else 0.06 * stay)
        shown = [cutouts[int(n)] for n in rng.permutation(len(cutouts))]
        actors.append(
            Actor(
                name,
                known,
                tuple(shown),
                start,
                min(start + stay, seconds),
                direction,
                WIDTH * (0.5 + direction * float(rng.uniform(0.12, 0.25))),
                float(rng.uniform(110, 140) if i % 2 == 0 else rng.uniform(78, 105)),
                float(rng.uniform(170, 260)),
                float(rng.uniform(0, 2 * np.pi)),
                float(rng.uniform(0.4, 0.8)),
            )
        )
    return sorted(actors, key=lambda a: a.side)


def _paste(
    canvas: np.ndarray, actor: Actor, place: tuple[float, float, float, float], time: float
) -> None:
    """Lay a face onto a frame, with soft edges."""
    x, y, side, speed = place
    cut = actor.cutout(time)
    turned = float(4 * np.sin(2 * np.pi * 0.31 * time + actor.phase))
    matrix = cv2.getRotationMatrix2D((cut.x, cut.y), turned, side / cut.side)
    reach = int(1.7 * side)
    left, top = int(x) - reach, int(y) - reach
    matrix[:, 2] += (x - left - cut.x, y - top - cut.y)
    size = (2 * reach, 2 * reach)
    face = cv2.warpAffine(
        cut.picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros(size[::-1], np.float32)
    middle = (int(x - left), int(y - top - 0.08 * side))
    cv2.ellipse(mask, middle, (int(0.82 * side), int(1.08 * side)), 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.05 * side)
    smear = round(speed * 0.06 * side)
    if smear > 1:
        face = cv2.blur(face, (smear, 1))
    x0, y0, x1, y1 = (
        max(left, 0),
        max(top, 0),
        min(left + size[0], WIDTH),
        min(top + size[1], HEIGHT),
    )
    if x0 >= x1 or y0 >= y1:
        return
    inside = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    share = mask[inside][..., None]
    canvas[y0:y1, x0:x1] = canvas[y0:y1, x0:x1] * (1 - share) + face[inside] * share


def _truth(
    number: int, there: Sequence[tuple[Actor, tuple[float, float, float, float]]]
) -> list[Truth]:
    """The truth of one frame; the people from far to near."""
    boxes = [(x - s / 2, y - s / 2, x + s / 2, y + s / 2) for _, (x, y, s, _) in there]
    truth = []
    for i, (actor, _) in enumerate(there):
        box = boxes[i]
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= HEIGHT
        shown = inside and all(_hidden(box, near) <= COVERED for near in boxes[i + 1 :])
        if box[2] > 0 and box[0] < WIDTH:
            truth.append(Truth(SCHEMA, number, actor.name, actor.known, box, shown))
    return truth


def _hidden(box: tuple[float, ...], near: tuple[float, ...]) -> float:
    """What a nearer head hides of a face: a head is wider than its face by a half."""
    by = 0.3 * (near[2] - near[0])
    w = min(box[2], near[2] + by) - max(box[0], near[0] - by)
    h = min(box[3], near[3] + by) - max(box[1], near[1] - by)
    return max(w, 0.0) * max(h, 0.0) / ((box[2] - box[0]) * (box[3] - box[1]))
