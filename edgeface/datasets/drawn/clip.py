"""A drawn clip: people walk through a room, look about and leave, and the truth about it."""

import contextlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeface.datasets.drawn.brush import Brush, Colour
from edgeface.datasets.drawn.folders import Through
from edgeface.datasets.drawn.head import paint
from edgeface.datasets.drawn.person import Person
from edgeface.datasets.drawn.pose import Head, Pose
from edgeface.datasets.drawn.scene import SHIRTS, any_lens, draw_room, expose
from edgeface.datasets.drawn.truth import SCHEMA, FaceBox, Truth, truth_path
from edgeface.errors import EdgefaceError, UsageError
from edgeface.images import Picture

HEIGHT, WIDTH = 480, 640
CODECS = {".avi": "MJPG", ".mkv": "FFV1", ".mp4": "mp4v"}  # those that need no system codec

_COVERED = 0.1  # share of a box that a nearer head may hide before the face counts as hidden


@dataclass(frozen=True, slots=True)
class _Actor:
    """One person's way through the clip; times in seconds, places in pixels."""

    person: Person
    known: bool
    shirt: Colour
    start: float
    end: float
    direction: int
    stop: float
    unit: float
    eyes: float
    phase: float

    def pose(self, time: float, light: tuple[float, float], contrast: float) -> Pose | None:
        """Where they are; None before they come and after they left."""
        if not self.start <= time <= self.end:
            return None
        share = (time - self.start) / (self.end - self.start)
        outside = 2.2 * self.unit
        enter, leave = (-outside, WIDTH + outside)[:: self.direction]
        # A third to come in, a third to stand, a third to leave; with soft changes between them.
        come, go = _ease(share * 3), _ease(share * 3 - 2)
        x = enter + (self.stop - enter) * come + (leave - self.stop) * go
        speed = _walking(share * 3) + _walking(share * 3 - 2)
        sway = time * 2 * np.pi
        look = np.sin(0.45 * sway + self.phase)
        return Pose(
            x=float(x + 4 * look),
            y=float(self.eyes - 0.05 * self.unit * speed * abs(np.sin(0.9 * sway + self.phase))),
            unit=self.unit,
            roll=float(0.05 * np.sin(0.37 * sway + 2 * self.phase)),
            yaw=float(0.2 * self.direction * speed + 0.28 * look * (1 - speed)),
            pitch=float(0.08 * np.sin(0.29 * sway + self.phase)),
            smile=float(0.55 + 0.4 * np.sin(0.21 * sway + self.phase)),
            mouth=float(max(0.0, 0.8 * np.sin(0.33 * sway + 3 * self.phase))),
            lids=0.3 if (time * 0.31 + self.phase) % 1 < 0.035 else 1.0,
            gaze=float(-0.5 * look),
            light=light,
            contrast=contrast,
        )


def _ease(share: float) -> float:
    s = min(max(share, 0.0), 1.0)
    return s * s * (3 - 2 * s)


def _walking(share: float) -> float:
    """How much of a step is going on, 0 to 1, within a stretch that goes from 0 to 1."""
    s = min(max(share, 0.0), 1.0)
    return 4 * s * (1 - s)


def _cast_actors(
    known: Sequence[Person], strangers: Sequence[Person], seconds: float, rng: np.random.Generator
) -> list[_Actor]:
    """When everybody comes, from which side; known people and strangers take turns."""
    mixed: list[tuple[Person, bool]] = []
    for i in range(max(len(known), len(strangers))):
        mixed += [(p, True) for p in known[i : i + 1]] + [(p, False) for p in strangers[i : i + 1]]
    # Pairs come from both sides at once and cross; two or three pairs share the clip.
    pairs = (len(mixed) + 1) // 2
    stay = seconds / (1 + 0.6 * (pairs - 1))
    actors = []
    for i, (person, is_known) in enumerate(mixed):
        pair, direction = i // 2, 1 if i % 2 == 0 else -1
        start = pair * 0.6 * stay + (0.0 if i % 2 == 0 else 0.06 * stay)
        unit = float(rng.uniform(50, 57) if i % 2 == 0 else rng.uniform(38, 44))
        stop = WIDTH * (0.5 + direction * float(rng.uniform(0.13, 0.24)))
        shirt = SHIRTS[int(rng.integers(len(SHIRTS)))]
        eyes = float(rng.uniform(150, 190) + 0.6 * unit)
        end = min(start + stay, seconds)
        phase = float(rng.uniform(0, 2 * np.pi))
        actors.append(
            _Actor(person, is_known, shirt, start, end, direction, stop, unit, eyes, phase)
        )
    return sorted(actors, key=lambda a: a.unit)


def _hidden_share(box: FaceBox, nearer: Iterable[FaceBox]) -> float:
    """The largest share of a box that one of the nearer ones covers."""
    own = (box[2] - box[0]) * (box[3] - box[1])
    shares = [0.0]
    for other in nearer:
        w = min(box[2], other[2]) - max(box[0], other[0])
        h = min(box[3], other[3]) - max(box[1], other[1])
        shares.append(max(w, 0.0) * max(h, 0.0) / own)
    return max(shares)


