"""Which side of a split each picture stands on: as published, or as a run has drawn it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeface import records
from edgeface.datasets.photos import Photos
from edgeface.datasets.split import FILE, SCHEMA, Side, Split
from edgeface.errors import BundleError, InputError, UsageError


@dataclass(frozen=True, slots=True)
class Sides:
    """A split of a data set.

    Attributes:
        source: ``official``, or where the record of it stands.
        of: Name → side.
        missing: How many pictures of the record are not in the data set.
    """

    source: str
    of: Mapping[str, Side]
    missing: int = 0


def published(photos: Photos) -> Sides | None:
    """The sides of a set that is split already; None where it is not."""
    return Sides("official", dict(photos.official)) if photos.official else None


def recorded(place: Path, names: Collection[str]) -> Sides:
    """The sides that a run has drawn.

    Args:
        place: The run's folder, or a ``split.json``.
        names: Of the pictures that are there.

    Raises:
        UsageError: There is no such file.
        BundleError: It is no split.
        InputError: It is the split of other pictures.
    """
    path = place / FILE if place.is_dir() else place
    if not path.is_file():
        msg = f"{place}: no run and no {FILE}"
        raise UsageError(msg, remedy="name the folder of a run, as edgeface train wrote it")
    split = _read(path)
    there = set(names)
    of = {entry.name: entry.side for entry in split.files if entry.name in there}
    if not of:
        msg = f"{path}: the split of other pictures; none of its {len(split.files)} names is here"
        raise InputError(msg, remedy="name the data set that the run was trained on")
    return Sides(str(place), of, len(split.files) - len(of))


def _read(path: Path) -> Split:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read as a split ({error})"
        raise BundleError(msg, remedy="name the folder of a run") from error
    data = records.from_json(text, str(path), BundleError)
    records.check_schema(data, SCHEMA, str(path), BundleError)
    return records.build(Split, data, str(path), BundleError)
