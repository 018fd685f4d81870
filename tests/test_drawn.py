import itertools

import cv2
import numpy as np
import pytest

from edgeface.datasets.drawn import folders as drawn
from edgeface.datasets.drawn.person import NAMES, draw_people, draw_person, unlikeness
from edgeface.datasets.drawn.scene import draw_photograph, draw_room
from edgeface.errors import EdgefaceError, InputError, UsageError
from edgeface.geometry import iou
from edgeface.images import Preprocess, crop
from edgeface.vision.detect import open_detector


def files(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture(scope="module")
def haar():
    return open_detector("haar")


def test_a_person_is_the_same_for_the_same_seed_and_another_for_another():
    assert draw_person(7) == draw_person(7)
    assert draw_person(7) != draw_person(8)
    assert draw_person(7, "Somebody").name == "Somebody"


def test_people_of_a_seed_do_not_depend_on_how_many_are_drawn():
    assert draw_people(6, 3)[:4] == draw_people(4, 3)


def test_more_people_than_names_still_have_names_of_their_own():
    people = draw_people(len(NAMES) + 3, 0)
    assert len({p.name for p in people}) == len(people)


@pytest.mark.parametrize("seed", range(6))
def test_people_and_strangers_are_unlike_one_another(seed):
    known, strangers = drawn.cast(6, 4, seed)
    pairs = itertools.combinations([*known, *strangers], 2)
    assert min(unlikeness(a, b) for a, b in pairs) > 2.5
    assert drawn.cast(6, 0, seed) == (known, [])
    assert unlikeness(known[0], known[0]) == 0


def test_photographs_are_the_same_bytes_for_the_same_seed():
    first = draw_photograph(draw_person(1), np.random.default_rng(5))
    again = draw_photograph(draw_person(1), np.random.default_rng(5))
    other = draw_photograph(draw_person(1), np.random.default_rng(6))
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1].tobytes() == again[1].tobytes()
    assert first[0].tobytes() != other[0].tobytes()


@pytest.mark.parametrize("size", [(96, 96), (240, 320), (321, 203)])
def test_a_photograph_has_the_size_that_was_asked_for_and_the_face_inside(size):
    picture, box = draw_photograph(draw_person(2), np.random.default_rng(0), size)
    assert picture.shape == (*size, 3)
    assert picture.dtype == np.uint8
    assert box[2] - box[0] == pytest.approx(box[3] - box[1], abs=1e-3)
    assert (box[:2] >= -3).all()
    assert (box[2:] <= np.asarray(size[::-1]) + 3).all()


def test_haar_finds_exactly_the_one_face_where_the_truth_says_it_is(haar):
    exactly, overlaps = [], []
    for i, person in enumerate(draw_people(16, 11)):
        for n in range(4):
            picture, box = draw_photograph(person, np.random.default_rng([i, n]))
            found = haar.detect(picture).boxes
            overlap = iou(found, box[None])[:, 0]
            exactly.append(len(found) == 1 and overlap[0] > 0.5)
            overlaps += list(overlap[overlap > 0.5])
    assert np.mean(exactly) >= 0.95
    assert np.mean(overlaps) > 0.8


def test_haar_finds_nobody_in_an_empty_room(haar):
    found = [len(haar.detect(draw_room(np.random.default_rng(n), (320, 320)))) for n in range(30)]
    assert sum(found) <= 1


def test_people_are_told_apart_in_gray_crops_and_not_by_their_brightness():
    """Nearest mean of 32 px gray crops: far above chance; of their mean grey alone: near chance."""
    to = Preprocess(32, 32)
    people = draw_people(6, 4)
    crops = np.stack(
        [
            [
                crop(*draw_photograph(p, np.random.default_rng([i, n])), to).ravel()
                for n in range(12)
            ]
            for i, p in enumerate(people)
        ]
    ).astype(np.float32)

    def accuracy(features):
        means = features[:, :6].mean(axis=1)
        tests = features[:, 6:].reshape(-1, features.shape[-1])
        near = np.linalg.norm(tests[:, None] - means[None], axis=2).argmin(axis=1)
        return np.mean(near == np.repeat(np.arange(len(people)), 6))

    level = crops.mean(axis=2, keepdims=True)
    assert accuracy((crops - level) / crops.std(axis=2, keepdims=True)) > 0.6
    assert accuracy(level) < 0.5


