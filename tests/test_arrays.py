"""Arrays as a data set of pictures."""

import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from edgeface.datasets import arrays as module
from edgeface.datasets.arrays import ArrayPhotos, from_arrays
from edgeface.datasets.arrays import open_arrays as opened
from edgeface.datasets.photos import PLAIN, Reading
from edgeface.errors import InputError, UsageError

PICTURES = np.random.default_rng(0).integers(2, 254, (6, 8, 9, 3), np.uint8)
TARGETS = np.asarray([0, 1, 0, 1, 0, 1])


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def open_arrays(path: Path, reading: Reading = PLAIN) -> ArrayPhotos:
    return opened(path, reading)


def test_a_picture_is_called_after_its_label_and_row(tmp_path: Path) -> None:
    path = save(tmp_path / "set.npz", x=PICTURES, y=TARGETS, note=np.asarray("by hand"))
    with open_arrays(path) as photos:
        assert photos.root == path
        assert photos.people == {
            "0": ["0/000000", "0/000002", "0/000004"],
            "1": ["1/000001", "1/000003", "1/000005"],
        }
        assert photos.ignored == ["note"]
        assert photos.official == {}
        assert photos.chosen(["1"]) == {"1": photos.people["1"]}
        with pytest.raises(UsageError, match="nobody called '2'"):
            photos.chosen(["2"])
        photo, picture = photos.photo("1/000003")
        assert (photo.name, photo.label) == ("1/000003", "1")
        assert np.array_equal(picture, PICTURES[3, ..., ::-1])  # red-green-blue unless it is said
        decoded = cv2.imdecode(np.frombuffer(photos.bytes_of("1/000003"), np.uint8), -1)
        assert np.array_equal(decoded, picture)
        assert np.array_equal(photos.picture("1/000003"), picture)


def test_a_picture_that_was_changed_is_found(tmp_path: Path) -> None:
    path = save(tmp_path / "set.npz", x=PICTURES, y=TARGETS)
    before = open_arrays(path).photo("0/000002")[0].sha256
    changed = PICTURES.copy()
    changed[2, 0, 0, 0] += 1
    after = open_arrays(save(path, x=changed, y=TARGETS))
    assert after.photo("0/000000", open_arrays(path).photo("0/000000")[0].sha256)
    with pytest.raises(InputError, match="0/000002 was changed after the network was trained"):
        after.photo("0/000002", before)


def test_the_documented_form_of_face_and_non_face(tmp_path: Path) -> None:
    """64x64x3 in blue-green-red order, targets (n, 1)."""
    x = np.random.default_rng(1).integers(2, 254, (4, 64, 64, 3), np.uint8)
    path = save(tmp_path / "faces.npz", x=x, y=np.asarray([[1], [0], [0], [1]]))
    photos = open_arrays(path, Reading(colour="bgr", labels=("nonface", "face")))
    assert photos.people == {
        "face": ["face/000000", "face/000003"],
        "nonface": ["nonface/000001", "nonface/000002"],
    }
    assert np.array_equal(photos.picture("face/000003"), x[3])


@pytest.mark.parametrize(
    "targets",
    [
        TARGETS[:, None],
        TARGETS.astype(np.float32),
        np.eye(2)[TARGETS],
        np.asarray(["0", "1"])[TARGETS],
        TARGETS.astype("S1"),
    ],
)
def test_targets_of_every_form_say_the_same(tmp_path: Path, targets: Any) -> None:
    plain = open_arrays(save(tmp_path / "plain.npz", x=PICTURES, y=TARGETS))
    other = open_arrays(save(tmp_path / "other.npz", x=PICTURES, y=targets))
    assert other.people == plain.people


def test_fractions_are_the_same_pictures_as_bytes(tmp_path: Path) -> None:
    bytes_ = open_arrays(save(tmp_path / "a.npz", x=PICTURES, y=TARGETS))
    for dtype in ("f4", "f8"):
        fractions = (PICTURES / 255).astype(dtype)
        found = open_arrays(save(tmp_path / "b.npz", x=fractions, y=TARGETS))
        assert found.photo("1/000001")[0] == bytes_.photo("1/000001")[0]
        whole = open_arrays(save(tmp_path / "c.npz", x=PICTURES.astype(dtype), y=TARGETS))
        assert whole.photo("1/000001")[0] == bytes_.photo("1/000001")[0]


def split_arrays() -> dict[str, Any]:
    return {
        "x_train": PICTURES[:4],
        "y_train": TARGETS[:4],
        "x_test": PICTURES[4:],
        "y_test": TARGETS[4:],
    }


def test_sides_are_kept_and_stand_in_the_names(tmp_path: Path) -> None:
    photos = open_arrays(save(tmp_path / "set.npz", **split_arrays()))
    assert photos.people["0"] == ["test/0/000000", "train/0/000000", "train/0/000002"]
    assert photos.official == {
        **dict.fromkeys((f"train/{n % 2}/{n:06d}" for n in range(4)), "training"),
        **dict.fromkeys((f"test/{n % 2}/{n:06d}" for n in range(2)), "test"),
    }
    assert np.array_equal(photos.picture("test/1/000001"), PICTURES[5, ..., ::-1])
    alone = open_arrays(tmp_path / "set.npz", Reading(pixels="x_test"))
    assert alone.official == {}
    assert list(alone.people) == ["0", "1"]