def _truth_of(frame: int, heads: Sequence[tuple[_Actor, Head]]) -> list[Truth]:
    """The truth of one frame; ``heads`` from far to near."""
    boxes = [head.box() for _, head in heads]
    truth = []
    for i, (actor, _) in enumerate(heads):
        box = boxes[i]
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= HEIGHT
        shown = inside and _hidden_share(box, boxes[i + 1 :]) <= _COVERED
        x0, y0, x1, y1 = (round(v, 1) for v in box)
        name = actor.person.name
        if x1 > 0 and x0 < WIDTH:
            truth.append(Truth(SCHEMA, frame, name, actor.known, (x0, y0, x1, y1), shown))
    return truth


class DrawnClip:
    """A clip that is drawn frame by frame.

    Args:
        known: People of the data set.
        strangers: Others.
        seconds: Its length.
        fps: Frames a second.
        seed: Of everything but the people.
    """

    def __init__(
        self,
        known: Sequence[Person],
        strangers: Sequence[Person],
        *,
        seconds: float = 12.0,
        fps: float = 15.0,
        seed: int = 0,
    ) -> None:
        if not 1 <= len(known) + len(strangers) <= 24:
            msg = f"{len(known) + len(strangers)} people in a clip: 1 to 24 are possible"
            raise UsageError(msg)
        if not (1 <= seconds <= 600 and 1 <= fps <= 60):
            msg = (
                f"{seconds:g} seconds at {fps:g} fps: 1 to 600 seconds at 1 to 60 fps are possible"
            )
            raise UsageError(msg)
        rng = np.random.default_rng([seed, 0xC11B])
        self.fps, self.frames, self._seed = fps, round(seconds * fps), seed
        self._actors = _cast_actors(known, strangers, seconds, rng)
        self._room = draw_room(rng, (HEIGHT, WIDTH))
        self._lens = any_lens(rng)
        self._light = (float(rng.choice((-0.7, 0.7))), -0.6)
        self._contrast = float(rng.uniform(0.3, 0.6))

    def frame(self, number: int) -> tuple[Picture, list[Truth]]:
        """One frame, (480, 640, 3) uint8 blue-green-red, and the truth about it."""
        picture = self._room.copy()
        heads = []
        for actor in self._actors:
            pose = actor.pose(number / self.fps, self._light, self._contrast)
            if pose is not None:
                heads.append((actor, paint(Brush(picture), actor.person, pose, actor.shirt)))
        rng = np.random.default_rng([self._seed, number, 0xC11B])
        return expose(picture, self._lens, self._light, rng), _truth_of(number, heads)


def check_clip(path: Path, *, force: bool) -> None:
    """Say before drawing that a clip cannot be written there.

    Raises:
        UsageError: The suffix is none of `CODECS`, or the clip or its truth exists.
    """
    if path.suffix not in CODECS:
        msg = f"{path}: a clip ends in {', '.join(sorted(CODECS))}"
        raise UsageError(msg)
    for place in (path, truth_path(path)):
        if place.is_dir() or ((place.exists() or place.is_symlink()) and not force):
            msg = f"{place} exists already"
            raise UsageError(msg, remedy="name another clip, or add --force to replace it")


def write_clip(
    path: Path, clip: DrawnClip, *, force: bool = False, through: Through[int] | None = None
) -> Path:
    """Write a clip and, beside it, its truth; both or none.

    Args:
        path: Ends in one of `CODECS`.
        clip: What to draw.
        force: Replace what is there.
        through: Goes through a list and says how far it is, as `edgeface.cli.output.track`.

    Returns:
        The truth file: JSON lines of `Truth`.

    Raises:
        UsageError: See `check_clip`.
        EdgefaceError: The disk is full or cannot be written.
    """
    check_clip(path, force=force)
    mark = secrets.token_hex(4)
    beside = path.with_name(f".{path.stem}.{mark}{path.suffix}")
    truth_beside = path.with_name(f".{path.stem}.{mark}.truth.jsonl")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        truth = _record(beside, clip, through)
        lines = "".join(json.dumps(asdict(t), ensure_ascii=False) + "\n" for t in truth)
        truth_beside.write_text(lines, "utf-8")
        truth_beside.replace(truth_path(path))
        beside.replace(path)
    except OSError as error:
        msg = f"{path} could not be written ({error.strerror or error}); nothing was left behind"
        raise EdgefaceError(msg, remedy="free some space, or choose another place") from error
    finally:
        for left in (beside, truth_beside):
            with contextlib.suppress(OSError):
                left.unlink()
    return truth_path(path)


def _record(path: Path, clip: DrawnClip, through: Through[int] | None) -> list[Truth]:
    fourcc = cv2.VideoWriter.fourcc(*CODECS[path.suffix])
    writer = cv2.VideoWriter(str(path), fourcc, clip.fps, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise OSError(0, "the video writer did not open")
    truth: list[Truth] = []
    numbers = range(clip.frames)
    try:
        for number in through(numbers, "drawing the clip") if through else numbers:
            picture, about = clip.frame(number)
            writer.write(picture)
            truth += about
    finally:
        writer.release()
    # The writer reports nothing, a full disk included: look at what it left.
    written = cv2.VideoCapture(str(path))
    try:
        last = max(0, round(written.get(cv2.CAP_PROP_FRAME_COUNT)))
    finally:
        written.release()
    if last != clip.frames:
        raise OSError(0, f"{last} of {clip.frames} frames arrived")
    return truth
