"""Which pictures are held back."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface import records
from edgeface.datasets.folder import Photo
from edgeface.datasets.split import Entry, Split, draw_sides
from edgeface.errors import BundleError, UsageError


def photos(counts: dict[str, int]) -> list[Photo]:
    return [
        Photo(f"{who}/{n}.jpg", who, f"{who}{n}") for who, c in counts.items() for n in range(c)
    ]


def held(pictures: list[Photo], validation: float, seed: int) -> set[str]:
    sides = draw_sides(pictures, validation, seed)
    assert set(sides) <= {"training", "validation"}
    return {p.name for p, s in zip(pictures, sides, strict=True) if s == "validation"}


def test_the_share_is_kept_for_everybody() -> None:
    back = held(photos({"ada": 60, "bob": 20, "cyd": 10, "dan": 2}), 0.3, 7)
    assert Counter(name.split("/")[0] for name in back) == {"ada": 18, "bob": 6, "cyd": 3, "dan": 1}


def test_another_seed_is_another_draw_and_the_same_seed_the_same() -> None:
    pictures = photos({"ada": 30, "bob": 30})
    assert held(pictures, 0.3, 1) == held(pictures, 0.3, 1)
    assert held(pictures, 0.3, 1) != held(pictures, 0.3, 2)


def test_people_are_drawn_apart() -> None:
    back = held(photos({"ada": 30, "bob": 30}), 0.3, 1)
    by_person = [
        {name.split("/")[1] for name in back if name.startswith(who)} for who in ("ada", "bob")
    ]
    assert by_person[0] != by_person[1]
    # Somebody else more or less does not move who is held back of the others.
    more = held(photos({"ada": 30, "bob": 30, "cyd": 30}), 0.3, 1)
    assert {n for n in more if not n.startswith("cyd")} == back


@st.composite
def sets(draw: st.DrawFn) -> list[Photo]:
    """Two or more different pictures of everybody, some of them saved several times."""
    pictures = []
    for who in draw(st.lists(st.text("abcä", min_size=1, max_size=3), min_size=1, unique=True)):
        copies = draw(st.lists(st.integers(1, 4), min_size=2, max_size=12))
        for n, times in enumerate(copies):
            pictures += [Photo(f"{who}/{n}-{t}", who, f"{who} {n}") for t in range(times)]
    return pictures


@given(sets(), st.floats(0.01, 0.99), st.integers(0, 2**32 - 1), st.randoms())
def test_whatever_the_set(pictures: list[Photo], share: float, seed: int, random) -> None:
    back = held(pictures, share, seed)
    digest_sides: dict[str, set[bool]] = {}
    for p in pictures:
        digest_sides.setdefault(p.sha256, set()).add(p.name in back)
    assert all(len(sides) == 1 for sides in digest_sides.values()), "a copy straddles the sides"
    for who in {p.label for p in pictures}:
        own = [p for p in pictures if p.label == who]
        count = sum(p.name in back for p in own)
        assert 0 < count < len(own)
        largest = max(Counter(p.sha256 for p in own).values())
        assert abs(count - share * len(own)) <= largest + 1
    shuffled = pictures[:]
    random.shuffle(shuffled)
    assert held(shuffled, share, seed) == back


@given(st.integers(2, 60), st.floats(0.01, 0.99), st.integers(0, 9))
def test_without_copies_the_share_is_exact(n: int, share: float, seed: int) -> None:
    back = held(photos({"ada": n}), share, seed)
    assert len(back) == min(max(1, round(share * n)), n - 1)


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan"), float("inf")])
def test_a_share_that_holds_nothing_or_all_back_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match="--validation"):
        draw_sides(photos({"ada": 4}), share, 0)


def test_written_and_read_back(tmp_path: Path) -> None:
    files = (
        Entry("ada/1.jpg", "ada", "0" * 64, "training", box=(1.25, 2.0, 3.5, 4.01)),
        Entry("ada/2.jpg", "ada", "1" * 64, "left out", "several faces"),
        Entry("ada/3.jpg", "ada", "2" * 64, "validation"),
    )
    split = Split(1, 7, 0.3, files)
    (tmp_path / "split.json").write_text(records.to_json(asdict(split)), "utf-8")
    assert Split.load(tmp_path) == split
    assert split.side("validation") == files[2:]
    assert split.side("left out") == files[1:2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema 2"),
        ({"files": [{"name": "a"}]}, "is missing"),
        ({"extra": 1}, "unknown key"),
        ({"seed": "x"}, "expected a whole number"),
    ],
)
def test_another_format_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    data = {"schema": 1, "seed": 0, "validation": 0.3, "files": [], **change}
    (tmp_path / "split.json").write_text(json.dumps(data))
    with pytest.raises(BundleError, match=message):
        Split.load(tmp_path)
