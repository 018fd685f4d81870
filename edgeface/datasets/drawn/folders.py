"""A data set of drawn people: photographs that the program makes itself, a folder per person.

::

    faces/
      Ari/000.jpg …     photographs of people to know
      Bo/000.jpg …
      .drawn.json       the seed, and the box of the face in every photograph; schema 1
    faces-strangers/    the same, of people to answer `unknown` to
"""

import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from edgeface import records
from edgeface.datasets.drawn.person import Person, draw_people
from edgeface.datasets.drawn.scene import draw_photograph
from edgeface.errors import EdgefaceError, InputError, UsageError

SCHEMA = 1
MANIFEST = ".drawn.json"
MAX_PEOPLE = 200
MAX_PICTURES = 10_000

T = TypeVar("T")
Through = Callable[[Sequence[T], str], Iterable[T]]


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A photograph of a drawn data set.

    Attributes:
        file: ``Person/000.jpg``, below the data set's root.
        box: The face, xyxy in pixels (see `edgeface.geometry.Detections`).
    """

    file: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Drawn:
    """``.drawn.json``, schema 1.

    Attributes:
        schema: 1.
        seed: Of the draw.
        people: Names, in the order in which they were drawn.
        pictures: Every photograph.
    """

    schema: int
    seed: int
    people: tuple[str, ...]
    pictures: tuple[DrawnPicture, ...]


def cast(people: int, strangers: int, seed: int) -> tuple[list[Person], list[Person]]:
    """The people of a seed, and strangers who look like none of them.

    The same people for the same seed, however many strangers there are.

    Raises:
        UsageError: Fewer than one person, or more than `MAX_PEOPLE` in all.
    """
    if people < 1 or strangers < 0 or people + strangers > MAX_PEOPLE:
        msg = f"{people} people and {strangers} strangers: 1 to {MAX_PEOPLE} in all can be drawn"
        raise UsageError(msg)
    known = draw_people(people, seed)
    return known, draw_people(strangers, seed + 1, unlike=known)


def strangers_folder(folder: Path) -> Path:
    """Where the strangers of a data set lie: beside it, so that nobody trains on them."""
    return folder.with_name(f"{folder.name}-strangers")


def check_free(folder: Path, *, force: bool) -> None:
    """Say before drawing that there is no place, or that somebody else's files stand there.

    Raises:
        UsageError: ``folder`` exists and ``force`` is off, or it holds more than what was drawn.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if not force:
        msg = f"{folder} exists already"
        raise UsageError(msg, remedy="name another folder, or add --force to draw it anew")
    if folder.is_symlink() or not folder.is_dir():
        msg = f"{folder} is no folder that edgeface drew and is left alone, even with --force"
        raise UsageError(msg, remedy="name another folder")
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    ours = {MANIFEST}
    if (folder / MANIFEST).is_file():
        ours |= {picture.file for picture in read_drawn(folder).pictures}
    if there - ours:
        msg = f"{folder} holds what edgeface did not draw ({min(there - ours)}) and is left alone"
        raise UsageError(msg, remedy="name another folder, or move your files out of this one")


def read_drawn(folder: Path) -> Drawn:
    """What ``.drawn.json`` says of a drawn data set.

    Raises:
        InputError: It is missing or not of schema 1.
    """
    path = folder / MANIFEST
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error})"
        raise InputError(msg) from error
    data = records.from_json(text, str(path), InputError)
    records.check_schema(data, SCHEMA, str(path), InputError)
    return records.build(Drawn, data, str(path), InputError)


def write_dataset(
    folder: Path,
    *,
    people: int = 4,
    pictures: int = 60,
    strangers: int = 0,
    seed: int = 0,
    force: bool = False,
    through: Through[tuple[Person, int]] | None = None,
) -> tuple[Drawn, Drawn | None]:
    """Draw a data set, whole or not at all.

    Picture ``n`` of a person is the same however many others are drawn.

    Args:
        folder: Its place; strangers go to `strangers_folder`.
        people: How many to know.
        pictures: How many photographs of each.
        strangers: How many others.
        seed: Of everything.
        force: Replace a data set that was drawn before.
        through: Goes through a list and says how far it is, as `edgeface.cli.output.track`.

    Returns:
        What was drawn: the people, and the strangers if there are any.

    Raises:
        UsageError: A number is out of range, or the place is taken (see `check_free`).
        EdgefaceError: The disk is full or cannot be written.
    """
    if not 1 <= pictures <= MAX_PICTURES:
        msg = f"{pictures} pictures a person: 1 to {MAX_PICTURES} can be drawn"
        raise UsageError(msg)
    known, others = cast(people, strangers, seed)
    places = [folder, strangers_folder(folder)][: 2 if others else 1]
    for place in places:
        check_free(place, force=force)
    with _all_or_none(places) as beside:
        shots = [(p, n) for p in [*known, *others] for n in range(pictures)]
        drawn: dict[str, list[DrawnPicture]] = {}
        for person, n in through(shots, "drawing") if through else shots:
            root = beside[0] if person in known else beside[1]
            drawn.setdefault(person.name, []).append(_write(root, person, n, seed))
        return (
            _write_manifest(beside[0], known, drawn, seed),
            _write_manifest(beside[1], others, drawn, seed) if others else None,
        )


@contextlib.contextmanager
def _all_or_none(places: Sequence[Path]) -> Iterator[list[Path]]:
    """Folders to fill, which take their places together when the block ends without an error."""
    mark = secrets.token_hex(4)
    beside = [p.with_name(f".{p.name}.{mark}") for p in places]
    old = [p.with_name(f".{p.name}.{mark}.old") for p in places]
    try:
        for folder in beside:
            folder.mkdir(parents=True)
        yield beside
        for place, folder, aside in zip(places, beside, old, strict=True):
            if place.exists():
                place.rename(aside)
            folder.rename(place)
    except OSError as error:
        msg = (
            f"{places[0]} could not be written ({error.strerror or error}); nothing was left behind"
        )
        raise EdgefaceError(msg, remedy="free some space, or name another folder") from error
    finally:
        for place, aside in zip(places, old, strict=True):
            if not place.exists() and aside.exists():
                aside.rename(place)
        for folder in [*beside, *old]:
            shutil.rmtree(folder, ignore_errors=True)


def _write(root: Path, person: Person, number: int, seed: int) -> DrawnPicture:
    # The name is part of the seed, so that everybody's pictures are drawn independently.
    rng = np.random.default_rng([seed, number, *person.name.encode()])
    picture, box = draw_photograph(person, rng)
    quality = int(rng.integers(78, 96))
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    path = root / person.name / f"{number:03d}.jpg"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data.tobytes())
    x0, y0, x1, y1 = (round(float(v), 1) for v in box)
    return DrawnPicture(path.relative_to(root).as_posix(), (x0, y0, x1, y1))


def _write_manifest(
    root: Path, people: list[Person], drawn: dict[str, list[DrawnPicture]], seed: int
) -> Drawn:
    names = tuple(p.name for p in people)
    listed = tuple(picture for name in names for picture in drawn[name])
    manifest = Drawn(SCHEMA, seed, names, listed)
    (root / MANIFEST).write_text(records.to_json(records.plain(manifest)), "utf-8")
    return manifest
