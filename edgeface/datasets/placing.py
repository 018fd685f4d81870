"""Placing units on the sides of a split: every class on every side, the shares as asked."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from edgeface.datasets.subset import draw_subset
from edgeface.datasets.units import Unit, check_enough_units
from edgeface.errors import InputError

# How often the search for the sides of joined classes may go on before it gives up. Data with such
# groups beside others needs one step a group.
MOST_STEPS = 200_000


def place(units: Sequence[Unit], shares: Sequence[float], seed: int) -> list[tuple[Unit, int]]:
    """A side for every unit.

    Units of several classes come first. Then every class is drawn for itself, by its name and the
    seed alone, so that a class more or less moves nobody else.

    Args:
        units: As `edgeface.datasets.units.units_of` gives them.
        shares: Of every side but the first, of the pictures of each class; below 1 together.
        seed: Of the draw.

    Returns:
        Every unit with the number of its side: 0, then one a share.

    Raises:
        InputError: A class cannot stand on every side.
    """
    check_enough_units(units, len(shares) + 1)
    alone: dict[str, list[Unit]] = defaultdict(list)
    pictures: dict[str, int] = defaultdict(int)
    for unit in units:
        for label, n in unit.labels.items():
            pictures[label] += n
        if len(unit.labels) == 1:
            alone[next(iter(unit.labels))].append(unit)
    wanted = {label: _wanted(n, shares) for label, n in pictures.items()}
    joined = [unit for unit in units if len(unit.labels) > 1]
    found: list[tuple[Unit, int]] = []
    if joined:
        own = {label: len(them) for label, them in alone.items()}
        found += zip(joined, _place_joined(joined, own, wanted, seed), strict=True)
    there: dict[str, list[int]] = {label: [0] * (len(shares) + 1) for label in wanted}
    for unit, side in found:
        for label, n in unit.labels.items():
            there[label][side] += n
    for label in sorted(alone):
        found += _placed_alone(alone[label], wanted[label], there[label], seed, label)
    return found


def _wanted(pictures: int, shares: Sequence[float]) -> list[int]:
    """How many pictures of a person each side should have, at least one of each."""
    held: list[int] = []
    for number, share in enumerate(shares):
        most = pictures - sum(held) - (len(shares) - number)
        held.append(min(max(1, round(share * pictures)), most))
    return [pictures - sum(held), *held]


def _placed_alone(
    units: Sequence[Unit], wanted: Sequence[int], there: Sequence[int], seed: int, label: str
) -> list[tuple[Unit, int]]:
    """The units of one person only, given what stands there of it already."""
    rng = np.random.default_rng([seed, *label.encode()])
    left = list(units)
    found: list[tuple[Unit, int]] = []
    for side in reversed(range(1, len(wanted))):
        sizes = [len(unit.members) for unit in left]
        empty = sum(there[s] == 0 for s in range(side))
        least = 1 if there[side] == 0 else 0
        missing = max(0, wanted[side] - there[side])
        taken = set(draw_subset(sizes, missing, rng, least=least, leave=empty))
        found += [(left[i], side) for i in sorted(taken)]
        left = [unit for i, unit in enumerate(left) if i not in taken]
    return found + [(unit, 0) for unit in left]


def _place_joined(
    joined: Sequence[Unit],
    alone: Mapping[str, int],
    wanted: Mapping[str, Sequence[int]],
    seed: int,
) -> list[int]:
    """Find a side for every unit that holds pictures of several classes.

    The largest come first, each to the side that lacks most; a side is not taken where a class
    could then no longer stand on all sides, and the search goes back where none is left.

    Args:
        joined: The units.
        alone: Label → how many units it has for itself; they are placed later.
        wanted: Label → pictures wanted on each side.
        seed: Of the order among equally large units.

    Returns:
        (n,) number of the side.

    Raises:
        InputError: No placing leaves every class a picture on every side, or none was found within
            `MOST_STEPS`.
    """
    chance = np.random.default_rng([seed, len(joined)]).permutation(len(joined))
    size = [len(unit.members) for unit in joined]
    order = sorted(range(len(joined)), key=lambda i: (-size[i], chance[i]))
    board = _Board(alone, wanted, Counter(label for unit in joined for label in unit.labels))
    choices: list[list[int]] = []
    chosen: list[int] = []
    for _ in range(MOST_STEPS):
        if len(chosen) == len(order):
            break
        unit = joined[order[len(chosen)]]
        if len(choices) == len(chosen):
            choices.append(board.sides_for(unit))
        if choices[-1]:
            chosen.append(choices[-1].pop(0))
            board.put(unit, chosen[-1], 1)
            continue
        choices.pop()
        if not chosen:
            break
        board.put(joined[order[len(chosen) - 1]], chosen.pop(), -1)
    if len(chosen) < len(order):
        labels = ", ".join(sorted({label for unit in joined for label in unit.labels})[:6])
        msg = f"near-duplicates join {labels}: these cannot all stand on every side of a split"
        remedy = "look at them with edgeface data check: a near-duplicate under two labels is wrong"
        raise InputError(msg, remedy=remedy)
    sides = dict(zip(order, chosen, strict=True))
    return [sides[i] for i in range(len(joined))]


class _Board:
    """Which class has how many pictures on which side, while units are placed."""

    def __init__(
        self, alone: Mapping[str, int], wanted: Mapping[str, Sequence[int]], waiting: Counter[str]
    ) -> None:
        self._alone, self._wanted, self._waiting = alone, wanted, waiting
        self._placed = {label: [0] * len(sides) for label, sides in wanted.items()}

    def sides_for(self, unit: Unit) -> list[int]:
        """The sides that leave every class of the unit possible, the emptiest first."""
        sides = range(len(next(iter(self._wanted.values()))))
        fill = {
            side: sum(
                n * (self._placed[label][side] + n) / max(self._wanted[label][side], 0.5)
                for label, n in unit.labels.items()
            )
            for side in sides
        }
        return sorted((s for s in sides if self._possible(unit, s)), key=lambda s: fill[s])

    def _possible(self, unit: Unit, side: int) -> bool:
        for label in unit.labels:
            placed = self._placed[label]
            missing = sum(n == 0 and s != side for s, n in enumerate(placed))
            if missing > self._waiting[label] - 1 + self._alone.get(label, 0):
                return False
        return True

    def put(self, unit: Unit, side: int, times: int) -> None:
        """Place a unit, or with -1 take it back."""
        for label, n in unit.labels.items():
            self._placed[label][side] += times * n
            self._waiting[label] -= times
