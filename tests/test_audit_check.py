import json
import shutil
import threading

import cv2
import numpy as np
import pytest

from edgeface.datasets.audit.check import audit
from edgeface.datasets.audit.findings import TITLES, Finding, in_order
from edgeface.datasets.audit.sides import published
from edgeface.datasets.photos import open_photos
from edgeface.errors import InputError
from edgeface.geometry import Detections, no_detections
from edgeface.images import Preprocess

WHOLE = Preprocess(64, 64, margin=0.0, framing="whole")


def scene(seed, side=128):
    """Coloured squares, others for every seed."""
    small = np.random.default_rng(seed).integers(0, 256, (13, 13, 3), np.uint8)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_NEAREST)


def save(path, picture, quality=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    path.write_bytes(data.tobytes())


def people(folder, count=12, names=("ann", "bob")):
    for number, name in enumerate(names):
        for i in range(count):
            save(folder / name / f"{i:02}.jpg", scene(100 * number + i))
    return folder


def checked(folder, detector=None, shown=WHOLE):
    with open_photos(folder) as photos:
        return audit(photos, photos.people, published(photos), shown, detector)


def kinds(found):
    return [f.kind for f in found.findings]


def test_a_good_set_has_no_findings(tmp_path):
    found = checked(people(tmp_path / "set"))
    assert found.findings == ()
    assert (found.pictures, found.readable, found.ignored) == (24, 24, 0)
    assert (found.split, found.leak, found.leaks) == (None, None, False)
    assert [c.pictures for c in found.counts] == [12, 12]


def test_everything_that_is_wrong_is_found_once_and_in_order(tmp_path):
    folder = people(tmp_path / "set", names=("train/ann", "train/bob", "test/ann", "test/bob"))
    train, test = folder / "train", folder / "test"
    save(test / "ann" / "leak.jpg", cv2.resize(scene(3), (90, 90)), 40)
    shutil.copy(train / "ann" / "04.jpg", train / "bob" / "wrong.jpg")
    save(train / "bob" / "alike.jpg", scene(5), 50)
    (train / "ann" / "broken.jpg").write_bytes((train / "ann" / "01.jpg").read_bytes()[:300])
    (train / "ann" / "empty.png").write_bytes(b"")
    (train / "ann" / "notes.txt").write_text("not a picture")
    shutil.copy(train / "bob" / "06.jpg", train / "bob" / "copy.jpg")
    save(train / "bob" / "again.jpg", scene(107), 40)
    save(train / "bob" / "small.png", scene(900, side=40))
    save(train / "bob" / "blurred.png", cv2.GaussianBlur(scene(901), (0, 0), 12))
    save(train / "bob" / "dark.png", (scene(902) * 0.15).astype(np.uint8))
    save(train / "bob" / "bright.png", (scene(903) * 0.15 + 200).astype(np.uint8))
    save(train / "bob" / "faint.png", (scene(905) * 0.05 + 100).astype(np.uint8))
    clipped = np.where(scene(904) > 127, np.uint8(255), np.uint8(0))[..., :1].repeat(3, axis=2)
    save(train / "bob" / "clipped.png", clipped)
    found = checked(folder)
    named = {f.kind: {n for item in f.items for n in item.names} for f in found.findings}
    assert named == {
        "leak": {"test/ann/leak.jpg", "train/ann/03.jpg"},
        "contradiction": {"train/ann/04.jpg", "train/bob/wrong.jpg"},
        "two_labels": {"train/ann/05.jpg", "train/bob/alike.jpg"},
        "broken": {"train/ann/broken.jpg", "train/ann/empty.png"},
        "copy": {"train/bob/06.jpg", "train/bob/copy.jpg"},
        "near": {
            *("train/ann/03.jpg", "test/ann/leak.jpg"),
            *("train/bob/07.jpg", "train/bob/again.jpg"),
        },
        "small": {"train/bob/small.png"},
        "blurred": {"train/bob/blurred.png"},
        "dark": {"train/bob/dark.png"},
        "bright": {"train/bob/bright.png"},
        "clipped": {"train/bob/clipped.png"},
        "faint": {"train/bob/faint.png"},
    }
    assert kinds(found) == [kind for kind in TITLES if kind in named]
    assert found.leaks
    assert (found.leak.training, found.leak.held_back) == (1, 1)
    assert (found.pictures, found.readable, found.ignored) == (61, 59, 1)
    assert found.split == "official"
    assert [(c.label, c.training, c.test) for c in found.counts] == [
        ("ann", 12, 13),
        ("bob", 22, 12),
    ]


def test_the_data_is_plain_and_complete(tmp_path):
    folder = people(tmp_path / "set")
    (folder / "ann" / "x.jpg").write_bytes(b"")
    data = json.loads(json.dumps(checked(folder).as_data(), allow_nan=False))
    assert data["schema"] == 1
    assert data["faces"] == {"detector": None, "judged": 0}
    assert data["labels"][0] == {
        "label": "ann",
        "pictures": 12,
        "training": None,
        "validation": None,
        "test": None,
    }
    (finding,) = data["findings"]
    assert finding["kind"] == "broken"
    assert finding["title"] == "broken"
    assert finding["items"] == [{"names": ["ann/x.jpg"], "detail": "empty file", "alike": None}]


def test_not_one_readable_picture_is_an_error_that_names_the_first(tmp_path):
    for name in ("ann/1.jpg", "bob/1.jpg"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"none of 2 pictures can be read \(ann/1.jpg: not a pict"):
        checked(tmp_path)


def test_a_label_without_a_readable_picture_is_counted(tmp_path):
    folder = people(tmp_path / "set", names=("ann",))
    (folder / "bob").mkdir()
    (folder / "bob" / "1.jpg").write_bytes(b"")
    found = checked(folder)
    assert kinds(found) == ["broken", "few", "uneven"]
    assert [(c.label, c.pictures) for c in found.counts] == [("ann", 12), ("bob", 0)]


class FakeDetector:
    """Finds as many faces as the name of its turn says."""

    name = "fake"

    def __init__(self, turns):
        self.turns = iter(turns)

    def detect(self, picture):
        boxes = [[10, 10, 50, 50], [70, 70, 110, 110]][: next(self.turns)]
        if not boxes:
            return no_detections()
        return Detections(np.asarray(boxes, np.float32), np.ones(len(boxes), np.float32))


def test_no_face_and_several_are_told_where_faces_are_looked_for(tmp_path):
    folder = people(tmp_path / "set", names=("ann",))
    shown = Preprocess(32, 32)
    found = checked(folder, FakeDetector([1, 0, 2, *[1] * 9]), shown)
    named = {f.kind: [item.names for item in f.items] for f in found.findings}
    assert named == {"no_face": [("ann/01.jpg",)], "several_faces": [("ann/02.jpg",)]}
    assert (found.detector, found.judged) == ("fake", 12)


def test_a_face_that_is_too_small_is_told_with_its_margin(tmp_path):
    folder = people(tmp_path / "set", names=("ann",))
    found = checked(folder, FakeDetector([1] * 12), Preprocess(64, 64, margin=0.1))
    assert kinds(found) == ["small"]
    assert found.findings[0].items[0].detail == "48 px, less than 64"


def test_drawn_people_have_faces_and_no_near_duplicates(drawn_photos):
    from edgeface.vision.detect import open_detector

    found = checked(drawn_photos, open_detector("haar"), Preprocess(64, 64))
    assert found.judged == found.pictures == 72
    near = {"near", "copy", "two_labels", "contradiction", "blurred", "dark", "bright"}
    assert not near & set(kinds(found))
    unclear = sum(f.pictures for f in found.findings if f.kind in ("no_face", "several_faces"))
    assert unclear < 12


def test_every_name_is_tracked_and_no_thread_is_left(tmp_path):
    folder = people(tmp_path / "set", count=5)
    tracked = []

    def track(names):
        for name in names:
            tracked.append(name)
            yield name

    with open_photos(folder) as photos:
        audit(photos, photos.people, None, WHOLE, None, track)
    assert tracked == [f"{who}/{i:02}.jpg" for who in ("ann", "bob") for i in range(5)]
    assert threading.active_count() == 1


def test_arrays_are_checked_like_folders(tmp_path):
    path = tmp_path / "set.npz"
    pictures = np.stack([scene(i, 64)[..., ::-1] for i in range(24)])
    pictures[23] = pictures[3]
    np.savez(path, x_train=pictures[:20], y_train=np.arange(20) % 2, x_test=pictures[20:],
             y_test=np.arange(20, 24) % 2)  # fmt: skip
    found = checked(path)
    assert found.split == "official"
    assert [f.kind for f in found.findings][:2] == ["leak", "copy"]
    assert found.leak.held_back == 1


def test_the_gravest_finding_comes_first():
    found = in_order([Finding(kind, 1, ()) for kind in reversed(TITLES)])
    assert [f.kind for f in found] == list(TITLES)
    assert all(f.title for f in found)


@pytest.mark.real_data
@pytest.mark.slow
def test_the_published_simpsons_leak_and_nothing_else_is_grave(real_data):
    found = checked(real_data / "simpsons" / "simpsons4_128.zip")
    assert (found.pictures, found.readable) == (6433, 6433)
    # Every picture of the published test side is a picture of the training side.
    assert (found.leak.held_back, found.leak.of_held_back) == (200, 200)
    assert 200 <= found.leak.training < 300
    by_kind = {f.kind: f for f in found.findings}
    assert min(item.alike for item in by_kind["leak"].items) > 0.95
    assert by_kind["copy"].pictures == 12
    assert not {"contradiction", "two_labels", "broken", "few", "uneven"} & set(by_kind)


@pytest.mark.real_data
def test_published_portraits_have_no_flaws(real_data):
    found = checked(real_data / "orl" / "orl_pgm.zip")
    assert kinds(found) == ["near"]
    assert found.findings[0].pictures < 80
