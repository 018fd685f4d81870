"""Which pictures are trained on and which are held back, and the record of it: ``split.json``."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edgeface import records
from edgeface.datasets.folder import Photo
from edgeface.errors import BundleError, UsageError

SCHEMA = 1
FILE = "split.json"

Side = Literal["training", "validation", "left out"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one photograph.

    Attributes:
        name: ``Person/file.jpg``.
        label: The person.
        sha256: Of the file.
        side: ``training``, ``validation`` or ``left out``.
        reason: Why it was left out; empty otherwise.
        box: The face that was cropped, xyxy in pixels; None where the whole picture was taken.
    """

    name: str
    label: str
    sha256: str
    side: Side
    reason: str = ""
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """``split.json``, schema 1.

    Attributes:
        schema: 1.
        seed: Of the draw.
        validation: Share of every person's pictures that was held back.
        files: Every picture that was looked at, sorted by name.
    """

    schema: int
    seed: int
    validation: float
    files: tuple[Entry, ...]

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


def draw_sides(photos: Sequence[Photo], validation: float, seed: int) -> list[Side]:
    """Hold a share of every person's pictures back, by a seeded draw.

    Copies of one file stay together on one side: a picture that was trained on must not be
    validated on because it was saved twice.

    Args:
        photos: At least two different ones of every person.
        validation: Share, 0 to 1; at least one picture of each person stands on either side.
        seed: Of the draw. It does not depend on the order of ``photos``.

    Raises:
        UsageError: The share is not between 0 and 1.
    """
    check_share(validation)
    groups: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, photo in enumerate(photos):
        groups[photo.label][photo.sha256].append(i)
    sides: list[Side] = ["training"] * len(photos)
    for label in sorted(groups):
        digests = sorted(groups[label])
        order = np.random.default_rng([seed, *label.encode()]).permutation(len(digests))
        pictures = sum(len(groups[label][d]) for d in digests)
        wanted = min(max(1, round(validation * pictures)), pictures - 1)
        held = 0
        for position in order[: len(digests) - 1]:
            members = groups[label][digests[position]]
            if held and held + len(members) > wanted:
                continue
            for i in members:
                sides[i] = "validation"
            held += len(members)
            if held >= wanted:
                break
    return sides
