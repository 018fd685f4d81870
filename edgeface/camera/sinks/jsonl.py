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

Every face of every frame has its line. Frames without a face have one only when the frame before
had a face, or was the first.
"""

import json
import math
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edgeface.camera.frame import Result
from edgeface.errors import EdgefaceError, UsageError
from edgeface.vision.decide import NOBODY
from edgeface.vision.pipeline import Face

SCHEMA = 1


class JsonLines:
    """Writes events to a file, one whole line at a time.

    Args:
        path: The file.
        force: Replace what is there.
    """

    def __init__(self, path: Path, *, force: bool = False) -> None:
        self.path = path
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
        if result.seen.nobody and self._nobody:
            return
        self._nobody = result.seen.nobody
        faces: tuple[Face | None, ...] = result.seen.faces or (None,)
        for face in faces:
            line = json.dumps(_event(result, face), ensure_ascii=False, allow_nan=False)
            # Of a file name that is no UTF-8 Python makes halves of characters: JSON escapes them.
            self._write(line.encode(errors="backslashreplace") + b"\n")

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


def _event(result: Result, face: Face | None) -> dict[str, Any]:
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
    return event | {
        "box": list(face.box),
        "name": decision.name,
        "nearest": decision.nearest,
        "score": score,
        "threshold": round(decision.threshold, 6),
    }


def check_events(path: Path, *, force: bool) -> None:
    """Say before the loop that events cannot be written there.

    Raises:
        UsageError: Something is there and ``force`` is off, or it is a folder.
    """
    if path.is_dir() or (os.path.lexists(path) and not force):
        msg = f"{path} exists already"
        raise UsageError(msg, remedy="name another file, or add --force to replace it")
