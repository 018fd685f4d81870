"""What a split cannot take apart."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.datasets.folder import Photo
from edgeface.datasets.units import Unit, check_enough_units, units_of
from edgeface.errors import InputError


def photo(name: str, sha256: str) -> Photo:
    return Photo(name, name.split("/")[0], sha256)


def test_copies_and_groups_are_joined_and_so_is_what_they_share() -> None:
    photos = [
        photo("ada/0", "f"),
        photo("ada/1", "b"),
        photo("bob/2", "c"),
        photo("ada/3", "f"),  # a copy of the first
        photo("bob/4", "e"),
        photo("bob/5", "a"),
    ]
    groups = [0, 1, 2, 2, 3, 4]  # the copy is like a picture of bob
    assert units_of(photos, groups) == [
        Unit("a", (5,), {"bob": 1}),
        Unit("b", (1,), {"ada": 1}),
        Unit("c", (0, 2, 3), {"ada": 2, "bob": 1}),
        Unit("e", (4,), {"bob": 1}),
    ]
    assert [unit.members for unit in units_of(photos, None)] == [(5,), (1,), (2,), (4,), (0, 3)]
    assert units_of([], None) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 20), st.integers(0, 20)), max_size=30
    ),
    st.randoms(),
)
def test_units_are_the_same_in_any_order(marks: list[tuple[str, int, int]], random) -> None:
    photos = [photo(f"{who}/{i}", f"{digest:02d}") for i, (who, digest, _) in enumerate(marks)]
    groups = np.asarray([group for _, _, group in marks], np.intp)
    units = units_of(photos, groups)
    assert sorted(i for unit in units for i in unit.members) == list(range(len(photos)))
    where = {i: number for number, unit in enumerate(units) for i in unit.members}
    for i in range(len(photos)):
        for j in range(i):
            if groups[i] == groups[j] or photos[i].sha256 == photos[j].sha256:
                assert where[i] == where[j]
    order = list(range(len(photos)))
    random.shuffle(order)
    again = units_of([photos[i] for i in order], groups[order])
    assert [unit.key for unit in again] == [unit.key for unit in units]
    for one, other in zip(units, again, strict=True):
        assert list(one.labels.items()) == list(other.labels.items())
        assert {photos[i].name for i in one.members} == {
            photos[order[i]].name for i in other.members
        }
        assert one.labels == Counter(photos[i].label for i in one.members)


def test_a_class_needs_a_unit_for_every_side() -> None:
    units = [Unit("a", (0, 1, 2), {"ada": 3}), Unit("b", (3, 4), {"ada": 1, "bob": 1})]
    check_enough_units(units, 1)
    with pytest.raises(InputError, match="'bob': 1 pictures, but only 1 once copies") as wrong:
        check_enough_units(units, 2)
    assert "'bob'" in wrong.value.remedy
    with pytest.raises(InputError, match=r"'ada': 4 pictures, but only 2 .* 3 are the least"):
        check_enough_units(units, 3)
