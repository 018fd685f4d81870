"""How well the loop did on a drawn clip: its events held against the truth."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from edgeface import records
from edgeface.datasets.drawn.truth import SCHEMA, Truth, read_truth
from edgeface.errors import InputError
from edgeface.geometry import iou
from edgeface.vision.decide import NOBODY, UNKNOWN

MIN_IOU = 0.3


@dataclass(frozen=True, slots=True)
class ClipScore:
    """Counts of faces, one a person and frame; faces that are partly hidden are left out.

    Attributes:
        known_shown: Faces of known people in the clip.
        known_detected: Of those, how many an event's box met; the sum of the next three.
        known_right: Named as who they are.
        known_wrong: Named as somebody else.
        known_unknown: Answered `unknown`.
        strangers_shown: Faces of strangers in the clip.
        strangers_detected: Of those, how many an event's box met; the sum of the next two.
        strangers_named: Given anybody's name, which is wrong.
        strangers_unknown: Answered `unknown`.
        elsewhere: Boxes of events that met no face at all.
        elsewhere_named: Of those, how many were given a name.
    """

    known_shown: int = 0
    known_detected: int = 0
    known_right: int = 0
    known_wrong: int = 0
    known_unknown: int = 0
    strangers_shown: int = 0
    strangers_detected: int = 0
    strangers_named: int = 0
    strangers_unknown: int = 0
    elsewhere: int = 0
    elsewhere_named: int = 0


def score_clip(truth_path: Path, events_path: Path) -> ClipScore:
    """Match events with the truth, frame by frame.

    A face takes the free event of its frame whose box overlaps most, `MIN_IOU` at least; of all
    pairs the one with the largest overlap is made first.

    Args:
        truth_path: What `edgeface.datasets.drawn.clip.write_clip` wrote.
        events_path: What ``edgeface run --events`` wrote for that clip.

    Raises:
        InputError: A file cannot be read, or a line is not of its schema; the line is named.
    """
    truth: defaultdict[int, list[Truth]] = defaultdict(list)
    for line in read_truth(truth_path):
        truth[line.frame].append(line)
    events: defaultdict[int, list[tuple[list[float], str]]] = defaultdict(list)
    for frame, box, name in _events(events_path):
        if name != NOBODY:
            events[frame].append((box, name))
    counts = dict.fromkeys((f.name for f in fields(ClipScore)), 0)
    for frame in truth.keys() | events.keys():
        _count(counts, truth[frame], events[frame])
    return ClipScore(**counts)


def _count(
    counts: dict[str, int], truth: list[Truth], events: list[tuple[list[float], str]]
) -> None:
    named = match_faces(truth, [box for box, _ in events])
    met = {event for event in named if event is not None}
    for face, event in zip(truth, named, strict=True):
        if not face.shown:
            continue
        side = "known" if face.known else "strangers"
        counts[f"{side}_shown"] += 1
        if event is None:
            continue
        counts[f"{side}_detected"] += 1
        name = events[event][1]
        if name == UNKNOWN:
            counts[f"{side}_unknown"] += 1
        elif not face.known:
            counts["strangers_named"] += 1
        else:
            counts["known_right" if name == face.person else "known_wrong"] += 1
    for i, (_, name) in enumerate(events):
        if i not in met:
            counts["elsewhere"] += 1
            counts["elsewhere_named"] += name != UNKNOWN


def match_faces(truth: Sequence[Truth], boxes: Sequence[Sequence[float]]) -> list[int | None]:
    """For every face of a frame the number of the box that is it, or None; see `score_clip`."""
    found: list[int | None] = [None] * len(truth)
    if not truth or not boxes:
        return found
    overlap = iou(
        np.asarray([t.box for t in truth], np.float32),
        np.asarray(boxes, np.float32),
    )
    while overlap.max() >= MIN_IOU:
        face, event = (int(i) for i in np.unravel_index(int(overlap.argmax()), overlap.shape))
        found[face] = event
        overlap[face, :] = overlap[:, event] = -1
    return found


def _events(path: Path) -> Iterator[tuple[int, list[float], str]]:
    """Frame, box and name of every event; `nobody` comes with an empty box."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error})"
        raise InputError(msg) from error
    for number, line in enumerate(lines, 1):
        where = f"{path}, line {number}"
        data = records.from_json(line, where, InputError)
        records.check_schema(data, SCHEMA, where, InputError)
        yield _event(data, where)


def _event(data: Mapping[str, Any], where: str) -> tuple[int, list[float], str]:
    frame, name, box = data.get("frame"), data.get("name"), data.get("box")
    numbers = isinstance(box, list) and all(type(v) in (int, float) for v in box)
    fits = box is None if name == NOBODY else numbers and len(box or ()) == 4
    if type(frame) is not int or not isinstance(name, str) or not fits:
        msg = f"{where}: no event: frame {frame!r}, name {name!r}, box {box!r}"
        raise InputError(msg)
    return frame, [float(v) for v in box or ()], name
