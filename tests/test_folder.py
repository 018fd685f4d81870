"""A folder per person, on disk or in a zip."""

import hashlib
import os
import struct
import unicodedata
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeface import images
from edgeface.datasets import folder as module
from edgeface.datasets.folder import PhotoFolder
from edgeface.errors import InputError, UsageError

PICTURE = cv2.imencode(".png", np.full((12, 10, 3), 90, np.uint8))[1].tobytes()
NAMES = ("Zoë Ünal", "-rf", "🙂 Smile", "Bob")


def fill(root: Path, files: dict[str, bytes], kind: str) -> Path:
    """The same files as a folder or as a zip."""
    if kind == "folder":
        for name, data in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return root
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # always one date
    return path


both = pytest.mark.parametrize("kind", ["folder", "zip"])


@both
def test_people_are_folders_and_pictures_are_told_by_their_suffix(
    tmp_path: Path, kind: str
) -> None:
    files = {f"{person}/{n}.JPG": PICTURE + bytes([n]) for person in NAMES for n in (2, 1)}
    files |= {"Bob/notes.txt": b"x", "loose.jpg": b"x", "Bob/deep/er.webp": PICTURE}
    files |= {"Bob/.hidden.jpg": b"x", ".git/a.jpg": b"x", "__MACOSX/Bob/._1.jpg": b"x"}
    with PhotoFolder(fill(tmp_path / "set", files, kind)) as photos:
        assert list(photos.people) == sorted(NAMES)
        assert photos.people["-rf"] == ["-rf/1.JPG", "-rf/2.JPG"]
        assert photos.people["Bob"] == ["Bob/1.JPG", "Bob/2.JPG", "Bob/deep/er.webp"]
        assert photos.ignored == ["Bob/notes.txt", "loose.jpg"]
        photo, picture = photos.photo("🙂 Smile/2.JPG")
        assert (photo.name, photo.label) == ("🙂 Smile/2.JPG", "🙂 Smile")
        assert photo.sha256 == hashlib.sha256(PICTURE + b"\2").hexdigest()
        assert picture.shape == (12, 10, 3)
        assert np.array_equal(picture, photos.picture("Bob/1.JPG"))


@both
def test_a_single_folder_around_the_people_is_seen_through(tmp_path: Path, kind: str) -> None:
    files = {"all/ada/1.jpg": b"a", "all/bob/1.jpg": b"b", "all/README": b"x", "docs/a.txt": b"x"}
    with PhotoFolder(fill(tmp_path / "set", files, kind)) as photos:
        assert photos.people == {"ada": ["ada/1.jpg"], "bob": ["bob/1.jpg"]}
        assert photos.bytes_of("bob/1.jpg") == b"b"


@both
@pytest.mark.parametrize("other", ["loose.jpg", "all/loose.jpg", "cyd/1.jpg"])
def test_pictures_beside_it_make_it_a_person(tmp_path: Path, kind: str, other: str) -> None:
    files = {"all/ada/1.jpg": b"a", "all/bob/1.jpg": b"b", other: b"c"}
    with PhotoFolder(fill(tmp_path / "set", files, kind)) as photos:
        assert "all" in photos.people
        assert "all/ada/1.jpg" in photos.people["all"]


@both
@pytest.mark.parametrize("files", [{}, {"1.jpg": b"x"}, {"ada/notes.txt": b"x"}])
def test_nothing_to_learn_from_is_an_error(
    tmp_path: Path, kind: str, files: dict[str, bytes]
) -> None:
    root = fill(tmp_path / "set", files, kind)
    root.mkdir(exist_ok=True) if kind == "folder" else None
    with pytest.raises(InputError, match="no folder with photographs in it"):
        PhotoFolder(root)


def test_no_such_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder or zip"):
        PhotoFolder(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="no such folder or zip"):
        PhotoFolder(tmp_path / "pipe")


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    elsewhere = fill(tmp_path / "elsewhere", {"1.jpg": b"1", "2.jpg": b"2"}, "folder")
    root = fill(tmp_path / "set", {"ada/1.jpg": b"a"}, "folder")
    (root / "bob").symlink_to(elsewhere)
    (root / "ada" / "2.jpg").symlink_to(elsewhere / "2.jpg")
    (root / "ada" / "3.jpg").symlink_to(tmp_path / "gone.jpg")
    (root / "ada" / "up").symlink_to(root)
    (elsewhere / "round").symlink_to(root / "bob")
    with PhotoFolder(root) as photos:
        assert photos.people == {
            "ada": ["ada/1.jpg", "ada/2.jpg"],
            "bob": ["bob/1.jpg", "bob/2.jpg"],
        }
        assert photos.bytes_of("bob/2.jpg") == photos.bytes_of("ada/2.jpg") == b"2"


