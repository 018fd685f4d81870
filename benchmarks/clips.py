"""From a frame to a name, held against the truth: the vote over a track beside the single frame.

    python benchmarks/clips.py drawn RUN BUNDLE
    python benchmarks/clips.py composed RUN BUNDLE --photos ZIP --backgrounds STILLS
        --fitted-on STRANGERS --detector-model YUNET

*drawn*: clips of drawn people, whose truth is known by construction. RUN was trained on what
``edgeface data draw FACES --people 6 --pictures 40 --strangers 30 --seed 3`` draws, and BUNDLE
exported with ``--far 0.01 --strangers FACES-strangers``; the strangers of the clips are others of
the same draw. *composed*: photographs that RUN held back, and of people whom neither RUN nor the
threshold of BUNDLE has seen (those whom it has are folders below ``--fitted-on``), move over
backgrounds without faces. ``--tuning`` takes the seeds, people and photographs that constants were
chosen on; without it they are others, that nothing was chosen on. Nothing of a photograph is
stored. Results are kept by name in RESULTS/clips.json; RESULTS/clips.md is the table.
"""

import argparse
import json
import platform
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from composed import ComposedClip, LightChange, cut_out

from edgeface.bundle import Bundle, ModelFile
from edgeface.datasets.drawn.clip import DrawnClip
from edgeface.datasets.drawn.folders import cast
from edgeface.datasets.drawn.score import match_faces
from edgeface.datasets.drawn.truth import Truth
from edgeface.datasets.photos import open_photos
from edgeface.evaluate import wilson
from edgeface.geometry import Detections
from edgeface.images import Picture, Pixels, read_picture
from edgeface.train.run import Run
from edgeface.vision.decide import UNKNOWN
from edgeface.vision.detect import Detector, open_detector
from edgeface.vision.pipeline import Look, Pipeline, Seen, open_pipeline
from edgeface.vision.vote import rules_for, share_of
from edgeface.vision.watch import Watch, WatchRules

SECONDS, FPS = 12.0, 8.0
PLAIN = ("kite_and_cold.jpg", "parrot.jpg", "cat.jpg", "sunflower.jpg", "hot_dog.jpg")
DRAWN_SEED, DRAWN_KNOWN, DRAWN_FITTED, DRAWN_STRANGERS = 3, 6, 30, 72
FIRST_SEED = {"tuning": 1000, "test": 9000}

Frame = tuple[Picture, list[Truth]]
Making = Iterator[tuple[float, Sequence[Frame]]]


def drawn(clips: int, side: str) -> Making:
    """Drawn clips, each with two or three known people and as many strangers, under a lamp."""
    known, others = cast(DRAWN_KNOWN, DRAWN_STRANGERS, DRAWN_SEED)
    others = others[DRAWN_FITTED:]
    others = others[:12] if side == "tuning" else others[12:]
    for number in range(clips):
        seed = FIRST_SEED[side] + number
        rng = np.random.default_rng(seed)
        pairs = 2 + number % 2
        mine = [known[int(i)] for i in rng.permutation(len(known))[:pairs]]
        theirs = [others[int(i)] for i in rng.permutation(len(others))[:pairs]]
        clip = DrawnClip(mine, theirs, seconds=SECONDS, fps=FPS, seed=seed)
        light = LightChange.any(SECONDS, rng)
        yield FPS, [lit(clip.frame(n), light.gain(n / FPS)) for n in range(clip.frames)]


def lit(frame: Frame, gain: float) -> Frame:
    """A frame brighter or darker."""
    return np.clip(frame[0] * np.float32(gain), 0, 255).astype(np.uint8), frame[1]


