import tracemalloc

import cv2
import numpy as np
import pytest

from edgeface.datasets.audit import hashes
from edgeface.datasets.audit.hashes import (
    BYTES,
    likeness,
    near_groups,
    near_pairs,
    picture_hash,
)
from edgeface.datasets.photos import open_photos


def scene(seed, shape=(120, 90), cells=14):
    """A picture of blotches, other ones for every seed."""
    small = np.random.default_rng(seed).integers(0, 256, (cells, cells, 3), np.uint8)
    return cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC)


def jpeg(picture, quality):
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def scaled(picture, by):
    size = (round(picture.shape[1] * by), round(picture.shape[0] * by))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if by < 1 else cv2.INTER_LINEAR)


def stacked(pictures):
    return np.stack([picture_hash(p) for p in pictures])


def groups_one_by_one(marks):
    """The closure as it is defined, pair by pair."""
    number = list(range(len(marks)))
    for i in range(len(marks)):
        for j in range(i):
            if near_groups(marks[[i, j]])[1] == 0:
                old, new = number[i], number[j]
                number = [new if n == old else n for n in number]
    return np.unique(number, return_inverse=True)[1]


@pytest.mark.parametrize(
    "copy",
    [
        lambda p: jpeg(p, 95),
        lambda p: jpeg(p, 30),
        lambda p: scaled(p, 0.5),
        lambda p: scaled(p, 2.0),
        lambda p: jpeg(scaled(p, 0.6), 50),
        lambda p: cv2.cvtColor(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
        lambda p: (p * 0.8 + 10).astype(np.uint8),
        lambda p: p[1:-1, 1:-1],
    ],
    ids=["JPEG 95", "JPEG 30", "half", "double", "0.6, JPEG 50", "gray", "darker", "cut by 1 px"],
)
def test_a_copy_is_told(copy):
    for seed in range(12):
        picture = scene(seed)
        assert near_groups(stacked([picture, copy(picture)])).tolist() == [0, 0]


def test_other_pictures_are_not_taken_for_copies():
    marks = stacked([scene(seed) for seed in range(300)])
    assert near_groups(marks).tolist() == list(range(300))


def test_a_part_of_a_picture_and_its_mirror_are_other_pictures():
    picture = scene(1)
    others = [picture, picture[:, ::-1], picture[: picture.shape[0] // 2], picture[::-1]]
    assert near_groups(stacked(others)).tolist() == [0, 1, 2, 3]


def test_flat_pictures_are_near_only_where_they_are_the_same():
    greys = [np.full((64, 64, 3), level, np.uint8) for level in (0, 1, 2, 3, 80, 255)]
    assert near_groups(stacked(greys)).tolist() == [0, 1, 2, 3, 4, 5]
    assert near_groups(stacked([greys[0], greys[4], greys[0]])).tolist() == [0, 1, 0]


def test_noisy_black_frames_do_not_chain():
    noise = [
        np.random.default_rng(seed).integers(0, 12, (120, 160, 3), np.uint8) for seed in range(60)
    ]
    assert len(set(near_groups(stacked(noise)).tolist())) > 50


def test_what_a_sensor_adds_to_darkness_is_no_likeness():
    pattern = np.random.default_rng(0).integers(0, 2, (14, 14, 1), np.uint8)
    added = cv2.resize(pattern, (96, 96), interpolation=cv2.INTER_NEAREST)[..., np.newaxis]
    frames = [np.repeat(added + np.uint8(level), 3, axis=2) for level in range(2, 20, 3)]
    assert near_groups(stacked(frames)).tolist() == list(range(6))


def edges():
    """A dark and a bright half, the edge at any place, in any tones: like each other, no copies."""
    for at in range(20, 80, 4):
        for dark, bright in ((0, 255), (20, 120), (100, 200)):
            picture = np.full((100, 100, 3), bright, np.uint8)
            picture[:, :at] = dark
            yield picture


def test_pictures_of_one_edge_do_not_chain():
    found = near_groups(stacked(list(edges())))
    assert np.bincount(found).max() <= 2


def test_a_copy_of_a_plain_picture_is_told_all_the_same():
    for picture in edges():
        assert near_groups(stacked([picture, jpeg(picture, 90)])).tolist() == [0, 0]


def test_gradients_do_not_chain():
    ramp = np.arange(100, dtype=np.float32)[:, np.newaxis, np.newaxis]
    skies = [
        np.broadcast_to(base + ramp * slope, (100, 100, 3)).astype(np.uint8)
        for base in range(0, 120, 20)
        for slope in (0.3, 0.6, 1.2)
    ]
    assert np.bincount(near_groups(stacked(skies))).max() == 1


def test_groups_are_closed_over_chains():
    first, last = scene(1).astype(np.float32), scene(2).astype(np.float32)
    steps = [(first * np.cos(a) + last * np.sin(a)) / 1.5 for a in (0, np.pi / 8, np.pi / 4)]
    marks = stacked([s.astype(np.uint8) for s in steps])
    assert near_groups(marks[[0, 2]]).tolist() == [0, 1]
    assert near_groups(marks).tolist() == [0, 0, 0]


def many():
    """Pictures with copies of some of them, mixed up."""
    pictures = [scene(seed) for seed in range(20)]
    pictures += [jpeg(scene(seed), 40) for seed in range(0, 20, 3)]
    pictures += [scaled(scene(seed), 0.7) for seed in range(0, 20, 6)]
    pictures += [scene(3), scene(3), *edges()]
    order = np.random.default_rng(5).permutation(len(pictures))
    return stacked([pictures[i] for i in order])


def test_groups_are_those_of_the_definition_whatever_the_block(monkeypatch):
    marks = many()
    expected = groups_one_by_one(marks)
    assert near_groups(marks).tolist() == expected.tolist()
    monkeypatch.setattr(hashes, "_BLOCK", 7)
    monkeypatch.setattr(hashes, "_CHUNK", 3)
    assert near_groups(marks).tolist() == expected.tolist()


def test_groups_are_numbered_by_their_first_members():
    a, b = scene(1), scene(2)
    assert near_groups(stacked([a, b, scene(3), b, a])).tolist() == [0, 1, 2, 1, 0]


def test_nothing_has_no_groups():
    assert near_groups(np.zeros((0, BYTES), np.uint8)).tolist() == []
    assert near_groups(np.zeros((0, 1), np.uint8)).tolist() == []


def test_pairs_tell_how_much_alike_they_are():
    picture = scene(1)
    marks = stacked([picture, scene(2), jpeg(picture, 30), picture])
    pairs = {
        (int(i), int(j)): float(alike)
        for first, second, score in near_pairs(marks)
        for i, j, alike in zip(first, second, score, strict=True)
    }
    assert set(pairs) == {(0, 2), (0, 3)}
    assert pairs[0, 3] == 1
    assert 0.97 < pairs[0, 2] < 1


def test_likeness_is_a_correlation_and_one_for_what_is_equal():
    picture = scene(1)
    black = np.zeros((9, 9, 3), np.uint8)
    marks = stacked([picture, 255 - picture, black, black + 9])
    alike = likeness(marks, marks)
    assert alike.shape == (4, 4)
    assert np.allclose(alike, alike.T)
    assert np.diag(alike).tolist() == [1, 1, 1, 1]
    assert alike[0, 1] < -0.98
    assert alike[2, 3] == alike[0, 2] == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (3, 2), (19, 19)])
def test_a_picture_of_any_size_has_a_hash(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    mark = picture_hash(picture)
    assert (mark.shape, mark.dtype) == ((BYTES,), np.uint8)
    assert np.array_equal(mark, picture_hash(picture.copy()))


def test_no_table_of_all_pairs_is_ever_held(monkeypatch):
    monkeypatch.setattr(hashes, "_BLOCK", 256)
    n = 4000
    marks = np.random.default_rng(0).integers(0, 256, (n, BYTES), np.uint8)
    marks[::4] = marks[0]  # a sixteenth of all pairs is near
    marks[::4, -1] = np.arange(n // 4) % 256
    tracemalloc.start()
    try:
        groups = near_groups(marks)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(set(groups.tolist())) == n - n // 4 + 1
    assert peak < n * n  # a byte a pair


def test_a_long_take_is_one_group(monkeypatch):
    monkeypatch.setattr(hashes, "_BLOCK", 64)
    mark = picture_hash(scene(1)).astype(np.int64)
    change = np.random.default_rng(0).integers(-2, 3, (400, BYTES))
    frames = np.clip(mark + change, 0, 255).astype(np.uint8)
    assert near_groups(frames).tolist() == [0] * 400


@pytest.mark.real_data
def test_poses_of_one_person_are_not_copies(real_data):
    with open_photos(real_data / "orl" / "orl_pgm.zip") as photos:
        names = [name for own in photos.people.values() for name in own]
        found = near_groups(stacked([photos.picture(name) for name in names]))
    sizes = np.bincount(found)
    assert len(sizes) > 350
    assert sizes.max() <= 5
    people = [{names[i].split("/")[0] for i in np.flatnonzero(found == g)} for g in set(found)]
    assert all(len(them) == 1 for them in people)


@pytest.mark.real_data
def test_photographs_are_told_from_each_other_and_their_copies_are_not(real_data):
    with open_photos(real_data / "lfw" / "lfw_dev_ids.zip") as photos:
        names = [name for own in photos.people.values() for name in own][::8]
        pictures = [photos.picture(name) for name in names]
    copies = [jpeg(scaled(p, 0.5), 50) for p in pictures]
    found = near_groups(stacked([*pictures, *copies]))
    assert found.tolist() == [*range(len(names)), *range(len(names))]
