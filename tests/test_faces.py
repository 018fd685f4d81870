"""From photographs to crops, with an account of every picture."""

import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.datasets.faces import check_enough, class_numbers, cut_faces, framing, recut
from edgeface.datasets.folder import PhotoFolder
from edgeface.datasets.photos import open_photos
from edgeface.errors import InputError, UsageError
from edgeface.geometry import Detections, no_detections
from edgeface.images import Picture, Preprocess, crop

TO = Preprocess(16, 16)


class Eyes:
    """Finds what the grey of the first pixel says: 0 nothing, 200 two faces, else one."""

    name = "fake"

    def detect(self, picture: Picture) -> Detections:
        grey = int(picture[0, 0, 0])
        if grey < 10:
            return no_detections()
        side = grey / 10 + 0.123456
        boxes = [[5, 5, 5 + side, 5 + side], [50, 50, 50 + side, 50 + side]]
        return Detections(
            np.asarray(boxes[: 2 if grey == 200 else 1], np.float32),
            np.ones(2 if grey == 200 else 1, np.float32),
        )


def photo(path: Path, grey: int, side: int = 200) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.random.default_rng(grey).integers(0, 256, (side, side, 3), np.uint8)
    picture[0, 0] = grey
    cv2.imwrite(str(path), picture)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for number, grey in enumerate((100, 110, 0, 200)):
        photo(root / "ada" / f"{number}.png", grey)
    for number, grey in enumerate((150, 160, 170)):
        photo(root / "bob" / f"{number}.png", grey)
    return root


def cut(root: Path, to: Preprocess = TO, **how: bool):
    with PhotoFolder(root) as folder:
        return cut_faces(folder, folder.people, to, Eyes(), **how)


def test_every_photograph_is_accounted_for(photos: Path) -> None:
    faces = cut(photos)
    assert [e.name for e in faces.used] == [
        *("ada/0.png", "ada/1.png", "bob/0.png", "bob/1.png", "bob/2.png")
    ]
    assert {e.name: e.reason for e in faces.left_out} == {
        "ada/2.png": "no face found",
        "ada/3.png": "several faces",
    }
    assert faces.pixels.shape == (5, 16, 16, 1)
    assert len({e.sha256 for e in faces.entries}) == 7
    box = faces.used[0].box
    assert box == pytest.approx((5.0, 5.0, 15.123456, 15.123456))
    found = Eyes().detect(cv2.imread(str(photos / "ada" / "0.png"))).boxes[0]
    assert box == tuple(found.tolist())  # what is recorded is what the loop crops
    picture = cv2.imread(str(photos / "ada" / "0.png"))
    assert np.array_equal(faces.pixels[0], crop(picture, np.asarray(box), TO))
    assert class_numbers(faces.used, ("ada", "bob")).tolist() == [0, 0, 1, 1, 1]


def test_whole_pictures_are_not_searched(photos: Path) -> None:
    to = Preprocess(16, 16, framing="whole", margin=0.0)
    faces = cut(photos, to)
    assert len(faces.used) == 7
    assert all(e.box is None for e in faces.entries)
    picture = cv2.imread(str(photos / "ada" / "2.png"))
    assert np.array_equal(faces.pixels[2], crop(picture, None, to))


@pytest.mark.parametrize(
    ("mode", "side", "expected"),
    [
        ("auto", 92, "whole"),
        ("auto", 160, "whole"),
        ("auto", 161, "face"),
        ("never", 400, "whole"),
        ("always", 64, "face"),
    ],
)
def test_framing(tmp_path: Path, mode: str, side: int, expected: str) -> None:
    for who in ("ada", "bob"):
        for number in range(3):
            photo(tmp_path / who / f"{number}.png", 100 + number, side)
    with PhotoFolder(tmp_path) as folder:
        made = framing(folder, folder.people, mode)  # type: ignore[arg-type]
    assert made.framing == expected
    assert made.margin == (0.0 if expected == "whole" else Preprocess(64, 64).margin)