def test_a_data_set_has_a_folder_a_person_and_its_strangers_beside_it(tmp_path):
    folder = tmp_path / "faces"
    known, strangers = drawn.write_dataset(folder, people=2, pictures=2, strangers=1, seed=4)
    assert set(files(folder)) == {
        *(f"{name}/{n:03d}.jpg" for name in known.people for n in range(2)),
        ".drawn.json",
    }
    assert strangers is not None
    assert set(strangers.people).isdisjoint(known.people)
    assert drawn.read_drawn(folder) == known
    assert drawn.read_drawn(tmp_path / "faces-strangers") == strangers
    picture = cv2.imread(str(folder / known.pictures[0].file))
    assert picture.shape == (320, 320, 3)


def test_a_data_set_is_the_same_bytes_for_the_same_seed_whatever_else_is_drawn(tmp_path):
    drawn.write_dataset(tmp_path / "a", people=2, pictures=2, seed=9)
    drawn.write_dataset(tmp_path / "b", people=2, pictures=2, seed=9)
    drawn.write_dataset(tmp_path / "c", people=3, pictures=3, strangers=1, seed=9)
    drawn.write_dataset(tmp_path / "d", people=2, pictures=2, seed=10)
    a, c, d = files(tmp_path / "a"), files(tmp_path / "c"), files(tmp_path / "d")
    pictures = {name for name in a if name.endswith(".jpg")}
    assert a == files(tmp_path / "b")
    assert all(a[name] == c[name] for name in pictures)
    assert all(a[name] != d.get(name) for name in pictures)


def test_nothing_is_overwritten_without_force(tmp_path):
    folder = tmp_path / "faces"
    drawn.write_dataset(folder, people=1, pictures=1, strangers=1)
    before = files(tmp_path)
    with pytest.raises(UsageError, match="exists already"):
        drawn.write_dataset(folder, people=1, pictures=1, seed=1)
    (tmp_path / "more-strangers").mkdir()
    with pytest.raises(UsageError, match="more-strangers exists already"):
        drawn.write_dataset(tmp_path / "more", people=1, pictures=1, strangers=1)
    assert files(tmp_path) == before
    drawn.write_dataset(folder, people=1, pictures=1, seed=1, force=True)
    assert files(tmp_path) != before


@pytest.mark.parametrize("where", ["mine.txt", "Ari/holiday.jpg", ".hidden", "Me/1.jpg"])
def test_force_leaves_files_of_somebody_else_alone(tmp_path, where):
    folder = tmp_path / "faces"
    drawn.write_dataset(folder, people=1, pictures=1)
    (folder / where).parent.mkdir(exist_ok=True)
    (folder / where).write_text("mine")
    with pytest.raises(UsageError, match=r"did not draw \(" + where):
        drawn.write_dataset(folder, people=1, pictures=1, force=True)
    assert (folder / where).read_text() == "mine"


def test_force_leaves_a_file_and_a_link_alone(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("file", "link"):
        with pytest.raises(UsageError, match="left alone"):
            drawn.write_dataset(tmp_path / name, people=1, pictures=1, force=True)


@pytest.mark.parametrize("strangers", [0, 1])
def test_interrupted_drawing_leaves_nothing_and_what_stood_there_untouched(tmp_path, strangers):
    def interrupted(items, doing):
        for i, item in enumerate(items):
            if i == 3:
                raise KeyboardInterrupt
            yield item

    kinds = {"people": 2, "pictures": 2, "strangers": strangers}
    with pytest.raises(KeyboardInterrupt):
        drawn.write_dataset(tmp_path / "faces", through=interrupted, **kinds)
    assert list(tmp_path.iterdir()) == []
    drawn.write_dataset(tmp_path / "faces", **kinds)
    before = files(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        drawn.write_dataset(tmp_path / "faces", force=True, seed=1, through=interrupted, **kinds)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    "numbers",
    [
        {"people": 0},
        {"strangers": -1},
        {"people": 150, "strangers": 51},
        {"pictures": 0},
        {"pictures": 10_001},
    ],
)
def test_numbers_out_of_range_are_refused_before_anything_is_written(tmp_path, numbers):
    with pytest.raises(UsageError, match="can be drawn"):
        drawn.write_dataset(tmp_path / "faces", **numbers)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_error_of_ours(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EdgefaceError, match="could not be written"):
        drawn.write_dataset(tmp_path / "file" / "faces", people=1, pictures=1)


@pytest.mark.parametrize("text", ["", "{}", '{"schema": 2}', '{"schema": 1, "seed": 0}', "\udcff"])
def test_a_drawn_json_of_somebody_else_is_named(tmp_path, text):
    (tmp_path / ".drawn.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"drawn\.json"):
        drawn.read_drawn(tmp_path)
