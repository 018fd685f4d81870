"""What is searched on and what is reported on have nothing in common."""

import numpy as np
import pytest

from edgeface.datasets.split import Entry
from edgeface.errors import UsageError

pytestmark = pytest.mark.tf


def test_halves_are_even_in_every_class_and_seeded() -> None:
    from edgeface.convert.search.halves import draw

    truth = np.repeat(np.arange(5), [3, 4, 5, 20, 31])
    groups = np.arange(len(truth))
    first = draw(truth, groups, 1)
    assert np.array_equal(first, draw(truth, groups, 1))
    assert not np.array_equal(first, draw(truth, groups, 2))
    for number in range(5):
        mine = first[truth == number]
        assert abs(int(mine.sum()) - int((~mine).sum())) <= 1
    assert abs(int(first.sum()) - int((~first).sum())) <= 1


def test_near_duplicates_stay_in_one_half() -> None:
    from edgeface.convert.search.halves import draw, groups_of

    entries = [
        Entry(f"a/{i}", "a", f"{i:064x}", "validation", group=None if i % 3 else i // 9)
        for i in range(54)
    ]
    entries.append(Entry("a/copy", "a", entries[1].sha256, "validation"))
    groups = groups_of(entries)
    assert groups[0] == groups[3] == groups[6] != groups[9]
    assert groups[-1] == groups[1]
    assert len(set(groups)) == 6 + 36
    first = draw(np.zeros(55, np.intp), groups, 0)
    for number in set(groups):
        assert len(set(first[groups == number])) == 1
    assert 20 < first.sum() < 35


def test_what_cannot_be_divided_is_said(blended) -> None:
    from edgeface.convert.search.halves import divided

    sides = blended[1]
    with pytest.raises(UsageError, match="120 pictures held back") as alike:
        divided(sides, np.zeros(120, np.intp), 0)
    assert "--test" in alike.value.remedy
    apart = divided(sides, np.arange(120), 0)
    assert len(apart.searching.truth) == len(apart.final.truth) == 60
    both = np.concatenate([apart.searching.pixels, apart.final.pixels])
    assert len(np.unique(both, axis=0)) == 120
    assert "reported on the other 60" in apart.said
    # A class that is one group stands in one half, and it is said.
    lumped = np.where(sides.truth == 1, 1000, np.arange(120))
    assert divided(sides, lumped, 0).one_sided == 1
    assert "1 classes stand in one half alone" in divided(sides, lumped, 0).said
