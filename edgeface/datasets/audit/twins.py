"""Pictures that are there more than once: copies, near-duplicates, and where they must not be."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.audit.findings import Finding, Item, Kind
from edgeface.datasets.audit.hashes import likeness, near_groups
from edgeface.datasets.audit.survey import Survey
from edgeface.datasets.folder import Photo
from edgeface.datasets.split import Side

HELD_BACK: tuple[Side, ...] = ("validation", "test")
_BLOCK = 256  # pictures of a group that are held against its others at a time


@dataclass(frozen=True, slots=True)
class Leak:
    """How far the held-back side of a split is known from the training side.

    Attributes:
        training: Training pictures that have a copy or a near-duplicate held back.
        of_training: Training pictures in all.
        held_back: Pictures held back that have one among the training pictures.
        of_held_back: Pictures held back in all.
    """

    training: int
    of_training: int
    held_back: int
    of_held_back: int


def find_twins(
    survey: Survey, sides: Mapping[str, Side] | None
) -> tuple[list[Finding], Leak | None]:
    """Find what is there more than once.

    Args:
        survey: The pictures.
        sides: Name → side; a picture that has none takes no part in the split. None: no split.

    Returns:
        The findings, and what leaks where there is a split.
    """
    twins = _Twins(survey, sides or {})
    for members in _groups(near_groups(survey.hashes)):
        twins.add(members)
    return twins.findings(), None if sides is None else twins.leak()


def _groups(numbers: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The members of each group that has several."""
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    return [part for part in np.split(order, starts[1:]) if len(part) > 1]


class _Twins:
    """Collects the cases of each kind, a group at a time."""

    def __init__(self, survey: Survey, sides: Mapping[str, Side]) -> None:
        self._photos = [seen.photo for seen in survey.seen]
        self._hashes = survey.hashes
        self._sides = [sides.get(photo.name) for photo in self._photos]
        self._items: dict[Kind, list[Item]] = defaultdict(list)
        self._about: dict[Kind, set[int]] = defaultdict(set)
        self._leaking: set[int] = set()

    def add(self, members: NDArray[np.intp]) -> None:
        """Take a group of near-duplicates up."""
        by_file: dict[str, list[int]] = defaultdict(list)
        by_label: dict[str, list[int]] = defaultdict(list)
        for i in members.tolist():
            by_file[self._photos[i].sha256].append(i)
            by_label[self._photos[i].label].append(i)
        for same in by_file.values():
            self._add_copies(same)
        for own in by_label.values():
            first = self._photos[own[0]].sha256
            others = [i for i in own if self._photos[i].sha256 != first]
            if others:
                self._add("near", own, *self._closest(own[:1], others)[0])
        if len(by_label) > 1 and len(by_file) > 1:
            self._add_two_labels(list(by_label.values()))
        self._add_leaks(members.tolist())

    def _add_copies(self, same: Sequence[int]) -> None:
        labels: dict[str, list[int]] = defaultdict(list)
        for i in same:
            labels[self._photos[i].label].append(i)
        for own in labels.values():
            if len(own) > 1:
                self._add("copy", own, own[0], own[1], 1.0)
        if len(labels) > 1:
            first, second, *_ = (own[0] for own in labels.values())
            self._add("contradiction", same, first, second, 1.0)

    def _add_two_labels(self, by_label: Sequence[Sequence[int]]) -> None:
        first, *rest = by_label
        others = [i for own in rest for i in own]
        closest = max(self._closest(first, others), key=lambda found: found[2])
        self._add("two_labels", [*first, *others], *closest)

    def _add_leaks(self, members: Sequence[int]) -> None:
        training = [i for i in members if self._sides[i] == "training"]
        held = [i for i in members if self._sides[i] in HELD_BACK]
        if training and held:
            self._leaking.update(training)
            for i, j, alike in self._closest(held, training):
                self._add("leak", [i], i, j, alike)

    def _closest(self, some: Sequence[int], others: Sequence[int]) -> list[tuple[int, int, float]]:
        """For each of some, the other that is most like it, and how much."""
        found = []
        for at in range(0, len(some), _BLOCK):
            part = some[at : at + _BLOCK]
            alike = likeness(self._hashes[list(part)], self._hashes[list(others)])
            best = alike.argmax(axis=1)
            found += [
                (i, others[j], float(row[j])) for i, j, row in zip(part, best, alike, strict=True)
            ]
        return found

    def _add(self, kind: Kind, about: Sequence[int], i: int, j: int, alike: float) -> None:
        rest = [k for k in about if k not in (i, j)]
        names = tuple(self._photos[k].name for k in (i, j, *rest))
        said = _said(self._photos[i], self._photos[j], alike)
        self._items[kind].append(Item(names, said, round(alike, 4)))
        self._about[kind].update(about)

    def findings(self) -> list[Finding]:
        """All that was found, of each kind what is most alike first."""
        return [
            Finding(
                kind,
                len(self._about[kind]),
                tuple(sorted(items, key=lambda item: (-(item.alike or 0), item.names))),
            )
            for kind, items in self._items.items()
        ]

    def leak(self) -> Leak:
        """How far the split leaks."""
        return Leak(
            len(self._leaking),
            self._sides.count("training"),
            len(self._about["leak"]),
            sum(side in HELD_BACK for side in self._sides),
        )


def _said(one: Photo, other: Photo, alike: float) -> str:
    labels = "" if one.label == other.label else f", {one.label} and {other.label}"
    if one.sha256 == other.sha256:
        return f"the same file{labels}"
    return f"alike {alike:.3f}{labels}"
