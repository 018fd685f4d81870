"""Drawing what was seen onto a copy of the frame: boxes, names, the age of the frame."""

import unicodedata
from collections import deque
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from edgeface.camera.frame import Result
from edgeface.images import Picture
from edgeface.vision.decide import UNKNOWN, Decision
from edgeface.vision.pipeline import Face

# Blue-green-red; told apart by every kind of colour vision (Okabe and Ito: bluish green, orange).
NAMED = (115, 158, 0)
STRANGER = (0, 159, 230)
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX

Labelled = tuple[Sequence[float], str, tuple[int, int, int]]

# OpenCV's fonts hold ASCII only. What Unicode does not take apart by itself is spelled out here.
_SPELLED: dict[str, str | int | None] = {
    **dict(zip("äöüÄÖÜß", ["ae", "oe", "ue", "Ae", "Oe", "Ue", "ss"], strict=True)),
    **dict(zip("æÆœŒþÞ", ["ae", "Ae", "oe", "Oe", "th", "Th"], strict=True)),
    **dict(zip("øØłŁđĐðÐ\u0131", "oOlLdDdDi", strict=True)),
    **dict(zip("\u2018\u2019\u201c\u201d\u2013\u2014", "''\"\"--", strict=True)),
}
_TABLE = str.maketrans(_SPELLED)


def in_ascii(text: str) -> str:
    """A name in the letters that OpenCV can draw: ``Jörg`` → ``Joerg``, ``Chloé`` → ``Chloe``.

    What cannot be spelled with them becomes ``?``, one for each character.
    """
    spelled = unicodedata.normalize("NFC", text).translate(_TABLE)
    apart = unicodedata.normalize("NFKD", spelled)
    letters = (c for c in apart if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" else "?" for c in letters)


class Overlay:
    """Draws results and knows how many of them come a second, over the last thirty."""

    def __init__(self) -> None:
        self._decided_ns: deque[int] = deque(maxlen=30)

    def __call__(self, result: Result) -> Picture:
        """See `draw`."""
        self._decided_ns.append(result.decided_ns)
        span = self._decided_ns[-1] - self._decided_ns[0]
        return draw(result, (len(self._decided_ns) - 1) * 1e9 / span if span > 0 else None)


def draw(result: Result, fps: float | None = None) -> Picture:
    """Draw a result onto a copy of its frame.

    Args:
        result: What was seen.
        fps: Frames per second of the loop; None leaves it out.

    Returns:
        (height, width, 3) uint8 of the frame's size.
    """
    canvas = draw_faces(result.frame.picture, result.seen.faces)
    age = f"{result.age_ns / 1e6:.0f} ms old"
    status = age if fps is None else f"{age}  {fps:.1f} fps"
    if result.seen.nobody:
        status += "  nobody"
    _label(canvas, status, 0, 0, _BLACK, _unit(canvas))
    return canvas


def draw_faces(picture: Picture, faces: Iterable[Face]) -> Picture:
    """Draw the boxes of faces, and what is said of each, onto a copy of a picture.

    Args:
        picture: (height, width, 3) uint8, blue-green-red.
        faces: What was seen on it.
    """
    return draw_boxes(
        picture,
        ((f.box, _of(f), STRANGER if f.decision.name == UNKNOWN else NAMED) for f in faces),
    )


def draw_boxes(picture: Picture, boxes: Iterable[Labelled]) -> Picture:
    """Draw boxes and a label for each onto a copy of a picture.

    Args:
        picture: (height, width, 3) uint8, blue-green-red.
        boxes: Of each xyxy in pixels, its label, and its colour, blue-green-red.
    """
    canvas = picture.copy()
    unit = _unit(canvas)
    for box, text, colour in boxes:
        x0, y0, x1, y1 = (round(v) for v in box)
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour, max(1, round(2 * unit)))
        _label(canvas, text, x0, y0, colour, unit)
    return canvas


def _unit(canvas: Picture) -> float:
    """What lines and letters are scaled by: 1 at 640x480."""
    return float(max(canvas.shape[0], canvas.shape[1] * 3 // 4) / 480)


def _of(face: Face) -> str:
    """What is said of a face; a question mark where too little was seen to say anything."""
    if face.tracked is not None and not face.tracked.settled:
        return "?"
    return _said(face.decision)


def _said(decision: Decision) -> str:
    """The name and its score. Of `unknown` no score: that one belongs to the nearest name."""
    if not np.isfinite(decision.score):
        return f"{in_ascii(decision.name)}, no score"
    if decision.name == UNKNOWN:
        return UNKNOWN
    # Only a probability is a share of a hundred.
    form = ".0%" if decision.by == "maximum" else ".2f"
    return f"{in_ascii(decision.name)} {decision.score:{form}}"


def _label(
    canvas: Picture, text: str, x: int, y: int, colour: tuple[int, int, int], unit: float
) -> None:
    """Text on a filled ground above (x, y), pushed inside where it would leave the picture."""
    scale, thickness, pad = 0.55 * unit, max(1, round(unit)), max(2, round(4 * unit))
    (width, height), below = cv2.getTextSize(text, _FONT, scale, thickness)
    rows, columns = canvas.shape[:2]
    left = max(0, min(x, columns - width - 2 * pad))
    top = max(0, min(y - height - below - 2 * pad, rows - height - below - 2 * pad))
    corner = (left + width + 2 * pad, top + height + below + 2 * pad)
    cv2.rectangle(canvas, (left, top), corner, colour, cv2.FILLED)
    ink = _WHITE if sum(colour) < 200 else _BLACK
    at = (left + pad, top + pad + height)
    cv2.putText(canvas, text, at, _FONT, scale, ink, thickness, cv2.LINE_AA)
