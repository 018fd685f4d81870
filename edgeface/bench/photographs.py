"""Photographs for timing what lies before and after the network: the user's own, or drawn ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeface.datasets.drawn.person import draw_people
from edgeface.datasets.drawn.scene import draw_photograph
from edgeface.errors import UsageError
from edgeface.images import SUFFIXES, Picture, read_bytes

MOST = 32
DRAWN = 8
_DRAWN_SIZE = (480, 640)  # what a camera gives
_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture as it lies on a disk, in memory.

    Attributes:
        name: For the errors.
        data: The bytes of a JPEG, PNG or any other file that `edgeface.images` reads.
    """

    name: str
    data: bytes


def read_photographs(given: Sequence[Path], most: int = MOST) -> tuple[Photograph, ...]:
    """Read pictures and folders of them.

    Args:
        given: Files and folders.
        most: Of so many at most; of more, some are taken at even distances, for a folder's first
            ones are often of one person.

    Raises:
        UsageError: Something is not there, or there is no picture in a folder.
        InputError: A file cannot be read.
    """
    files = [file for path in given for file in _files(path)]
    chosen = np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int)
    return tuple(Photograph(str(files[i]), read_bytes(files[i])) for i in chosen)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        msg = f"{path}: no such picture or folder"
        raise UsageError(msg, remedy="name photographs, or leave it out: some are drawn then")
    if not path.is_dir():
        return [path]
    found = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        msg = f"{path}: a folder without pictures"
        raise UsageError(msg, remedy="name a folder that holds photographs with faces")
    return found


def drawn_photographs(seed: int = 0, count: int = DRAWN) -> tuple[Photograph, ...]:
    """Draw people before a camera, 640x480, as JPEG; the same for the same seed.

    Args:
        seed: Of who and how.
        count: How many, each of somebody else.
    """
    rng = np.random.default_rng(seed)
    return tuple(
        Photograph(f"drawn {number}", _jpeg(draw_photograph(person, rng, _DRAWN_SIZE)[0]))
        for number, person in enumerate(draw_people(count, seed))
    )


def _jpeg(picture: Picture) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done
    return data.tobytes()