def test_files_that_the_array_names(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(4):
        cv2.imwrite(str(tmp_path / "in" / f"{n}.png"), np.full((5, 5, 3), 60 + n, np.uint8))
    names = np.asarray([f"in/{n}.png" for n in range(4)])
    path = save(tmp_path / "set.npz", paths=names, labels=np.asarray(["ada", "bob"] * 2))
    photos = open_arrays(path)
    assert photos.people["bob"] == ["bob/000001", "bob/000003"]
    assert photos.picture("bob/000003")[0, 0].tolist() == [63, 63, 63]
    assert photos.bytes_of("bob/000003") == (tmp_path / "in" / "3.png").read_bytes()
    raw = save(tmp_path / "raw.npz", paths=names.astype("S"), labels=np.asarray(["ada", "bob"] * 2))
    assert open_arrays(raw).picture("bob/000003")[0, 0].tolist() == [63, 63, 63]
    (tmp_path / "in" / "1.png").unlink()
    with pytest.raises(InputError, match=r"in/1\.png: cannot be read"):
        photos.picture("bob/000001")


def test_names_out_of_the_folder_are_never_read(tmp_path: Path) -> None:
    inner = tmp_path / "set"
    inner.mkdir()
    names = np.asarray(["a.png", "../b.png"])
    path = save(inner / "set.npz", paths=names, labels=np.arange(2))
    with pytest.raises(InputError, match=r"set\.npz: paths: '\.\./b\.png' is no file below"):
        open_arrays(path)
    not_text = save(inner / "raw.npz", paths=np.asarray([b"\xff", b"a"]), labels=np.arange(2))
    with pytest.raises(InputError, match="a name that is not UTF-8"):
        open_arrays(not_text)


def test_pictures_here_and_names_there_are_refused(tmp_path: Path) -> None:
    arrays = split_arrays() | {"x_test": np.asarray(["a.png", "b.png"])}
    path = save(tmp_path / "set.npz", **arrays)
    with pytest.raises(InputError, match="pictures in one, names of files in another"):
        open_arrays(path, Reading(pixels="x", targets="y"))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": PICTURES}, "no array of targets beside x"),
        ({"x": PICTURES, "y": TARGETS[:5]}, "5 targets for 6 pictures"),
        ({"x": PICTURES[..., :2], "y": TARGETS}, "is no array of pictures"),
        ({"x": PICTURES.transpose(0, 3, 1, 2), "y": TARGETS}, "the channels before the rows"),
        ({"x": PICTURES.astype("f4") * np.nan, "y": TARGETS}, "NaN"),
        ({"x": PICTURES * 1000.0, "y": TARGETS}, "values from"),
        ({"x": PICTURES, "y": TARGETS / 3}, "no class number"),
        ({"x": PICTURES.astype(object), "y": TARGETS}, "Python objects"),
        ({"x": PICTURES, "y": TARGETS.astype(object)}, "Python objects"),
        ({"x": PICTURES[:0], "y": TARGETS[:0]}, "no array of pictures"),
        ({"x": np.asarray([], "U3"), "y": TARGETS[:0]}, "not one picture"),
        ({}, "none at all"),
    ],
)
def test_what_is_no_data_set_is_one_line(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as wrong:
        open_arrays(save(tmp_path / "set.npz", **arrays))
    assert str(wrong.value).startswith(str(tmp_path / "set.npz"))
    assert "\n" not in str(wrong.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        open_arrays(tmp_path / "set.npz")
    (tmp_path / "set.npz").write_text("not an archive")
    with pytest.raises(InputError, match="no npz file"):
        open_arrays(tmp_path / "set.npz")
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as file:
        file.writestr("ada/1.jpg", b"x")
    with pytest.raises(InputError, match="none at all"):
        open_arrays(tmp_path / "set.npz")


def test_arrays_that_are_too_large_together_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "set.npz", **split_arrays())
    monkeypatch.setattr(module, "MAX_ARRAY_BYTES", PICTURES.nbytes)
    with pytest.raises(InputError, match="x_train, y_train, x_test, y_test together take"):
        open_arrays(path)
    open_arrays(path, Reading(pixels="x_train"))


def test_matlab_has_its_pictures_in_columns(tmp_path: Path, mat: SimpleNamespace) -> None:
    pictures = np.random.default_rng(0).integers(2, 254, (6, 7, 7), np.uint8)
    rows = open_arrays(save(tmp_path / "a.npz", x=pictures, y=TARGETS))
    stored = {
        "counted last": np.moveaxis(pictures, 0, -1),
        "flat": np.stack([p.flatten(order="F") for p in pictures], axis=1),
        "flat doubles": np.stack([p.flatten(order="F") for p in pictures], axis=1) / 255,
        "counted first": pictures,
    }
    for name, array in stored.items():
        path = mat.save(tmp_path / "b.mat", x=array, y=TARGETS[None].astype(np.float64))
        found = open_arrays(path)
        assert found.people == rows.people, name
        assert found.photo("1/000005")[0] == rows.photo("1/000005")[0], name


def test_matlab_text_is_padded(tmp_path: Path, mat: SimpleNamespace) -> None:
    gray = PICTURES[..., 0]
    path = mat.save(tmp_path / "a.mat", images=gray, labels=np.asarray(["ada", "robert"] * 3))
    assert list(open_arrays(path).people) == ["ada", "robert"]


def olivetti(people: int) -> np.ndarray[Any, Any]:
    pictures = np.random.default_rng(0).integers(2, 254, (people * 10, 64, 64), np.uint8)
    return np.stack([p.flatten(order="F") for p in pictures], axis=1)


def test_the_olivetti_file_has_no_targets_and_ten_of_each(
    tmp_path: Path, mat: SimpleNamespace
) -> None:
    path = mat.save(tmp_path / "set.mat", faces=olivetti(3))
    photos = open_arrays(path)
    assert list(photos.people) == ["s1", "s2", "s3"]
    assert photos.people["s2"] == [f"s2/{n:06d}" for n in range(10, 20)]
    named = open_arrays(path, Reading(labels=("ada", "bob", "cyd")))
    assert named.people["bob"] == [f"bob/{n:06d}" for n in range(10, 20)]
    with pytest.raises(InputError, match="class number 2, and --labels names 0 to 1"):
        open_arrays(path, Reading(labels=("ada", "bob")))


@pytest.mark.parametrize(
    ("name", "array"),
    [("pixels", olivetti(2)), ("faces", olivetti(2)[:, :15]), ("faces", olivetti(2)[:4000])],
)
def test_what_is_like_it_but_is_not_it_needs_targets(
    tmp_path: Path, mat: SimpleNamespace, name: str, array: Any
) -> None:
    with pytest.raises(InputError, match="no array of targets"):
        open_arrays(mat.save(tmp_path / "set.mat", **{name: array}))
    if name == "faces":  # nor is an npz file of that shape
        with pytest.raises(InputError, match="no array of targets"):
            open_arrays(save(tmp_path / "set.npz", faces=olivetti(2)))


def test_from_memory() -> None:
    root = Path("sklearn:faces")
    images = PICTURES[..., 0] / 255
    photos = from_arrays(root, images, TARGETS, ("ada", "bob"))
    assert photos.people["bob"] == ["bob/000001", "bob/000003", "bob/000005"]
    assert np.array_equal(photos.picture("bob/000003")[..., 0], PICTURES[3, ..., 0])
    with pytest.raises(InputError, match=r"sklearn:faces: targets: 5 targets for 6 pictures"):
        from_arrays(root, images, TARGETS[:5])
    with pytest.raises(InputError, match=r"sklearn:faces: images: values from"):
        from_arrays(root, images - 1, TARGETS)


@pytest.mark.real_data
def test_olivetti_faces_are_those_of_the_pgm_files_in_their_order(real_data: Path) -> None:
    """They are cut out, turned a little and scaled: each must be found in its own picture."""
    from edgeface.datasets.folder import PhotoFolder

    found: list[float] = []
    faces = open_arrays(real_data / "orl" / "olivettifaces.mat")
    assert {len(names) for names in faces.people.values()} == {10}
    with PhotoFolder(real_data / "orl" / "orl_pgm.zip") as folder:
        assert sorted(folder.people) == sorted(faces.people)
        for person in ("s1", "s17", "s40"):
            names = sorted(folder.people[person], key=lambda n: int(Path(n).stem))
            for face, name in zip(faces.people[person], names, strict=True):
                upright = faces.picture(face)[..., 0]
                whole = folder.picture(name)[..., 0]
                found.append(_found(upright, whole))
                assert found[-1] > _found(upright.T, whole), f"{face} lies on its side"
    assert min(found) > 0.65
    assert np.median(found) > 0.9


def _found(face: Any, whole: Any) -> float:
    """The best correlation of a face with any square of a picture."""
    best = -1.0
    for side in range(64, 93, 2):
        scaled = cv2.resize(face, (side, side), interpolation=cv2.INTER_LINEAR)
        best = max(best, float(cv2.matchTemplate(whole, scaled, cv2.TM_CCOEFF_NORMED).max()))
    return best


@pytest.mark.real_data
def test_cbcl_keeps_its_published_sides(real_data: Path) -> None:
    photos = open_arrays(real_data / "cbcl" / "cbcl_19x19.npz", Reading(labels=("nonface", "face")))
    sides = list(photos.official.values())
    assert (sides.count("training"), sides.count("test")) == (10_977, 20_044)
    assert {label: len(names) for label, names in photos.people.items()} == {
        "face": 2_901,
        "nonface": 28_120,
    }
    picture = photos.picture(photos.people["face"][-1])
    assert picture.shape == (19, 19, 3)
    assert picture.max() > 100
