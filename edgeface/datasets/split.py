"""Which pictures are trained on and which are held back, and the record of it: ``split.json``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface import records
from edgeface.datasets.folder import Photo
from edgeface.datasets.placing import place
from edgeface.datasets.sides import OfficialSide
from edgeface.datasets.units import units_of
from edgeface.errors import BundleError, InputError, UsageError

SCHEMA = 1
FILE = "split.json"
LEAKS = "a near-duplicate is held back"  # the reason of what `official_sides` leaves out

Side = Literal["training", "validation", "test", "left out"]

_SIDES: tuple[Side, ...] = ("training", "validation", "test")


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one photograph.

    Attributes:
        name: ``Person/file.jpg``.
        label: The person.
        sha256: Of the file.
        side: ``training``, ``validation``, ``test`` or ``left out``.
        reason: Why it was left out; empty otherwise.
        box: The face that was cropped, xyxy in pixels; None where the whole picture was taken.
        group: Number of the near-duplicates that it belongs to; None where it has none.
    """

    name: str
    label: str
    sha256: str
    side: Side
    reason: str = ""
    box: tuple[float, float, float, float] | None = None
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """``split.json``, schema 1.

    Attributes:
        schema: 1.
        seed: Of the draw.
        validation: Share of every person's pictures that was held back; of a set that was split
            already, of its training side, and 0 where nothing more was held back.
        files: Every picture that was looked at, sorted by name.
        test: Share of every person's pictures that was drawn for the test side.
        kind: ``drawn``, or ``official`` where the set was split already.
    """

    schema: int
    seed: int
    validation: float
    files: tuple[Entry, ...]
    test: float = 0.0
    kind: Literal["drawn", "official"] = "drawn"

    @classmethod
    def load(cls, folder: Path) -> "Split":
        """Read the split of a run.

        Raises:
            BundleError: It is not one that edgeface wrote.
        """
        path = folder / FILE
        data = records.from_json(path.read_text("utf-8"), str(path), BundleError)
        records.check_schema(data, SCHEMA, str(path), BundleError)
        return records.build(cls, data, str(path), BundleError)

    def side(self, side: Side) -> tuple[Entry, ...]:
        """The entries of one side."""
        return tuple(e for e in self.files if e.side == side)


def check_share(validation: float) -> None:
    """Say before a long job that nothing, or everything, would be held back.

    Raises:
        UsageError: The share is not between 0 and 1.
    """
    if not 0 < validation < 1:
        msg = f"--validation {validation}: a share between 0 and 1, 0.3 by default"
        raise UsageError(msg)


def draw_sides(
    photos: Sequence[Photo],
    validation: float,
    seed: int,
    *,
    test: float = 0.0,
    groups: Sequence[int] | NDArray[np.intp] | None = None,
) -> list[Side]:
    """Hold a share of every person's pictures back, by a seeded draw.

    Copies of one file, and the members of a group, stay together on one side: a picture that was
    trained on must not be validated on because it was saved twice. The shares come as near to what
    is asked as that allows.

    Args:
        photos: At least two different ones of every person.
        validation: Share, 0 to 1; at least one picture of each person stands on every side.
        seed: Of the draw. It does not depend on the order of ``photos``.
        test: Share of a third side, of all pictures; 0 draws none.
        groups: (n,) numbers; pictures of one number are near-duplicates.

    Raises:
        UsageError: A share is not between 0 and 1, or both together leave nothing.
        InputError: Groups leave some person no picture for one of the sides.
    """
    check_shares(validation, test)
    shares = (validation, test) if test else (validation,)
    sides: list[Side] = ["training"] * len(photos)
    for unit, side in place(units_of(photos, groups), shares, seed):
        for i in unit.members:
            sides[i] = _SIDES[side]
    return sides


def check_shares(validation: float, test: float) -> None:
    """`check_share` for both shares, of which ``test`` may be 0.

    Raises:
        UsageError: One is not between 0 and 1, or nothing would be left to train on.
    """
    check_share(validation)
    if test and not 0 < test < 1:
        msg = f"--test {test}: a share between 0 and 1, or 0 for no test side"
        raise UsageError(msg)
    if validation + test >= 1:
        msg = f"--validation {validation:g} and --test {test:g} leave nothing to train on"
        raise UsageError(msg, remedy="together they must stay below 1; 0.15 and 0.15 are usual")


def official_sides(
    photos: Sequence[Photo],
    official: Mapping[str, OfficialSide],
    validation: float | Literal["official"],
    seed: int,
    *,
    groups: Sequence[int] | NDArray[np.intp] | None = None,
    drop_leaks: bool = False,
) -> list[Side]:
    """Keep the sides of a set that is split already, and hold validation pictures back of it.

    Args:
        photos: The pictures that are used.
        official: Name → side, of every one of them (see `edgeface.datasets.photos.Photos`).
        validation: Share of the training side that is held back where the set has no validation
            side of its own; ``official`` holds nothing back and validates on the test side.
        seed: Of that draw, which is the one of `draw_sides`.
        groups: (n,) numbers; pictures of one number are near-duplicates.
        drop_leaks: Leave out (side ``left out``, reason `LEAKS`) what has a copy or a
            near-duplicate on a side that is held back longer: the test side keeps all it has, the
            validation side what the test side has not, the training side what neither has.

    Raises:
        UsageError: The share is not between 0 and 1.
        InputError: A person has no picture left to train on, or none to hold back.
    """
    if validation != "official":
        check_share(validation)
    sides: list[Side] = [official[photo.name] for photo in photos]
    if drop_leaks:
        _drop_leaks(sides, photos, groups)
    _check_training(photos, sides)
    if "validation" in sides:
        return sides
    if validation == "official":
        return ["validation" if side == "test" else side for side in sides]
    own = [i for i, side in enumerate(sides) if side == "training"]
    drawn = draw_sides(
        [photos[i] for i in own],
        validation,
        seed,
        groups=None if groups is None else [int(groups[i]) for i in own],
    )
    for i, side in zip(own, drawn, strict=True):
        sides[i] = side
    return sides


def _drop_leaks(
    sides: list[Side], photos: Sequence[Photo], groups: Sequence[int] | NDArray[np.intp] | None
) -> None:
    for unit in units_of(photos, groups):
        stays = max((sides[i] for i in unit.members), key=_SIDES.index)
        for i in unit.members:
            if sides[i] != stays:
                sides[i] = "left out"


def _check_training(photos: Sequence[Photo], sides: Sequence[Side]) -> None:
    trained = {photo.label for photo, side in zip(photos, sides, strict=True) if side == "training"}
    for photo in photos:
        if photo.label not in trained:
            msg = f"{photo.label!r} has no picture on the training side"
            remedy = "leave it out with --people, or draw another split with --split drawn"
            raise InputError(msg, remedy=remedy)


def leaks(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Names of what is trained on although a copy or a near-duplicate of it is held back."""
    held = [e for e in entries if e.side in ("validation", "test")]
    groups = {e.group for e in held if e.group is not None}
    digests = {e.sha256 for e in held}
    return tuple(
        e.name
        for e in entries
        if e.side == "training" and (e.group in groups or e.sha256 in digests)
    )