def composed(clips: int, side: str, asked: argparse.Namespace, run: Run) -> Making:
    """Clips composed of photographs: two enrolled people and three strangers each."""
    detector = open_detector(run.config.detector, asked.detector_model)
    held = defaultdict(list)
    for entry in run.split.files:
        if entry.side == "validation":
            held[entry.label].append(entry.name)
    fitted = {p.name for p in asked.fitted_on.iterdir()}
    half = 0 if side == "tuning" else 1
    with open_photos(asked.photos) as photos:
        unknown = sorted(set(photos.people) - set(run.labels) - fitted)
        chosen = unknown[: len(unknown) // 3] if side == "tuning" else unknown[len(unknown) // 3 :]
        files = {name: sorted(own)[half::2] for name, own in held.items()}
        files |= {name: list(photos.people[name])[:12] for name in chosen}
        cutouts = {
            name: [c for file in own if (c := cut_out(photos.picture(file), detector))]
            for name, own in files.items()
        }
    rooms = [read_picture(asked.backgrounds / name) for name in PLAIN]
    for number in range(clips):
        seed = FIRST_SEED[side] + number
        rng = np.random.default_rng(seed)
        own = [run.labels[int(i)] for i in rng.permutation(len(run.labels))[:2]]
        theirs = [chosen[int(i)] for i in rng.permutation(len(chosen))[:3]]
        who = [theirs[0], own[0], own[1], theirs[1], theirs[2]]
        people = [(name, name in own, any_of(cutouts[name], rng)) for name in who]
        room = rooms[number % len(rooms)]
        clip = ComposedClip(people, room, seconds=SECONDS, fps=FPS, seed=seed)
        yield FPS, [clip.frame(n) for n in range(clip.frames)]


def any_of(cutouts: Sequence[Any], rng: np.random.Generator, most: int = 5) -> list[Any]:
    """Some of the photographs of a person."""
    return [cutouts[int(i)] for i in rng.permutation(len(cutouts))[:most]]


class Once:
    """A detector that looks at every frame once, for several who ask."""

    def __init__(self, detector: Detector) -> None:
        self.name = detector.name
        self._detector = detector
        self._picture: Picture | None = None
        self._shape: tuple[int, ...] = ()
        self._found: Detections | None = None

    def detect(self, picture: Picture) -> Detections:
        """See `edgeface.vision.detect.Detector.detect`; parts of a frame are looked at anew."""
        address = picture.__array_interface__["data"][0]
        if self._found is None or (address, picture.shape) != (self._picture, self._shape):
            self._found = self._detector.detect(picture)
            self._picture, self._shape = address, picture.shape
        return self._found


@dataclass
class Appearance:
    """One person in one clip, frame after frame."""

    known: bool
    shown: int = 0
    found: int = 0
    right: int = 0
    wrong: int = 0
    first_s: float | None = None
    named_s: float | None = None
    said: list[str] = field(default_factory=list)
    tracks: list[int] = field(default_factory=list)


@dataclass
class Account:
    """What one way of naming did in all clips."""

    people: list[Appearance] = field(default_factory=list)
    elsewhere: int = 0
    elsewhere_named: int = 0
    frames: int = 0
    searched: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def clip(self, fps: float, seen: Sequence[Seen], truth: Sequence[list[Truth]]) -> None:
        """Add a clip."""
        there: dict[str, Appearance] = {}
        for number, (one, faces) in enumerate(zip(seen, truth, strict=True)):
            self.frames += 1
            self.searched += one.searched
            met = match_faces(faces, [f.box for f in one.faces])
            for face, at in zip(faces, met, strict=True):
                person = there.setdefault(face.person, Appearance(face.known))
                if face.shown:
                    self._face(person, face, None if at is None else one.faces[at], number / fps)
            for i, face in enumerate(one.faces):
                if i not in met:
                    self.elsewhere += 1
                    self.elsewhere_named += face.decision.name != UNKNOWN
        for face in (*(f for one in seen for f in one.ended), *seen[-1].faces):
            if face.tracked:
                self.refused.update(face.tracked.refused)
        self.people += [p for p in there.values() if p.shown]

    def _face(self, person: Appearance, truth: Truth, face: Any, at_s: float) -> None:
        person.shown += 1
        person.first_s = at_s if person.first_s is None else person.first_s
        if face is None:
            return
        person.found += 1
        name = face.decision.name
        if face.tracked and face.tracked.id not in person.tracks[-1:]:
            person.tracks.append(face.tracked.id)
        if (face.tracked is None or face.tracked.settled) and name not in person.said[-1:]:
            person.said.append(name)
        if name == UNKNOWN:
            return
        if person.known and name == truth.person:
            person.right += 1
            person.named_s = at_s if person.named_s is None else person.named_s
        else:
            person.wrong += 1

    def as_dict(self) -> dict[str, Any]:
        """All that is told."""
        known = [p for p in self.people if p.known]
        others = [p for p in self.people if not p.known]
        shown, strange = sum(p.shown for p in known), sum(p.shown for p in others)
        waited = [p.named_s - p.first_s for p in known if p.named_s is not None]  # type: ignore[operator]
        # A word is what is said from one change to the next.
        changes = sum(max(len(p.said) - 1, 0) for p in self.people)
        return {
            "frames": self.frames,
            "searched": self.searched,
            "known": len(known),
            "strangers": len(others),
            "frame": {
                "known_shown": shown,
                "known_right": sum(p.right for p in known),
                "known_wrong": sum(p.wrong for p in known),
                "known_missed": shown - sum(p.found for p in known),
                "strangers_shown": strange,
                "strangers_named": sum(p.wrong for p in others),
                "elsewhere": self.elsewhere,
                "elsewhere_named": self.elsewhere_named,
            },
            "track": {
                "known_named": sum(p.named_s is not None for p in known),
                "known_last_right": sum(_last_right(p) for p in known),
                "known_ever_wrong": sum(p.wrong > 0 for p in known),
                "strangers_ever_named": sum(p.wrong > 0 for p in others),
                "strangers_tenth_named": sum(p.wrong > 0.1 * p.shown for p in others),
                "changes": changes,
                "more_tracks": sum(max(len(p.tracks) - 1, 0) for p in self.people),
            },
            "seconds_to_name": _quartiles(waited),
            "refused": dict(self.refused.most_common()),
        }


def _last_right(person: Appearance) -> bool:
    words = [name for name in person.said if name != UNKNOWN]
    return bool(words) and person.wrong == 0 and person.said[-1] != UNKNOWN


def _quartiles(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": statistics.median(values), "p90": float(np.quantile(values, 0.9))}


def ways(pipeline: Pipeline, rules: dict[str, WatchRules]) -> dict[str, Callable[[], Any]]:
    """What is compared: the single frame, and the vote."""
    return {"single frame": lambda: pipeline} | {
        name: (lambda r=r: Watch(pipeline, r)) for name, r in rules.items()
    }


def rules_of(file: ModelFile) -> dict[str, WatchRules]:
    """The loop as it is, and otherwise."""
    usual = WatchRules(motion=False, vote=rules_for(file.unknown))
    return {
        "vote": usual,
        "vote, share 0.4": replace(usual, vote=rules_for(None, 0.4)),
        "vote, share 0.5": replace(usual, vote=rules_for(None, 0.5)),
        "vote, no gates": replace(usual, gates=None),
    }


class Shared(Pipeline):
    """A pipeline that cuts and names every face of a frame once, for several who ask."""

    def __init__(self, once: Once, pipeline: Pipeline) -> None:
        super().__init__(once, pipeline.classifier)
        self._cuts: dict[tuple[float, ...], tuple[Pixels, int]] = {}
        self._looks: dict[int, Look] = {}

    def next_frame(self) -> None:
        """Forget the last one."""
        self._cuts.clear()
        self._looks.clear()

    def cut(self, picture: Picture, box: Any) -> tuple[Pixels, int]:
        """See `Pipeline.cut`."""
        key = tuple(float(v) for v in box)
        if key not in self._cuts:
            self._cuts[key] = super().cut(picture, box)
        return self._cuts[key]

    def recognise(self, pixels: Pixels) -> Look:
        """See `Pipeline.recognise`."""
        if id(pixels) not in self._looks:
            self._looks[id(pixels)] = super().recognise(pixels)
        return self._looks[id(pixels)]


def measure(clips: Making, bundle: Bundle, asked: argparse.Namespace) -> dict[str, Any]:
    """Every way on every clip, float32 and int8."""
    eyes: dict[str, Shared] = {}
    files = {scheme: bundle.file("tflite", scheme) for scheme in ("float32", "int8")}
    detector: Once | None = None
    for scheme, file in files.items():
        own = open_pipeline(bundle, file, detector_model=asked.detector_model)
        detector = detector or Once(own.detector)
        eyes[scheme] = Shared(detector, own)
    accounts: dict[tuple[str, str], Account] = defaultdict(Account)
    for number, (fps, frames) in enumerate(clips):
        looking = {
            (s, w): make()
            for s, eye in eyes.items()
            for w, make in ways(eye, rules_of(files[s])).items()
        }
        seen: dict[tuple[str, str], list[Seen]] = defaultdict(list)
        for n, (picture, _) in enumerate(frames):
            for eye in eyes.values():
                eye.next_frame()
            for key, looks in looking.items():
                seen[key].append(looks.look(picture, round(n * 1e9 / fps)))
        for key, one in seen.items():
            accounts[key].clip(fps, one, [truth for _, truth in frames])
        print(f"clip {number + 1}", flush=True)
    found: dict[str, Any] = {}
    for (scheme, way), account in accounts.items():
        found.setdefault(scheme, {})[way] = account.as_dict()
    return found


def share(part: int, whole: int) -> str:
    """Per cent, with the interval of Wilson where few were counted."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def of(part: int, whole: int) -> str:
    """So many of so many, with their share's 95 % interval."""
    if not whole:
        return "–"
    low, high = wilson(part, whole)
    return f"{part} of {whole} ({100 * low:.0f} to {100 * high:.0f} %)"


HEAD = (
    "file",
    "way",
    "frames: known named rightly",
    "wrongly",
    "strangers named",
    "people: known named rightly",
    "ever wrongly",
    "strangers ever named",
    "changes of what is said",
    "further tracks",
    "seconds to the name, median / p90",
)


def row(scheme: str, way: str, one: dict[str, Any]) -> str:
    """A row of the table."""
    frame, track = one["frame"], one["track"]
    wait = one["seconds_to_name"]
    cells = (
        scheme,
        way,
        share(frame["known_right"], frame["known_shown"]),
        share(frame["known_wrong"], frame["known_shown"]),
        share(frame["strangers_named"], frame["strangers_shown"]),
        of(track["known_named"], one["known"]),
        str(track["known_ever_wrong"]),
        of(track["strangers_ever_named"], one["strangers"]),
        str(track["changes"]),
        str(track["more_tracks"]) if way != "single frame" else "–",
        f"{wait['median']:.1f} / {wait['p90']:.1f}" if wait else "–",
    )
    return "| " + " | ".join(cells) + " |"


def table(results: dict[str, Any]) -> str:
    """The Markdown of everything that was measured."""
    lines = [
        "# From a frame to a name, on clips whose truth is known",
        "",
        "What `benchmarks/clips.py` measured. *Frames*: shares of the faces that are shown whole, "
        "one a person and frame; a face that was not found is neither right nor wrong. *People*: "
        "one person in one clip, however many tracks it took: enrolled people who were named "
        "rightly at some time, enrolled people and strangers who were given another's name in any "
        "frame, with 95 % intervals. *Single frame* is what `edgeface predict` says of every "
        "frame, *vote* the loop. Constants were chosen on other seeds, photographs and strangers; "
        "that the share follows from the rates of the file was decided after a first run on "
        "other seeds with these strangers.",
    ]
    for name, found in results.items():
        one = found["float32"]["vote"]
        lines += [
            "",
            f"## {name}",
            "",
            f"{found['about']} {found['clips']} clips, {one['frames']} frames; "
            f"{one['known']} appearances of enrolled people, {one['strangers']} of strangers. "
            f"Detector {found['detector']}, rule {found['rule']}.",
            "",
            "| " + " | ".join(HEAD) + " |",
            "|---" * len(HEAD) + "|",
            *(row(s, w, o) for s in ("float32", "int8") for w, o in found[s].items()),
            "",
            f"Shares of the looks that a name takes: {found['shares']}. Looks that were not voted "
            f"on, float32: {_refused(found['float32']['vote'])}.",
        ]
    return "\n".join([*lines, ""])


def _refused(one: dict[str, Any]) -> str:
    return ", ".join(f"{k} {v}" for k, v in one["refused"].items()) or "none"


def main() -> None:
    """Measure one kind of clips, and write the table of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=("drawn", "composed"))
    parser.add_argument("run", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--backgrounds", type=Path)
    parser.add_argument("--fitted-on", type=Path)
    parser.add_argument("--detector-model", type=Path)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--tuning", action="store_true", help="print only; on the other seeds")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    if asked.kind == "composed" and not (asked.photos and asked.backgrounds and asked.fitted_on):
        parser.error("composed clips need --photos, --backgrounds and --fitted-on")
    run, bundle = Run.load(asked.run), Bundle.load(asked.bundle)
    side = "tuning" if asked.tuning else "test"
    if asked.kind == "drawn":
        clips = drawn(asked.clips, side)
        about = f"{len(run.labels)} drawn people are enrolled."
    else:
        clips = composed(asked.clips, side, asked, run)
        about = f"{len(run.labels)} people of {asked.photos.name} are enrolled."
    file = bundle.file("tflite", "int8")
    found = {
        "about": f"{bundle.manifest.network}: {about}",
        "clips": asked.clips,
        "detector": bundle.manifest.detector,
        "rule": f"{file.score}, fitted for each file",
        "machine": platform.machine(),
        "shares": ", ".join(
            f"{scheme} {share_of(bundle.file('tflite', scheme).unknown):.2f}"
            for scheme in ("float32", "int8")
        ),
        **measure(clips, bundle, asked),
    }
    print(table({asked.kind: found}))
    if asked.tuning:
        return
    folder = asked.results / platform.machine().replace("_", "-")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "clips.json"
    kept = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    kept[asked.kind] = found
    path.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    (folder / "clips.md").write_text(table(kept), "utf-8")


if __name__ == "__main__":
    main()
