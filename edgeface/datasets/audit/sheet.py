"""The worst of a data set on one picture: pairs side by side, with names and what is wrong."""

import unicodedata
from collections.abc import Sequence

from edgeface.datasets.audit.findings import Finding, Item
from edgeface.datasets.photos import Photos
from edgeface.errors import InputError
from edgeface.images import Picture  # before OpenCV: it silences it

# isort: split
import cv2
import numpy as np

WIDTH_PX = 1552  # four pairs
TILE_PX = 180  # side of a picture
MOST_CASES = 12  # of a finding
_GAP_PX = 8
_LINE_PX = 16
_HEAD_PX = 34
_SIZE, _HEAD_SIZE = 0.42, 0.6
_PAPER, _INK, _FAINT, _RED = (255, 255, 255), (36, 31, 28), (224, 218, 212), (40, 40, 190)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_sheet(photos: Photos, findings: Sequence[Finding]) -> Picture:
    """Draw the worst cases of every finding that is about pictures.

    Args:
        photos: Where they are; the few that are shown are read again.
        findings: The gravest first.

    Returns:
        (height, `WIDTH_PX`, 3) uint8, blue-green-red.
    """
    there = {name for names in photos.people.values() for name in names}
    rows: list[Picture] = []
    for finding in findings:
        items = [item for item in finding.items if item.names[0] in there]
        if items:
            rows.append(_head(finding, min(len(items), MOST_CASES)))
            rows += _wrapped([_tile(photos, item) for item in items[:MOST_CASES]])
    return np.concatenate(rows or [_line("nothing is wrong with the pictures")])


def encode_sheet(sheet: Picture) -> bytes:
    """The bytes of a PNG file."""
    done, data = cv2.imencode(".png", sheet)
    if not done:
        msg = "OpenCV cannot write PNG"
        raise RuntimeError(msg)
    return bytes(data)


def _head(finding: Finding, shown: int) -> Picture:
    more = "" if shown == len(finding.items) else f"; {shown} of {len(finding.items)} cases shown"
    return _line(f"{finding.title}: {finding.pictures} pictures{more}")


def _line(text: str) -> Picture:
    bar = _blank(_HEAD_PX, WIDTH_PX)
    bar[:2] = _FAINT
    _write(bar, text, (_GAP_PX, _HEAD_PX - 10), _HEAD_SIZE)
    return bar


def _wrapped(tiles: Sequence[Picture]) -> list[Picture]:
    """Tiles from left to right, in as many rows as they need."""
    rows: list[Picture] = []
    at = WIDTH_PX
    for tile in tiles:
        if at + tile.shape[1] > WIDTH_PX:
            rows.append(_blank(tile.shape[0], WIDTH_PX))
            at = _GAP_PX
        rows[-1][:, at : at + tile.shape[1]] = tile
        at += tile.shape[1]
    return rows


def _tile(photos: Photos, item: Item) -> Picture:
    """Its first two pictures, or its only one, the name below each, and what is wrong below."""
    names = item.names[:2]
    wide = (TILE_PX + _GAP_PX) * len(names) + _GAP_PX
    tile = _blank(TILE_PX + 4 * _LINE_PX + _GAP_PX, wide)
    for i, name in enumerate(names):
        left = i * (TILE_PX + _GAP_PX)
        tile[:TILE_PX, left : left + TILE_PX] = _small(photos, name)
        folder, _, file = name.rpartition("/")
        for line, part in enumerate((folder, file)):
            _write_within(tile, part, left, TILE_PX + (line + 1) * _LINE_PX, TILE_PX)
    more = f", with {len(item.names) - 2} more" if len(item.names) > 2 else ""
    room = wide - 2 * _GAP_PX
    said = item.detail + more
    _write_within(tile, said, 0, TILE_PX + 3 * _LINE_PX, room, is_name=False)
    return tile


def _small(photos: Photos, name: str) -> Picture:
    """A picture within a square, its edges left free."""
    square = np.full((TILE_PX, TILE_PX, 3), _FAINT, np.uint8)
    try:
        picture = photos.picture(name)
    except InputError:
        cv2.line(square, (0, 0), (TILE_PX, TILE_PX), _RED, 2, cv2.LINE_AA)
        cv2.line(square, (0, TILE_PX), (TILE_PX, 0), _RED, 2, cv2.LINE_AA)
        return square
    by = TILE_PX / max(picture.shape[:2])
    rows, columns = (max(1, round(side * by)) for side in picture.shape[:2])
    way = cv2.INTER_AREA if by < 1 else cv2.INTER_LINEAR
    top, left = (TILE_PX - rows) // 2, (TILE_PX - columns) // 2
    square[top : top + rows, left : left + columns] = cv2.resize(
        picture, (columns, rows), interpolation=way
    )
    return square


def _blank(rows: int, columns: int) -> Picture:
    return np.full((rows, columns, 3), _PAPER, np.uint8)


def _write_within(
    on: Picture, text: str, left: int, bottom: int, room: int, *, is_name: bool = True
) -> None:
    """Write a line; one that is too long is cut, a name in the middle: names differ at the ends."""
    text = _ascii(text)
    short, kept = text, len(text)
    while kept > 4 and cv2.getTextSize(short, _FONT, _SIZE, 1)[0][0] > room:
        kept -= 1
        begun = kept // 3 if is_name else kept
        short = f"{text[:begun]}..{text[len(text) - (kept - begun) :]}"
    _write(on, short, (left, bottom), _SIZE, _INK if is_name else _RED)


def _write(
    on: Picture, text: str, at: tuple[int, int], size: float, ink: tuple[int, int, int] = _INK
) -> None:
    cv2.putText(on, _ascii(text), at, _FONT, size, ink, 1, cv2.LINE_AA)


def _ascii(text: str) -> str:
    """OpenCV's font has no other letters."""
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return kept.encode("ascii", "replace").decode()
