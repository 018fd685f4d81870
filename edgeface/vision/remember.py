"""Faces that were found once, kept on disk: a second look at the same photographs finds them there.

Finding faces is what takes long when several networks are trained on one folder. What is kept is
what a detector answered, a line a picture, under the checksum of the picture's pixels: a photograph
that was changed, renamed or copied cannot be taken for another. A file holds the answers of one
detector as it is here (its kind, its model file, the versions of OpenCV and of edgeface), so that
an update asks anew. Lines are written one by one: a search that was cut off goes on where it was.
"""

import contextlib
import hashlib
import json
import platform
from pathlib import Path
from typing import Any

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np

from edgeface import __version__, records, sealed
from edgeface.errors import EdgefaceError, InputError, UsageError
from edgeface.geometry import Detections
from edgeface.vision.detect import Detector

SCHEMA = 1


class Remembering:
    """A detector that asks another one only about pictures that it has not seen yet.

    Args:
        detector: The one that is asked.
        folder: Where answers are kept; it is made with the first of them.
        model: The detector's model file, where it has one.

    Raises:
        UsageError: ``folder`` is a file.
        EdgefaceError: What is kept there cannot be read.
    """

    def __init__(self, detector: Detector, folder: Path, model: Path | None = None) -> None:
        if folder.exists() and not folder.is_dir():
            msg = f"--cache {folder}: a file, not a folder"
            raise UsageError(msg, remedy="name a folder; it is made where there is none")
        self._detector = detector
        head = json.dumps(_facts(detector.name, model), sort_keys=True) + "\n"
        digest = hashlib.sha256(head.encode()).hexdigest()
        self._path = folder / f"faces-{detector.name}-{digest[:16]}.jsonl"
        self._known, self._before = _kept(self._path, head)

    @property
    def name(self) -> str:
        """See `Detector.name`."""
        return self._detector.name

    def __len__(self) -> int:
        return len(self._known)

    def detect(self, picture: Picture) -> Detections:
        """See `Detector.detect`.

        Raises:
            DetectorError: OpenCV failed on this picture.
            EdgefaceError: The answer could not be kept.
        """
        key = _key(picture)
        if key not in self._known:
            found = self._detector.detect(picture)
            self._keep(key, found)
            return found
        values = np.frombuffer(self._known[key], np.float32).reshape(-1, 5)
        return Detections(values[:, :4].copy(), values[:, 4].copy())

    def _keep(self, key: str, found: Detections) -> None:
        line = {"picture": key, "boxes": found.boxes.tolist(), "scores": found.scores.tolist()}
        text = self._before + json.dumps(line, allow_nan=False) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            msg = f"{self._path}: found faces cannot be kept ({error.strerror})"
            raise EdgefaceError(
                msg, remedy="free some space, name another --cache, or leave it out"
            ) from error
        self._before, self._known[key] = "", _packed(found)


def _facts(name: str, model: Path | None) -> dict[str, Any]:
    """What the answers of a detector depend on, beside the picture."""
    return {
        "schema": SCHEMA,
        "edgeface": __version__,
        "detector": name,
        "model": sealed.sha256(model) if model else None,
        "opencv": cv2.__version__,
        "machine": platform.machine(),
    }


def _key(picture: Picture) -> str:
    shape = "x".join(map(str, picture.shape))
    return f"{shape}:{hashlib.sha256(np.ascontiguousarray(picture).data).hexdigest()}"


def _packed(found: Detections) -> bytes:
    return np.column_stack([found.boxes, found.scores]).astype(np.float32).tobytes()


def _kept(path: Path, head: str) -> tuple[dict[str, bytes], str]:
    """What stands in a file, and what has to be written before the next line of it.

    Whatever is no answer, such as a line that a kill has cut off, is passed over: its picture is
    searched again.

    Returns:
        Shape and checksum of a picture → boxes and scores, packed.
    """
    known: dict[str, bytes] = {}
    if not path.exists():
        return known, head
    line = "\n"
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                with contextlib.suppress(InputError, KeyError, TypeError, ValueError):
                    answer = records.from_json(line, str(path), InputError)
                    boxes = np.asarray(answer["boxes"], np.float32).reshape(-1, 4)
                    found = Detections(boxes, np.asarray(answer["scores"], np.float32))
                    known[str(answer["picture"])] = _packed(found)
    except OSError as error:
        msg = f"{path}: faces found earlier cannot be read ({error.strerror})"
        raise EdgefaceError(msg, remedy="name another --cache, or leave it out") from error
    return known, "" if line.endswith("\n") else "\n"
