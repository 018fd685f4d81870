"""Pictures that are searched on, and others that the result is reported on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.convert.network import Network
from edgeface.convert.sides import Sides
from edgeface.convert.source import Teller
from edgeface.datasets.split import Entry
from edgeface.errors import UsageError
from edgeface.train.run import Run


@dataclass(frozen=True, slots=True)
class Halves:
    """What a search looks at, and what it never sees.

    Attributes:
        searching: Calibration, and the pictures that every try is measured on.
        final: The same calibration, and the pictures that the files are reported on.
        of: Where they come from: ``test``, where the final ones are the run's test side and the
            searching ones its validation side; ``halves`` of the validation side otherwise.
        one_sided: How many classes have pictures in one half alone.
    """

    searching: Sides
    final: Sides
    of: Literal["test", "halves"]
    one_sided: int = 0

    @property
    def said(self) -> str:
        """In words."""
        seen, unseen = len(self.searching.truth), len(self.final.truth)
        if self.of == "test":
            return (
                f"searched on the {seen} validation pictures; reported on the {unseen} of the test "
                "side, which the search never saw"
            )
        alone = f"; {self.one_sided} classes stand in one half alone" if self.one_sided else ""
        return (
            f"searched on {seen} of the {seen + unseen} pictures held back; reported on the other "
            f"{unseen}, which the search never saw (there is no test side{alone})"
        )


def of_run(run: Run, sides: Sides, network: Network, seed: int, teller: Teller) -> Halves:
    """The pictures of a run, kept apart.

    Args:
        run: Whose pictures.
        sides: Its validation side.
        network: Of the run.
        seed: Of the division, where there is no test side.
        teller: Is told how it goes on.

    Raises:
        UsageError: There are too few to keep any apart.
    """
    if run.split.side("test"):
        pixels, truth = run.crops("test", lambda entries: teller.track(entries, "test pictures"))
        final = replace(sides, pixels=pixels, truth=truth, probs=network.infer(pixels))
        return Halves(sides, final, "test")
    groups = groups_of(run.split.side("validation"))
    return divided(sides, groups, seed)


def divided(sides: Sides, groups: NDArray[np.intp], seed: int) -> Halves:
    """Held-back pictures in two halves, a class at a time; near-duplicates stay together.

    Args:
        sides: The pictures.
        groups: (n,) numbers; pictures of one number stay together.
        seed: Of the draw.

    Raises:
        UsageError: All of them are near-duplicates of each other, or there is one alone.
    """
    first = draw(sides.truth, groups, seed)
    if first.all() or not first.any():
        msg = (
            f"{len(first)} pictures held back, near-duplicates taken together, cannot be divided "
            "into those that are searched on and those that are reported on"
        )
        remedy = "train again with --test 0.15, or with more pictures, or export without search"
        raise UsageError(msg, remedy=remedy)
    sides_of = [set(sides.truth[which].tolist()) for which in (first, ~first)]
    return Halves(
        _part(sides, first), _part(sides, ~first), "halves", len(sides_of[0] ^ sides_of[1])
    )


def groups_of(entries: Sequence[Entry]) -> NDArray[np.intp]:
    """A number for every picture; copies and near-duplicates have one together."""
    marks = [e.sha256 if e.group is None else str(e.group) for e in entries]
    return np.asarray(np.unique(marks, return_inverse=True)[1], np.intp)


def draw(truth: NDArray[np.intp], groups: NDArray[np.intp], seed: int) -> NDArray[np.bool_]:
    """Which pictures are in the first half: (n,).

    A group goes, in a drawn order, to the half that has fewer pictures of its class so far, and of
    two equal ones to the one that has fewer in all; so the halves differ by one where there are no
    groups.

    Args:
        truth: (n,) class numbers.
        groups: (n,) numbers.
        seed: Of the order.
    """
    rng = np.random.default_rng(seed)
    first = np.zeros(len(truth), np.bool_)
    whole = [0, 0]
    units = np.unique(groups)
    classes = np.asarray([truth[groups == unit][0] for unit in units], np.intp)
    for number in np.unique(classes):
        counts = [0, 0]
        for unit in rng.permutation(units[classes == number]):
            members = groups == unit
            half = int((counts[1], whole[1]) < (counts[0], whole[0]))
            counts[half] += int(members.sum())
            whole[half] += int(members.sum())
            first[members] = half == 0
    return first


def _part(sides: Sides, which: NDArray[np.bool_]) -> Sides:
    return replace(
        sides, pixels=sides.pixels[which], truth=sides.truth[which], probs=sides.probs[which]
    )
