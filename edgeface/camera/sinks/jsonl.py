"""Events: one JSON line a decision.

Schema 1, one object a line::

    schema      1
    time        UTC, ISO 8601, milliseconds: when the decision was there
    frame       number of the frame in its source, from 0
    age_ms      how old the frame was then
    age_from    what that is counted from: "sensor", "driver", "stream" or "read"
    file        name of the picture, for a folder of pictures only
    box         [x0, y0, x1, y1] in pixels, or null
    name        a label, "unknown", or "nobody"
    nearest     the label with the largest probability, or null
    score       how sure that is, in the unit of the file's score: its probability, unless the
                manifest names another; null for nobody, and where the model answered no number
    threshold   what the score was held against, or null

and of a face that is followed from frame to frame also::

    event       "decided": who it is, for the first time or otherwise than before; "ended": it is
                there no more, and name is what was said last; not with every frame
    track       its number, from 1; never given twice in a run
    seconds     since it was first found
    votes       looks that counted
    refused     looks that did not, by reason, as {"blurred": 12}; only where there were any
    settled     with every frame only: false while too little was seen to say anything
    seen        with every frame only: false where the box is an expectation

Of faces that are followed there is a line for every change; with every frame, and of faces that are
not followed, one for every face of every frame. That nobody is there is said once.
"""

import json
import math
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edgeface.camera.changes import Change, Changes
from edgeface.camera.frame import Result
from edgeface.errors import EdgefaceError, UsageError
from edgeface.vision.decide import NOBODY, UNKNOWN
from edgeface.vision.pipeline import Tracked

SCHEMA = 1


class JsonLines:
    """Writes events to a file, one whole line at a time.

    Args:
        path: The file.
        force: Replace what is there.
        every_frame: A line for every face of every frame, not only for what changes.
    """

    def __init__(self, path: Path, *, force: bool = False, every_frame: bool = False) -> None:
        self.path = path
        self._every_frame = every_frame
        self._changes = Changes()
        self._force = force
        self._nobody = False

    def __enter__(self) -> Self:
        """Create the file.

        Raises:
            UsageError: It exists and ``force`` is off.
            EdgefaceError: It cannot be written.
        """
        try:
            # Unbuffered: a line is in the file when it was written, and a reader sees it at once.
            self._file = self.path.open("wb" if self._force else "xb", buffering=0)
        except FileExistsError as error:
            msg = f"{self.path} exists already"
            raise UsageError(
                msg, remedy="name another file, or add --force to replace it"
            ) from error
        except OSError as error:
            raise self._cannot(error) from error
        self._whole = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __call__(self, result: Result) -> None:
        """Write the lines of one result.

        Raises:
            EdgefaceError: The disk is full; the file ends with its last whole line.
        """
        for change in self._every(result) if self._every_frame else self._changes(result):
            event = _event(result, change, every_frame=self._every_frame)
            line = json.dumps(event, ensure_ascii=False, allow_nan=False)
            # Of a file name that is no UTF-8 Python makes halves of characters: JSON escapes them.
            self._write(line.encode(errors="backslashreplace") + b"\n")

    def _every(self, result: Result) -> list[Change]:
        nobody, self._nobody = self._nobody, result.seen.nobody
        if result.seen.nobody:
            return [] if nobody else [Change("nobody", None, NOBODY)]
        return [Change("decided", face, face.decision.name) for face in result.seen.faces]

    def _write(self, line: bytes) -> None:
        try:
            if self._file.write(line) != len(line):
                self._file.write(line)  # what is left of the space raises the error of the disk
                raise OSError(0, "half a line was written")
        except OSError as error:
            if self._file.seekable():
                os.ftruncate(self._file.fileno(), self._whole)
            raise self._cannot(error) from error
        self._whole += len(line)

    def _cannot(self, error: OSError) -> EdgefaceError:
        reason = error.strerror or str(error)
        msg = f"events cannot be written to {self.path} ({reason})"
        return EdgefaceError(msg, remedy="free some space, or choose another place with --events")


def _event(result: Result, change: Change, *, every_frame: bool) -> dict[str, Any]:
    face = change.face
    event: dict[str, Any] = {
        "schema": SCHEMA,
        "time": result.time.isoformat(timespec="milliseconds"),
        "frame": result.frame.index,
        "age_ms": round(result.age_ns / 1e6, 3),
        "age_from": result.frame.stamp,
    }
    if result.frame.file:
        event["file"] = result.frame.file
    if face is None:
        nothing = dict.fromkeys(("nearest", "score", "threshold"))
        return event | {"box": None, "name": NOBODY} | nothing
    decision = face.decision
    score = round(decision.score, 6) if math.isfinite(decision.score) else None
    event |= {
        "box": [round(v, 2) for v in face.box],
        "name": change.name,
        "nearest": None if decision.nearest == UNKNOWN else decision.nearest,
        "score": score,
        "threshold": round(decision.threshold, 6),
    }
    return event if face.tracked is None else event | _of_track(change, face.tracked, every_frame)


def _of_track(change: Change, track: Tracked, every_frame: bool) -> dict[str, Any]:
    about: dict[str, Any] = {} if every_frame else {"event": change.what}
    about |= {"track": track.id, "seconds": round(track.seconds, 3), "votes": track.votes}
    if track.refused:
        about["refused"] = dict(track.refused)
    return about | ({"settled": track.settled, "seen": track.seen} if every_frame else {})


def check_events(path: Path, *, force: bool) -> None:
    """Say before the loop that events cannot be written there.

    Raises:
        UsageError: Something is there and ``force`` is off, or it is a folder.
    """
    if path.is_dir() or (os.path.lexists(path) and not force):
        msg = f"{path} exists already"
        raise UsageError(msg, remedy="name another file, or add --force to replace it")
