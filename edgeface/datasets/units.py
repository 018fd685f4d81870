"""What a split cannot take apart: copies, near-duplicates, and those that join two classes."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.folder import Photo
from edgeface.errors import InputError


@dataclass(frozen=True, slots=True)
class Unit:
    """Pictures that stay together.

    Attributes:
        key: The smallest of their checksums: it does not depend on their order.
        members: Their positions.
        labels: Label → how many of them, sorted.
    """

    key: str
    members: tuple[int, ...]
    labels: Mapping[str, int]


def units_of(
    photos: Sequence[Photo], groups: Sequence[int] | NDArray[np.intp] | None
) -> list[Unit]:
    """Pictures joined by their group and by their checksum, sorted by key."""
    parent = list(range(len(photos)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[Hashable, int] = {}
    for i, photo in enumerate(photos):
        same = [photo.sha256] if groups is None else [photo.sha256, int(groups[i])]
        for mark in same:
            parent[root(i)] = root(first.setdefault(mark, i))
    joined: dict[int, list[int]] = defaultdict(list)
    for i in range(len(photos)):
        joined[root(i)].append(i)
    found = [
        Unit(
            min(photos[i].sha256 for i in members),
            tuple(members),
            dict(sorted(Counter(photos[i].label for i in members).items())),
        )
        for members in joined.values()
    ]
    return sorted(found, key=lambda unit: unit.key)


def check_enough_units(units: Sequence[Unit], sides: int) -> None:
    """Say which class cannot stand on every side.

    Raises:
        InputError: It has fewer units than there are sides.
    """
    there = Counter(label for unit in units for label in unit.labels)
    for label in sorted(there):
        if there[label] < sides:
            pictures = sum(unit.labels.get(label, 0) for unit in units)
            raise _too_few(label, pictures, there[label], sides)


def _too_few(label: str, pictures: int, units: int, sides: int) -> InputError:
    msg = (
        f"{label!r}: {pictures} pictures, but only {units} once copies and near-duplicates are "
        f"taken together; {sides} are the least, one a side of the split"
    )
    remedy = f"add different pictures of {label!r}, or leave it out with --people"
    return InputError(msg, remedy=remedy)
