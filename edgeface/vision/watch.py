"""Frames of one scene: faces are followed, and named by all that was seen of them."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import numpy as np
from numpy.typing import NDArray

from edgeface.geometry import Boxes, Detections, area
from edgeface.vision.decide import UNKNOWN, Decision
from edgeface.vision.motion import MotionGate, Region
from edgeface.vision.pipeline import Face, Pipeline, Seen, Stages, Tracked
from edgeface.vision.quality import Gates, measure
from edgeface.vision.searching import Share, covering, pixels_of, search
from edgeface.vision.track import Track, Tracker, TrackRules
from edgeface.vision.vote import Ballot, VoteRules

_SHOWN_S = 0.4  # a face that was missed is shown for so long where it is expected
_LEAST_DETECTION = 0.25  # weight of the least sure detection
_CLEARLY = 0.5  # of the strongest's strength; below it a second one of that name is not that person


@dataclass(frozen=True, slots=True)
class WatchRules:
    """How a scene is watched.

    Attributes:
        detect_every: Faces are searched in every so manieth frame, and expected in between.
        least_face_px: Smaller ones are left out, and the search is the faster for it; 0: all that
            the detector finds.
        region: What of the frame is searched, shares of its width and height, xyxy.
        motion: Search only where something moved, and everywhere once a second.
        one_each: Of two faces with one name in a frame the clearly weaker is `unknown`.
        tracks: What continues a track.
        vote: What names one.
        gates: What a face must be to be voted on; None: everything is.
    """

    detect_every: int = 1
    least_face_px: int = 0
    region: Share = (0.0, 0.0, 1.0, 1.0)
    motion: bool = True
    one_each: bool = True
    tracks: TrackRules = field(default_factory=TrackRules)
    vote: VoteRules = field(default_factory=VoteRules)
    gates: Gates | None = field(default_factory=Gates)


@dataclass(slots=True)
class _Person:
    """A track, its vote, and what the frame at hand shows of it."""

    track: Track
    ballot: Ballot
    box: tuple[float, float, float, float]
    single: Decision | None = None
    seen: bool = True


class Watch:
    """A pipeline with a memory of one scene. Not safe for use by two threads at once.

    It holds what is there now: nothing is kept of a face whose track has ended and was told.

    Args:
        pipeline: Its detector finds, its classifier names.
        rules: How.
        clock: Monotonic, in nanoseconds; it times the stages and nothing else.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        rules: WatchRules | None = None,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self.pipeline = pipeline
        self.rules = rules or WatchRules()
        self.detector, self.classifier = pipeline.detector, pipeline.classifier
        self._clock = clock
        self._tracker = Tracker(self.rules.tracks, self.rules.detect_every)
        self._gate = MotionGate() if self.rules.motion else None
        self._people: dict[int, _Person] = {}
        self._ended: list[Face] = []
        self._number = 0
        self._shape: tuple[int, ...] = ()

    def look(self, picture: Picture, at_ns: int | None = None) -> Seen:
        """Find, follow and name the faces of the next frame.

        Args:
            picture: (height, width, 3) uint8, blue-green-red.
            at_ns: When it was taken, on any clock that all frames share; None: now.

        Raises:
            DetectorError: The detector failed on it; what was known is known still.
            BackendError: The runtime failed on one of its faces; the same.
        """
        clock = self._clock
        at_s = (clock() if at_ns is None else at_ns) / 1e9
        start = clock()
        self._begin(picture, at_s)
        region = self._plan(picture, at_s)
        planned = clock()
        detect_ns, took = 0, [0, 0, 0]
        if region is not None:
            rules = self.rules
            found = search(self.detector, picture, region, rules.least_face_px)
            detect_ns = clock() - planned
            self._follow(found, picture, region, at_s, took)
        self._number += 1
        faces = self._faces(at_s)
        ended, self._ended = tuple(self._ended), []
        track_ns = clock() - planned - detect_ns - sum(took)
        stages = Stages(detect_ns, took[0], took[1], took[2], planned - start, track_ns)
        others = len(self._tracker.tracks) - len(faces)
        return Seen(faces, stages, ended, region is not None, others)

    def _begin(self, picture: Picture, at_s: float) -> None:
        self._end(self._tracker.begin(at_s), at_s)
        if picture.shape != self._shape:
            self._end(self._tracker.clear(), at_s)  # boxes of another size lead nowhere
            self._shape = picture.shape
        for person in self._people.values():
            person.single, person.seen = None, False

    def _plan(self, picture: Picture, at_s: float) -> Region | None:
        """What of the frame to search: a region in pixels, or None."""
        if self._number % self.rules.detect_every:
            return None
        whole = pixels_of(self.rules.region, picture.shape)
        if self._gate is None:
            return whole
        moved = self._gate.moved(picture, at_s)
        tracks = self._tracker.tracks
        # Whoever is not known yet, or was missed, is looked at whether or not they move.
        open_ = [t.box(at_s) for t in tracks if not (t.found and self._settled(t))]
        region = covering(moved, open_, [t.box(at_s) for t in tracks], whole)
        if region is None:
            self._tracker.keep(at_s)
            return None
        self._gate.searched(region, at_s, whole=region == whole)
        return region

    def _settled(self, track: Track) -> bool:
        return track.id in self._people and self._people[track.id].ballot.settled

    def _follow(
        self, found: Detections, picture: Picture, region: Region, at_s: float, took: list[int]
    ) -> None:
        """Give what was found to tracks, and let every good face vote."""
        whole = region == pixels_of(self.rules.region, picture.shape)
        given, ended = self._tracker.update(found, at_s, None if whole else region)
        self._end(ended, at_s)
        hidden = _hidden(found.boxes)
        for number, track in enumerate(given):
            if track is None:
                continue
            x0, y0, x1, y1 = (float(v) for v in found.boxes[number])
            person = self._people.get(track.id)
            if person is None:
                ballot = Ballot(self.rules.vote, at_s)
                person = self._people[track.id] = _Person(track, ballot, (x0, y0, x1, y1))
            person.box, person.seen = (x0, y0, x1, y1), True
            marks = None if found.landmarks is None else found.landmarks[number]
            self._vote(person, picture, found.boxes[number], marks, hidden[number], at_s, took)

    def _vote(
        self,
        person: _Person,
        picture: Picture,
        box: Boxes,
        landmarks: NDArray[Any] | None,
        hidden: float,
        at_s: float,
        took: list[int],
    ) -> None:
        pixels, crop_ns = self.pipeline.cut(picture, box)
        took[0] += crop_ns
        to = self.classifier.preprocess
        side = float(max(box[2] - box[0], box[3] - box[1])) * (1 + 2 * to.margin)
        quality = measure(pixels, side, to, landmarks, hidden)
        gates = self.rules.gates
        refusal = None if gates is None else quality.refusal(gates)
        if refusal is not None:
            if person.track.doubtful:
                person.ballot.begin_again(at_s)
            person.ballot.refuse(refusal, at_s)
            return
        look = self.pipeline.recognise(pixels)
        took[1] += look.infer_ns
        took[2] += look.decide_ns
        person.single = look.decision
        if not np.isfinite(look.decision.score):
            person.ballot.refuse("no number", at_s)
            return
        if person.track.doubtful and look.decision.name != person.ballot.name:
            person.ballot.begin_again(at_s)
        sure = person.track.score / person.track.best if person.track.best > 0 else 1.0
        weight = quality.weight * min(max(sure, _LEAST_DETECTION), 1.0)
        person.ballot.add(look.decision, weight, at_s)

    def _faces(self, at_s: float) -> tuple[Face, ...]:
        """Everybody who is there, whoever is known longest first."""
        there = [
            self._people[track.id]
            for track in self._tracker.tracks
            if self._tracker.confirmed(track)
            and (track.found or at_s - track.seen_s <= _SHOWN_S)
            and track.id in self._people
        ]
        weaker = _weaker(there) if self.rules.one_each else set()
        for person in there:
            if not person.seen:
                person.box = person.track.box(at_s)
        return tuple(
            self._face(person, at_s, UNKNOWN if person.track.id in weaker else None)
            for person in there
        )

    def _face(self, person: _Person, at_s: float, name: str | None = None) -> Face:
        ballot, track = person.ballot, person.track
        rule = self.classifier.rule
        decision = ballot.decision(name)
        if decision is None:
            decision = Decision(UNKNOWN, UNKNOWN, float("nan"), rule.threshold, rule.score)
        tracked = Tracked(
            track.id,
            ballot.settled,
            person.seen,
            ballot.votes,
            dict(ballot.refused),
            person.single,
            at_s - track.born_s,
        )
        return Face(person.box, track.score, decision, tracked)

    def _end(self, tracks: Iterable[Track], at_s: float) -> None:
        for track in tracks:
            person = self._people.pop(track.id, None)
            if person is not None and self._tracker.confirmed(track):
                person.seen, person.single = False, None
                self._ended.append(self._face(person, max(track.seen_s, track.born_s)))


def _weaker(people: Sequence[_Person]) -> set[int]:
    """Tracks that carry the name of another one that has clearly more to it."""
    strongest: dict[str, float] = {}
    named: list[tuple[_Person, str]] = []
    for person in people:
        name = person.ballot.name
        if person.seen and name is not None and name != UNKNOWN:
            named.append((person, name))
            strength = person.ballot.strength(name)
            strongest[name] = max(strength, strongest.get(name, strength))
    return {
        person.track.id
        for person, name in named
        if person.ballot.strength(name) < _CLEARLY * strongest[name]
    }


def _hidden(boxes: Boxes) -> list[float]:
    """For every box the largest share of it that one larger box covers."""
    if len(boxes) < 2:
        return [0.0] * len(boxes)
    areas = area(boxes)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    sides = np.maximum(high - low, 0)
    shared = sides[..., 0] * sides[..., 1] / np.maximum(areas[:, None], 1e-6)
    shared[areas[:, None] >= areas[None, :]] = 0
    return [float(v) for v in shared.max(axis=1)]