def test_framing_goes_by_the_middle_picture_and_over_broken_ones(tmp_path: Path) -> None:
    for number, side in enumerate((64, 64, 64, 900)):
        photo(tmp_path / "ada" / f"{number}.png", 100, side)
    (tmp_path / "ada" / "9.png").write_text("no picture")
    with PhotoFolder(tmp_path) as folder:
        assert framing(folder, folder.people, "auto").framing == "whole"
        modes = "auto, never, stretched, always"
        with pytest.raises(UsageError, match=f"--crop sometimes: one of {modes}"):
            framing(folder, folder.people, "sometimes")  # type: ignore[arg-type]


def test_broken_pictures_stop_it_unless_they_are_to_be_left_out(photos: Path) -> None:
    (photos / "ada" / "8.jpg").write_text("not a picture")
    (photos / "bob" / "9.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"ada/8\.jpg: not a picture.*\(and 1 more\)") as wrong:
        cut(photos)
    assert "--skip-broken" in wrong.value.remedy
    faces = cut(photos, skip_broken=True)
    left = {e.name: e.reason for e in faces.left_out}
    assert left["ada/8.jpg"] == left["bob/9.png"] == "broken picture"
    assert len(faces.used) == len(faces.pixels) == 5


def test_one_file_under_two_people_is_left_out_of_both(photos: Path) -> None:
    shutil.copy(photos / "ada" / "0.png", photos / "bob" / "7.png")
    shutil.copy(photos / "bob" / "1.png", photos / "bob" / "8.png")  # a copy is no contradiction
    faces = cut(photos)
    left = {e.name: e.reason for e in faces.left_out}
    assert left["ada/0.png"] == left["bob/7.png"] == "the same file under two people"
    used = [e.name for e in faces.used]
    assert used == ["ada/1.png", *(f"bob/{n}.png" for n in (0, 1, 2, 8))]
    # The crops still go with their entries.
    with PhotoFolder(photos) as folder:
        assert np.array_equal(recut(folder, faces.used, TO), faces.pixels)


@pytest.mark.parametrize("packed", [False, True])
def test_cut_again_gives_the_same_bytes(photos: Path, packed: bool) -> None:
    faces = cut(photos)
    root = photos
    if packed:
        root = photos.with_suffix(".zip")
        with zipfile.ZipFile(root, "w") as zipped:
            for path in sorted(photos.rglob("*.png")):
                zipped.write(path, f"top/{path.relative_to(photos)}")
    with PhotoFolder(root) as folder:
        again = recut(folder, faces.used[::-1], TO)
    assert np.array_equal(again[::-1], faces.pixels)


def test_cut_again_names_what_is_missing_or_changed(photos: Path) -> None:
    faces = cut(photos)
    changed = photos / "bob" / "1.png"
    kept = changed.read_bytes()
    for data in (kept + b"\0", b"no picture any more"):
        changed.write_bytes(data)
        with (
            PhotoFolder(photos) as folder,
            pytest.raises(InputError, match=r"bob/1\.png was changed"),
        ):
            recut(folder, faces.used, TO)
    changed.unlink()
    with PhotoFolder(photos) as folder, pytest.raises(InputError, match=r"bob/1\.png is missing"):
        recut(folder, faces.used, TO)


def test_nothing_to_cut_is_an_empty_array(photos: Path) -> None:
    with PhotoFolder(photos) as folder:
        assert recut(folder, (), TO).shape == (0, 16, 16, 1)
        nothing = cut_faces(folder, {"ada": ["ada/2.png"]}, TO, Eyes())
    assert nothing.pixels.shape == (0, 16, 16, 1)
    assert not nothing.used


def test_enough_is_two_different_pictures_of_everybody(photos: Path) -> None:
    check_enough(cut(photos), ("ada", "bob"))
    (photos / "ada" / "1.png").unlink()
    with pytest.raises(InputError, match=r"'ada' has 1 usable .* \(1 x no face.*, 1 x several"):
        check_enough(cut(photos), ("ada", "bob"))
    shutil.copy(photos / "ada" / "0.png", photos / "ada" / "1.png")
    with pytest.raises(InputError, match="'ada' has 1 usable"):
        check_enough(cut(photos), ("ada", "bob"))


def published(root: Path) -> Path:
    """Two people below a training and a test side; the grey of every picture is its number."""
    numbers = iter(range(100, 190, 10))
    for side in ("trainset", "testset"):
        for who in ("ada", "bob"):
            for n in range(2):
                photo(root / side / who / f"{n}.png", next(numbers))
    return root


def test_in_a_set_that_is_split_the_label_is_not_the_first_folder(tmp_path: Path) -> None:
    root = published(tmp_path)
    (root / "trainset" / "bob" / "9.png").write_text("broken")
    faces = cut(root, skip_broken=True)
    assert {(e.name, e.label) for e in faces.used} == {
        (f"{side}/{who}/{n}.png", who)
        for side in ("trainset", "testset")
        for who in ("ada", "bob")
        for n in range(2)
    }
    assert [(e.name, e.label) for e in faces.left_out] == [("trainset/bob/9.png", "bob")]
    with PhotoFolder(root) as folder:
        assert set(folder.official) == {e.name for e in faces.entries}
        assert np.array_equal(recut(folder, faces.used, TO), faces.pixels)


def test_one_file_under_two_people_on_two_sides_is_left_out_of_both(tmp_path: Path) -> None:
    root = published(tmp_path)
    shutil.copy(root / "trainset" / "ada" / "0.png", root / "testset" / "bob" / "7.png")
    shutil.copy(root / "trainset" / "ada" / "1.png", root / "testset" / "ada" / "7.png")  # a leak
    left = {e.name: e.reason for e in cut(root).left_out}
    assert set(left) == {"trainset/ada/0.png", "testset/bob/7.png"}
    assert set(left.values()) == {"the same file under two people"}


def test_hashes_go_with_the_used_pictures(photos: Path) -> None:
    from edgeface.datasets.audit.hashes import picture_hash

    assert cut(photos).hashes is None
    shutil.copy(photos / "ada" / "0.png", photos / "bob" / "7.png")
    (photos / "ada" / "5.png").write_text("broken")
    faces = cut(photos, skip_broken=True, hashes=True)
    assert [e.name for e in faces.used] == ["ada/1.png", *(f"bob/{n}.png" for n in range(3))]
    expected = [picture_hash(cv2.imread(str(photos / e.name))) for e in faces.used]
    assert faces.hashes is not None
    assert np.array_equal(faces.hashes, np.stack(expected))
    with PhotoFolder(photos) as folder:
        nothing = cut_faces(folder, {"ada": ["ada/2.png"]}, TO, Eyes(), hashes=True)
    assert nothing.hashes is not None
    assert len(nothing.hashes) == 0


def test_arrays_are_cut_like_files(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(2, 254, (6, 40, 40, 3), np.uint8)
    path = tmp_path / "set.npz"
    np.savez(path, x=pictures, y=np.asarray([0, 1] * 3))
    to = Preprocess(16, 16, framing="whole", margin=0.0)
    with open_photos(path) as arrays:
        assert framing(arrays, arrays.people, "auto").framing == "whole"
        faces = cut_faces(arrays, arrays.people, to, Eyes())
        again = recut(arrays, faces.used, to)
    assert [e.label for e in faces.used] == ["0"] * 3 + ["1"] * 3
    rows = [int(e.name.split("/")[1]) for e in faces.used]
    expected = np.stack([crop(pictures[row, ..., ::-1], None, to) for row in rows])
    assert np.array_equal(faces.pixels, expected)
    assert np.array_equal(again, expected)
    pictures[4] += 1
    np.savez(path, x=pictures, y=np.asarray([0, 1] * 3))
    with open_photos(path) as arrays, pytest.raises(InputError, match="0/000004 was changed"):
        recut(arrays, faces.used, to)