def test_links_in_a_zip_are_no_pictures(tmp_path: Path) -> None:
    path = fill(tmp_path / "set", {"ada/1.jpg": b"a"}, "zip")
    with zipfile.ZipFile(path, "a") as packed:
        link = zipfile.ZipInfo("ada/2.jpg")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        packed.writestr(link, "/etc/hostname")
    with PhotoFolder(path) as photos:
        assert photos.people == {"ada": ["ada/1.jpg"]}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_in_a_zip_is_one_picture(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("ada/1.jpg", b"old")
        packed.writestr("ada/1.jpg", b"new")
    with PhotoFolder(path) as photos:
        assert photos.people == {"ada": ["ada/1.jpg"]}
        assert photos.bytes_of("ada/1.jpg") == b"new"


@both
def test_what_is_too_large_is_not_read(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reads in (module, images):
        monkeypatch.setattr(reads, "MAX_FILE_BYTES", 1000)
    files = {"ada/1.jpg": b"\0" * 1000, "ada/2.jpg": b"\0" * 1001}
    with PhotoFolder(fill(tmp_path / "set", files, kind)) as photos:
        assert len(photos.bytes_of("ada/1.jpg")) == 1000
        with pytest.raises(InputError, match=r"ada/2\.jpg.* larger than"):
            photos.bytes_of("ada/2.jpg")


def test_a_zip_that_lies_about_a_size_is_read_up_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 1000)
    path = fill(tmp_path / "set", {"ada/1.jpg": b"\0" * 10_000_000}, "zip")
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\1\2")
    struct.pack_into("<I", data, central + 24, 500)  # the uncompressed size that it claims
    path.write_bytes(data)
    asked = []
    real = zipfile.ZipExtFile.read

    def read(self: zipfile.ZipExtFile, n: int = -1) -> bytes:
        asked.append(n)
        return real(self, n)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", read)
    with PhotoFolder(path) as photos, pytest.raises(InputError):
        photos.bytes_of("ada/1.jpg")
    assert asked == [1001]


@both
def test_a_picture_that_is_gone_is_named(tmp_path: Path, kind: str) -> None:
    with (
        PhotoFolder(fill(tmp_path / "set", {"ada/1.jpg": b"a"}, kind)) as photos,
        pytest.raises(InputError, match=r"ada/2\.jpg"),
    ):
        photos.bytes_of("ada/2.jpg")


def test_a_locked_zip_is_one_line(tmp_path: Path) -> None:
    path = fill(tmp_path / "set", {"ada/1.jpg": b"abc"}, "zip")
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + at] |= 1  # the flag of an encrypted member
    path.write_bytes(data)
    with pytest.raises(InputError, match="encrypted"):
        PhotoFolder(path)


