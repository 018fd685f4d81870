"""Placing units on the sides of a split."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.datasets import placing as module
from edgeface.datasets.placing import place
from edgeface.datasets.units import Unit
from edgeface.errors import InputError


def units(*labels: str | dict[str, int]) -> list[Unit]:
    """One for each argument: ``"ada"`` is a single picture of her."""
    made: list[Unit] = []
    for key, label in enumerate(labels):
        counts = {label: 1} if isinstance(label, str) else dict(sorted(label.items()))
        made.append(Unit(f"{key:04d}", tuple(range(sum(counts.values()))), counts))
    return made


def counted(placed: list[tuple[Unit, int]], sides: int) -> dict[str, list[int]]:
    """Label → pictures on every side."""
    there: dict[str, list[int]] = {}
    for unit, side in placed:
        for label, n in unit.labels.items():
            there.setdefault(label, [0] * sides)[side] += n
    return there


def test_shares_are_those_of_every_class() -> None:
    given_ = units(*["ada"] * 20, *["bob"] * 10, *[{"cyd": 5}] * 4)
    there = counted(place(given_, (0.25, 0.25), 3), 3)
    assert there == {"ada": [10, 5, 5], "bob": [6, 2, 2], "cyd": [10, 5, 5]}


def test_a_unit_of_two_classes_is_on_one_side_and_counts_for_both() -> None:
    given_ = units({"ada": 6, "bob": 2}, *["ada"] * 14, *["bob"] * 18)
    for seed in range(20):
        placed = place(given_, (0.3,), seed)
        assert Counter(unit.key for unit, _ in placed) == Counter(u.key for u in given_)
        assert counted(placed, 2) == {"ada": [14, 6], "bob": [14, 6]}


def test_a_class_more_or_less_moves_nobody_else() -> None:
    few = units(*["ada"] * 9, *["bob"] * 9)
    more = [*few, *(Unit(f"x{n}", (0,), {"cyd": 1}) for n in range(9))]
    first = {unit.key: side for unit, side in place(few, (0.3,), 1)}
    second = {unit.key: side for unit, side in place(more, (0.3,), 1)}
    assert first.items() <= second.items()


def feasible(given_: list[Unit], sides: int) -> bool:
    """Whether any placing has every class on every side, by trying them all."""
    for chosen in itertools.product(range(sides), repeat=len(given_)):
        there = counted(list(zip(given_, chosen, strict=True)), sides)
        if all(all(counts) for counts in there.values()):
            return True
    return False


JOINED = st.dictionaries(st.sampled_from("abc"), st.integers(1, 3), min_size=1, max_size=3)


@given(st.lists(JOINED, min_size=1, max_size=6), st.integers(1, 2), st.integers(0, 5))
def test_a_placing_is_found_where_there_is_one(
    labels: list[dict[str, int]], held: int, seed: int
) -> None:
    given_ = units(*labels)
    try:
        placed = place(given_, (0.3,) * held, seed)
    except InputError:
        assert not feasible(given_, held + 1)
        return
    assert all(all(counts) for counts in counted(placed, held + 1).values())
    assert sorted(unit.key for unit, _ in placed) == [unit.key for unit in given_]


def test_where_there_is_none_the_classes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each class has two units, and every two classes share one: no two sides hold all three.
    ring = units({"a": 1, "b": 1}, {"b": 1, "c": 1}, {"a": 1, "c": 1})
    with pytest.raises(InputError, match="near-duplicates join a, b, c") as wrong:
        place(ring, (0.3,), 0)
    assert "edgeface data check" in wrong.value.remedy
    # The search has an end, too.
    monkeypatch.setattr(module, "MOST_STEPS", 3)
    with pytest.raises(InputError, match="near-duplicates join"):
        place(units(*[{"a": 1, "b": 1}] * 9), (0.3,), 0)


def test_many_joined_units_are_placed_in_one_go() -> None:
    given_ = units(*[{"a": 2, "b": 1}] * 700, *[{"b": 2, "c": 3}] * 300, *["a", "b", "c"] * 1000)
    for label, (train, held) in counted(place(given_, (0.3,), 0), 2).items():
        assert abs(held / (train + held) - 0.3) < 0.001, label
