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
from edgeface.datasets.split import (
    LEAKS,
    Entry,
    Side,
    Split,
    check_shares,
    draw_sides,
    leaks,
    official_sides,
)
from edgeface.errors import BundleError, InputError, UsageError


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


def test_three_sides_have_their_shares() -> None:
    pictures = photos({"ada": 60, "bob": 20, "cyd": 10, "dan": 3})
    sides = draw_sides(pictures, 0.2, 7, test=0.1)
    counts = Counter((p.label, s) for p, s in zip(pictures, sides, strict=True))
    for who, expected in {
        "ada": (42, 12, 6),
        "bob": (14, 4, 2),
        "cyd": (7, 2, 1),
        "dan": (1, 1, 1),
    }.items():
        assert tuple(counts[who, s] for s in ("training", "validation", "test")) == expected


@pytest.mark.parametrize(
    ("validation", "test", "message"),
    [
        (0.5, 0.5, "leave nothing to train on"),
        (0.9, 0.2, "leave nothing to train on"),
        (0.3, -0.1, "--test -0.1"),
        (0.3, 1.0, "--test 1.0"),
        (0.3, float("nan"), "--test nan"),
        (1.5, 0.1, "--validation 1.5"),
    ],
)
def test_shares_that_leave_nothing_are_refused(
    validation: float, test: float, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        check_shares(validation, test)
    with pytest.raises(UsageError, match=message):
        draw_sides(photos({"ada": 9}), validation, 0, test=test)


def test_a_class_with_too_few_different_pictures_is_named() -> None:
    pictures = [*photos({"ada": 9}), *(Photo(f"bob/{n}", "bob", "same") for n in range(9))]
    with pytest.raises(InputError, match="'bob': 9 pictures, but only 1"):
        draw_sides(pictures, 0.3, 0)
    with pytest.raises(InputError, match=r"'bob': 2 pictures, but only 2 .* 3 are the least"):
        draw_sides(photos({"ada": 9, "bob": 2}), 0.3, 0, test=0.3)


@st.composite
def bursts(draw: st.DrawFn) -> tuple[list[Photo], list[int]]:
    """Several bursts of near-duplicates of everybody, and a few that two people share."""
    pictures: list[Photo] = []
    groups: list[int] = []
    names = draw(st.lists(st.text("abcä", min_size=1, max_size=3), min_size=1, unique=True))
    for who in names:
        for size in draw(st.lists(st.integers(1, 6), min_size=3, max_size=9)):
            group = max(groups, default=-1) + 1
            for _ in range(size):
                number = len(pictures)
                pictures.append(Photo(f"{who}/{number}", who, f"{number:04d}"))
                groups.append(group)
    for i in draw(st.lists(st.integers(0, len(pictures) - 1), max_size=2)):
        twin = pictures[i]  # a copy, saved under another name and found in no group
        pictures.append(Photo(f"{twin.label}/{len(pictures)}", twin.label, twin.sha256))
        groups.append(max(groups) + 1)
    return pictures, groups


@given(
    bursts(), st.floats(0.05, 0.45), st.sampled_from([0.0, 0.2]), st.integers(0, 99), st.randoms()
)
def test_no_burst_straddles_the_sides(
    drawn: tuple[list[Photo], list[int]], share: float, test: float, seed: int, random
) -> None:
    pictures, groups = drawn
    sides = draw_sides(pictures, share, seed, test=test, groups=groups)
    of_group: dict[int, set[Side]] = {}
    of_digest: dict[str, set[Side]] = {}
    for picture, group, side in zip(pictures, groups, sides, strict=True):
        of_group.setdefault(group, set()).add(side)
        of_digest.setdefault(picture.sha256, set()).add(side)
    assert all(len(s) == 1 for s in (*of_group.values(), *of_digest.values()))
    there = {"training", "validation", "test"} if test else {"training", "validation"}
    for who in {p.label for p in pictures}:
        own = [i for i, p in enumerate(pictures) if p.label == who]
        assert {sides[i] for i in own} == there
        # A copy may join two bursts, so that the largest unit is twice the largest burst and one.
        largest = 3 * max(Counter(groups[i] for i in own).values()) + 2
        for side, wanted in (("validation", share), ("test", test)):
            count = sum(sides[i] == side for i in own)
            assert abs(count - wanted * len(own)) <= largest
    order = list(range(len(pictures)))
    random.shuffle(order)
    renamed = [7 * groups[i] % 1009 for i in order]  # what the groups are called says nothing
    again = draw_sides([pictures[i] for i in order], share, seed, test=test, groups=renamed)
    assert again == [sides[i] for i in order]


def test_the_share_is_as_near_as_the_bursts_allow() -> None:
    pictures = photos({"ada": 100})
    groups = [n // 10 for n in range(100)]  # ten bursts of ten
    for share, expected in ((0.3, 30), (0.34, 30), (0.36, 40), (0.01, 10), (0.99, 90)):
        sides = draw_sides(pictures, share, 0, groups=groups)
        assert sides.count("validation") == expected


def test_near_duplicates_under_two_labels_stay_together() -> None:
    pictures = photos({"ada": 20, "bob": 20})
    groups = [*range(20), 0, 1, *range(22, 40)]
    for seed in range(10):
        sides = draw_sides(pictures, 0.3, seed, groups=groups)
        assert sides[0] == sides[20]
        assert sides[1] == sides[21]
        assert sides[:20].count("validation") == sides[20:].count("validation") == 6


def published(**counts: tuple[int, int, int]) -> tuple[list[Photo], dict[str, Side]]:
    """So many pictures of everybody on the training, validation and test side."""
    pictures: list[Photo] = []
    official: dict[str, Side] = {}
    for who, sides in counts.items():
        for side, count in zip(("training", "validation", "test"), sides, strict=True):
            for n in range(count):
                pictures.append(Photo(f"{side}/{who}/{n}", who, f"{side} {who} {n}"))
                official[pictures[-1].name] = side  # type: ignore[assignment]
    return pictures, official


def test_all_three_official_sides_are_kept() -> None:
    pictures, official = published(ada=(5, 2, 3), bob=(4, 1, 1))
    for validation in (0.3, "official"):
        sides = official_sides(pictures, official, validation, 0)  # type: ignore[arg-type]
        assert sides == [official[p.name] for p in pictures]


def test_validation_is_drawn_from_the_training_side_where_there_is_none() -> None:
    pictures, official = published(ada=(20, 0, 5), bob=(10, 0, 5))
    groups = [n // 2 for n in range(len(pictures))]
    sides = official_sides(pictures, official, 0.2, 3, groups=groups)
    counts = Counter((p.label, s) for p, s in zip(pictures, sides, strict=True))
    assert counts == {
        ("ada", "training"): 16,
        ("ada", "validation"): 4,
        ("ada", "test"): 5,
        ("bob", "training"): 8,
        ("bob", "validation"): 2,
        ("bob", "test"): 5,
    }
    for i in range(0, 20, 2):
        assert sides[i] == sides[i + 1]
    assert sides == official_sides(pictures, official, 0.2, 3, groups=groups)
    assert sides != official_sides(pictures, official, 0.2, 4, groups=groups)
    with pytest.raises(UsageError, match="--validation 1"):
        official_sides(pictures, official, 1, 3)


def test_as_documented_the_test_side_is_validated_on() -> None:
    pictures, official = published(ada=(6, 0, 2), bob=(6, 0, 2))
    sides = official_sides(pictures, official, "official", 0)
    assert sides == ["validation" if official[p.name] == "test" else "training" for p in pictures]


def test_leaks_of_an_official_split_are_dropped_from_the_side_that_is_held_back_less() -> None:
    pictures, official = published(ada=(6, 3, 2))
    # training 0 ~ test 0, training 1 ~ validation 0, validation 1 ~ test 1, training 2 ~ training 3
    groups = [0, 1, 2, 2, 4, 5, 1, 7, 8, 0, 7]
    sides = official_sides(pictures, official, 0.3, 0, groups=groups, drop_leaks=True)
    kept = {p.name: s for p, s in zip(pictures, sides, strict=True)}
    dropped = [name for name, side in kept.items() if side == "left out"]
    assert dropped == ["training/ada/0", "training/ada/1", "validation/ada/1"]
    assert all(side in (official[name], "left out") for name, side in kept.items())
    assert official_sides(pictures, official, 0.3, 0, groups=groups) == list(official.values())


def test_copies_leak_without_any_group() -> None:
    pictures, official = published(ada=(6, 0, 2))
    pictures[2] = Photo(pictures[2].name, "ada", pictures[6].sha256)
    sides = official_sides(pictures, official, 0.3, 0, drop_leaks=True)
    assert [i for i, side in enumerate(sides) if side == "left out"] == [2]
    assert sides.count("validation") == 2  # of the five that are left


@given(st.lists(st.integers(0, 12), min_size=24, max_size=24), st.integers(0, 9))
def test_what_is_left_after_dropping_leaks_nowhere(groups: list[int], seed: int) -> None:
    pictures, official = published(ada=(6, 0, 4), bob=(10, 0, 4))
    try:
        sides = official_sides(pictures, official, 0.2, seed, groups=groups, drop_leaks=True)
    except InputError:  # too little was left of somebody
        return
    entries = [
        Entry(p.name, p.label, p.sha256, side, group=group)
        for p, side, group in zip(pictures, sides, groups, strict=True)
    ]
    assert leaks(entries) == ()
    assert [s == "test" for s in sides] == [official[p.name] == "test" for p in pictures]


def test_a_class_without_training_pictures_is_named() -> None:
    pictures, official = published(ada=(4, 0, 2), bob=(0, 0, 2))
    with pytest.raises(InputError, match="'bob' has no picture on the training side") as wrong:
        official_sides(pictures, official, 0.3, 0)
    assert "--split drawn" in wrong.value.remedy
    pictures, official = published(ada=(4, 0, 2), bob=(2, 0, 2))
    groups = [0, 1, 2, 3, 4, 5, 6, 7, 6, 7]
    with pytest.raises(InputError, match="'bob' has no picture on the training side"):
        official_sides(pictures, official, 0.3, 0, groups=groups, drop_leaks=True)
    pictures, official = published(ada=(4, 0, 2), bob=(1, 0, 2))
    with pytest.raises(InputError, match="'bob': 1 pictures, but only 1"):
        official_sides(pictures, official, 0.3, 0)


def entry(name: str, side: Side, sha256: str = "", group: int | None = None) -> Entry:
    return Entry(name, "ada", sha256 or name, side, group=group)


def test_leaks_are_what_is_trained_on_and_held_back_too() -> None:
    entries = [
        entry("a", "training", group=1),
        entry("b", "test", group=1),
        entry("c", "training", "same"),
        entry("d", "validation", "same"),
        entry("e", "training", group=2),
        entry("f", "training", group=2),
        entry("g", "training"),
        entry("h", "left out", "x", group=3),
        entry("i", "test", "x", group=3),
        entry("j", "validation"),
    ]
    assert leaks(entries) == ("a", "c")
    assert leaks(entries[4:]) == ()
    assert leaks([]) == ()
    assert "held back" in LEAKS


def test_a_drawn_split_never_leaks() -> None:
    pictures = photos({"ada": 40, "bob": 40})
    groups = [n // 4 for n in range(80)]
    sides = draw_sides(pictures, 0.3, 0, test=0.2, groups=groups)
    entries = [
        Entry(p.name, p.label, p.sha256, s, group=g)
        for p, s, g in zip(pictures, sides, groups, strict=True)
    ]
    assert leaks(entries) == ()


def test_written_and_read_back(tmp_path: Path) -> None:
    files = (
        Entry("ada/1.jpg", "ada", "0" * 64, "training", box=(1.25, 2.0, 3.5, 4.01)),
        Entry("ada/2.jpg", "ada", "1" * 64, "left out", "several faces"),
        Entry("ada/3.jpg", "ada", "2" * 64, "validation"),
        Entry("test/ada/3.jpg", "ada", "3" * 64, "test", group=4),
    )
    split = Split(1, 7, 0.3, files, test=0.1, kind="official")
    (tmp_path / "split.json").write_text(records.to_json(asdict(split)), "utf-8")
    assert Split.load(tmp_path) == split
    assert split.side("validation") == files[2:3]
    assert split.side("test") == files[3:]
    assert split.side("left out") == files[1:2]


def test_a_split_from_before_there_were_test_sides_is_read(tmp_path: Path) -> None:
    file = {"name": "a/1", "label": "a", "sha256": "0", "side": "validation", "reason": ""}
    data = {"schema": 1, "seed": 0, "validation": 0.3, "files": [file | {"box": None}]}
    (tmp_path / "split.json").write_text(json.dumps(data))
    split = Split.load(tmp_path)
    assert (split.test, split.kind, split.files[0].group) == (0, "drawn", None)


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
