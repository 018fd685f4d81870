"""The sum of a loop: what was counted, and samples of what was timed."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeface.camera.frame import Result
from edgeface.errors import EdgefaceError
from edgeface.quantiles import quantile
from edgeface.vision.decide import UNKNOWN
from edgeface.vision.pipeline import Face

# A loop may run for months: quantiles look at the last so many frames, eleven minutes at 30 fps.
KEPT = 20_000

STAGES = ("capture", "motion", "detect", "crop", "infer", "decide", "track", "emit")


def _samples() -> deque[int]:
    return deque(maxlen=KEPT)


@dataclass(slots=True)
class Tally:
    """Counts grow, samples are the last `KEPT`; durations in ns on one monotonic clock.

    Attributes:
        started_ns: When the first frame was asked for.
        ended_ns: When the last one was done with.
        frames: Looked at, with or without success.
        dropped: Taken by the source and never looked at.
        failed: Frames that could not be read, or on which the detector or the model failed.
        first_failure: What the first of them was.
        with_face: Frames with at least one face.
        faces: On all frames.
        names: Decisions per name, `unknown` included; one a face and frame.
        undecided: Faces on all frames of which nothing could be said yet.
        searched: Frames that a detector looked at, or at a part of them.
        tracks: Tracks that ended, per last name; `unknown` included, those without any left out.
        refused: Looks at faces that did not count, by reason, of tracks that ended.
        there: Faces that are followed, as they were in the last frame.
        first_decision_ns: When the first face was decided on; None if there was none.
        ages_ns: Of the frames when their decisions were there.
        stages_ns: Per stage; capture is the wait for the frame; detect only of frames that were
            searched; crop, infer and decide only of frames with a face, over all its faces; motion
            and track only where faces are followed.
        stopped_by: The error of the source or a sink that ended the loop.
    """

    started_ns: int = 0
    ended_ns: int = 0
    frames: int = 0
    dropped: int = 0
    failed: int = 0
    first_failure: str = ""
    with_face: int = 0
    faces: int = 0
    names: Counter[str] = field(default_factory=Counter)
    undecided: int = 0
    searched: int = 0
    tracks: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    there: tuple[Face, ...] = ()
    first_decision_ns: int | None = None
    ages_ns: deque[int] = field(default_factory=_samples)
    stages_ns: dict[str, deque[int]] = field(
        default_factory=lambda: {stage: _samples() for stage in STAGES}
    )
    stopped_by: EdgefaceError | None = None

    def add(self, result: Result) -> None:
        """Count one frame that was looked at."""
        self.frames += 1
        self.ages_ns.append(result.age_ns)
        seen = result.seen
        stages = seen.stages
        if seen.searched:
            self.searched += 1
            self.stages_ns["detect"].append(stages.detect_ns)
        if stages.track_ns:
            self.stages_ns["motion"].append(stages.motion_ns)
            self.stages_ns["track"].append(stages.track_ns)
        for face in seen.ended:
            _count_track(face, self.tracks, self.refused)
        self.there = tuple(face for face in seen.faces if face.tracked is not None)
        if seen.nobody:
            return
        self.with_face += 1
        self.faces += len(seen.faces)
        decided = [f for f in seen.faces if f.tracked is None or f.tracked.settled]
        self.undecided += len(seen.faces) - len(decided)
        self.names.update(face.decision.name for face in decided)
        self.stages_ns["crop"].append(seen.stages.crop_ns)
        self.stages_ns["infer"].append(seen.stages.infer_ns)
        self.stages_ns["decide"].append(seen.stages.decide_ns)
        if self.first_decision_ns is None and decided:
            self.first_decision_ns = result.decided_ns

    @property
    def seconds(self) -> float:
        """How long it ran."""
        return (self.ended_ns - self.started_ns) / 1e9

    @property
    def fps(self) -> float | None:
        """Frames looked at per second."""
        return self.frames / self.seconds if self.seconds > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON and for the table; quantiles are None where samples are too few."""
        known = {n: c for n, c in self.names.most_common() if n != UNKNOWN}
        tracks, refused = self.tracks.copy(), self.refused.copy()
        for face in self.there:
            _count_track(face, tracks, refused)
        return {
            "frames": self.frames,
            "dropped": self.dropped,
            "failed": self.failed,
            "first_failure": self.first_failure,
            "frames_with_face": self.with_face,
            "faces": self.faces,
            "faces_per_frame": _share(self.faces, self.frames),
            "names": known,
            "unknown": self.names[UNKNOWN],
            "undecided": self.undecided,
            "searched": self.searched,
            "tracks": dict(tracks.most_common()),
            "refused": dict(refused.most_common()),
            "seconds": round(self.seconds, 3),
            "fps": None if self.fps is None else round(self.fps, 2),
            "age_ms": _quantiles_ms(self.ages_ns, (0.5, 0.9, 0.95)),
            "stages_p50_ms": {
                stage: _quantiles_ms(samples, (0.5,))["p50"]
                for stage, samples in self.stages_ns.items()
            },
        }


def _count_track(face: Face, tracks: Counter[str], refused: Counter[str]) -> None:
    assert face.tracked is not None
    if face.tracked.settled:
        tracks[face.decision.name] += 1
    refused.update(face.tracked.refused)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _quantiles_ms(samples: Sequence[int] | deque[int], shares: Sequence[float]) -> dict[str, Any]:
    ns = [int(v) for v in np.asarray(samples, np.int64)]
    found: dict[str, Any] = {}
    for share in shares:
        value = quantile(ns, share)
        found[f"p{share * 100:g}"] = None if value is None else round(value / 1e6, 3)
    return found