def test_an_entry_without_a_name_is_no_picture(tmp_path: Path) -> None:
    path = fill(tmp_path / "set", {"ada/1.jpg": b"a", "bob/1.jpg": b"b"}, "zip")
    data = bytearray(path.read_bytes())
    data[data.rindex(b"bob/1.jpg")] = 0  # where its name ends for zipfile
    path.write_bytes(data)
    with PhotoFolder(path) as photos:
        assert photos.people == {"ada": ["ada/1.jpg"]}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 300),
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_damaged_zip_gives_its_pictures_or_one_line(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int
) -> None:
    files = {f"{who}/{n}.jpg": bytes(range(60)) + bytes(200) for who in "ab" for n in range(2)}
    path = fill(tmp_path / "set", files, "zip")
    data = bytearray(path.read_bytes())
    for at, value in changes:
        data[at % len(data)] = value
    path.write_bytes(data[: len(data) - cut // 3])
    try:
        with PhotoFolder(path) as photos:
            for names in photos.people.values():
                for name in names:
                    try:
                        photos.bytes_of(name)
                    except InputError:
                        pass
    except InputError:
        pass


@both
def test_chosen_takes_who_is_asked_for(tmp_path: Path, kind: str) -> None:
    decomposed = unicodedata.normalize("NFD", "Jörg")
    files = {f"{who}/1.jpg": b"x" for who in ("ada", "bob", decomposed)}
    with PhotoFolder(fill(tmp_path / "set", files, kind)) as photos:
        assert list(photos.chosen([])) == sorted(("ada", "bob", decomposed))
        assert photos.chosen([" bob ", "ada", "", "bob"]) == {
            "ada": ["ada/1.jpg"],
            "bob": ["bob/1.jpg"],
        }
        assert list(photos.chosen(["Jörg"])) == [decomposed]
        with pytest.raises(UsageError, match="nobody called 'Ada'") as wrong:
            photos.chosen(["bob", "Ada"])
        assert "ada, bob" in wrong.value.remedy
        with pytest.raises(UsageError, match="names nobody"):
            photos.chosen([" ", ""])


def split(**sides: str) -> dict[str, bytes]:
    """The same people below each of the sides, with other bytes."""
    return {
        f"{folder}/{name}": f"{folder} {name}".encode()
        for folder in sides.values()
        for name in ("ada/1.jpg", "ada/2.jpg", "bob/1.jpg")
    }


@both
@pytest.mark.parametrize("above", ["", "data/"])
@pytest.mark.parametrize(
    "sides",
    [
        {"training": "train", "test": "test"},
        {"training": "Training", "validation": "valid"},
        {"training": "simpsons_trainset", "test": "simpson_testset"},
        {"training": "trainImages", "validation": "valImages", "test": "testImages"},
        {"training": "1-TRAIN", "validation": "2-DEV", "test": "3-TEST"},
    ],
)
def test_sides_that_were_published_are_kept(
    tmp_path: Path, kind: str, above: str, sides: dict[str, str]
) -> None:
    files = {above + name: data for name, data in split(**sides).items()}
    with PhotoFolder(fill(tmp_path / "set", {**files, "README": b"x"}, kind)) as photos:
        assert list(photos.people) == ["ada", "bob"]
        assert sorted(photos.people["ada"]) == photos.people["ada"]
        assert len(photos.people["ada"]) == 2 * len(sides)
        assert photos.ignored == ["README"]
        for side, folder in sides.items():
            name = f"{folder}/bob/1.jpg"
            assert photos.official[name] == side
            assert name in photos.people["bob"]
            assert photos.bytes_of(name) == f"{folder} bob/1.jpg".encode()
        assert set(photos.official) == {n for own in photos.people.values() for n in own}


@both
def test_a_photo_of_a_side_has_the_label_of_its_folder(tmp_path: Path, kind: str) -> None:
    files = {f"{top}/ada/1.png": PICTURE for top in ("train", "test")}
    with PhotoFolder(fill(tmp_path / "set", files, kind)) as photos:
        photo, _ = photos.photo("test/ada/1.png")
        assert (photo.name, photo.label) == ("test/ada/1.png", "ada")


@both
def test_without_sides_nothing_is_official(tmp_path: Path, kind: str) -> None:
    files = {"train/1.jpg": b"a", "tram/1.jpg": b"b"}  # vehicles
    with PhotoFolder(fill(tmp_path / "set", files, kind)) as photos:
        assert list(photos.people) == ["train", "tram"]
        assert photos.official == {}
    with PhotoFolder(fill(tmp_path / "other", {"train/ada/1.jpg": b"a"}, kind)) as photos:
        assert photos.people == {"ada": ["ada/1.jpg"]}
        assert photos.official == {}


@both
def test_a_side_without_labels_is_named(tmp_path: Path, kind: str) -> None:
    files = {"train/ada/1.jpg": b"a", "train/bob/1.jpg": b"b", "test/7.jpg": b"c"}
    with pytest.raises(InputError, match=r"but test/7\.jpg is in nobody's folder") as wrong:
        PhotoFolder(fill(tmp_path / "set", files, kind))
    assert "folder a person" in wrong.value.remedy


@both
def test_arrays_in_a_folder_are_pointed_out(tmp_path: Path, kind: str) -> None:
    with pytest.raises(
        InputError, match=r"no folder with photographs in it, but faces\.mat"
    ) as bad:
        PhotoFolder(fill(tmp_path / "set", {"faces.mat": b"x"}, kind))
    assert bad.value.remedy == "name faces.mat itself"


@both
def test_a_picture_must_be_the_one_that_was_recorded(tmp_path: Path, kind: str) -> None:
    with PhotoFolder(fill(tmp_path / "set", {"ada/1.png": PICTURE}, kind)) as photos:
        digest = hashlib.sha256(PICTURE).hexdigest()
        assert photos.photo("ada/1.png", digest)[0].sha256 == digest
        with pytest.raises(InputError, match=r"ada/1\.png was changed after the network"):
            photos.photo("ada/1.png", "0" * 64)


@pytest.mark.real_data
def test_the_simpsons_are_split_as_published(real_data: Path) -> None:
    with PhotoFolder(real_data / "simpsons" / "simpsons4_128.zip") as photos:
        assert len(photos.people) == 4
        sides = list(photos.official.values())
        assert (sides.count("training"), sides.count("test")) == (6233, 200)
        for names in photos.people.values():
            assert sum(photos.official[name] == "test" for name in names) == 50
        assert photos.picture(photos.people["bart_simpson"][0]).shape[2] == 3
