"""Pictures with labels, wherever they stand: one way in."""

import zipfile
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edgeface import records
from edgeface.datasets import loaders
from edgeface.datasets.arrays import ArrayPhotos
from edgeface.datasets.folder import PhotoFolder
from edgeface.datasets.photos import PLAIN, Photos, Reading, is_name, lasting, open_photos
from edgeface.errors import InputError, UsageError

GRAY = np.random.default_rng(0).integers(2, 254, (4, 9, 9), np.uint8)
WHO = np.asarray([0, 1, 0, 1])


@pytest.fixture
def places(tmp_path: Path, mat: SimpleNamespace) -> dict[str, Path]:
    """The same four pictures of 0 and 1 in every form there is."""
    folder = tmp_path / "folder"
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as packed:
        for n, picture in enumerate(GRAY):
            path = folder / str(WHO[n]) / f"{n:06d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), picture)
            packed.write(path, path.relative_to(folder))
    np.savez(tmp_path / "set.npz", x=GRAY, y=WHO)
    mat.save(tmp_path / "set.mat", x=GRAY, y=WHO)
    with (tmp_path / "upper.NPZ").open("wb") as file:  # by a name numpy appends a suffix
        np.savez(file, x=GRAY, y=WHO)
    return {
        "folder": folder,
        **{name: tmp_path / name for name in ("set.zip", "set.npz", "set.mat", "upper.NPZ")},
    }


def read(photos: Photos) -> dict[str, list[np.ndarray]]:
    with photos:
        assert photos.ignored == []
        assert photos.official == {}
        return {who: [photos.picture(n) for n in own] for who, own in photos.people.items()}


def test_every_form_gives_the_same_pictures(places: dict[str, Path]) -> None:
    found = {name: read(open_photos(path)) for name, path in places.items()}
    for name, people in found.items():
        assert list(people) == ["0", "1"], name
        for who, pictures in people.items():
            for picture, own in zip(pictures, GRAY[int(who) == WHO], strict=True):
                assert np.array_equal(picture, np.repeat(own[..., None], 3, axis=2)), name


def test_what_reads_a_path_is_told_by_what_it_is(places: dict[str, Path], tmp_path: Path) -> None:
    kinds = {name: type(open_photos(path)) for name, path in places.items()}
    assert kinds["folder"] is kinds["set.zip"] is PhotoFolder
    assert kinds["set.npz"] is kinds["set.mat"] is kinds["upper.NPZ"] is ArrayPhotos
    (tmp_path / "faces.npz").mkdir()  # a folder may be called so
    (tmp_path / "faces.npz" / "ada").mkdir()
    (tmp_path / "faces.npz" / "ada" / "1.png").write_bytes(b"x")
    assert open_photos(tmp_path / "faces.npz").people == {"ada": ["ada/1.png"]}


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for name in ("gone", "gone.npz", "gone.mat", "gone.zip"):
        with pytest.raises(UsageError, match=f"{name}: no such f"):
            open_photos(tmp_path / name)


@pytest.mark.parametrize(
    "reading",
    [Reading(colour="bgr"), Reading(labels=("a", "b")), Reading(pixels="x"), Reading(targets="y")],
)
def test_how_arrays_are_meant_says_nothing_of_folders(
    places: dict[str, Path], reading: Reading
) -> None:
    for name in ("folder", "set.zip"):
        with pytest.raises(UsageError, match="are for npz and mat files") as wrong:
            open_photos(places[name], reading)
        assert wrong.value.remedy.startswith("leave ")
    open_photos(places["set.npz"], reading)


def test_two_numbers_of_one_label_are_refused() -> None:
    with pytest.raises(UsageError, match="--labels: 'ada' stands there twice"):
        Reading(labels=("ada", "bob", "ada"))


@pytest.mark.parametrize("reading", [PLAIN, Reading("bgr", ("a", "b"), "pictures", "who")])
def test_a_reading_is_recorded_and_read_back(reading: Reading) -> None:
    data = records.from_toml(records.to_toml(asdict(reading)), "test", InputError)
    assert records.build(Reading, data, "test", InputError) == reading


def test_a_name_is_loaded_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(loaders, "load", lambda name: asked.append(name) or "loaded")
    assert open_photos(Path("sklearn:olivetti")) == "loaded"
    assert asked == ["sklearn:olivetti"]
    with pytest.raises(UsageError, match="are for npz and mat files"):
        open_photos(Path("sklearn:olivetti"), Reading(colour="bgr"))


def test_a_path_is_recorded_from_the_root_and_a_name_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert lasting("photos") == str(tmp_path / "photos")
    assert lasting(str(tmp_path / "set.npz")) == str(tmp_path / "set.npz")
    assert lasting("sklearn:olivetti") == "sklearn:olivetti"
    assert is_name("sklearn:olivetti")
    assert not is_name("./sklearn:olivetti")
