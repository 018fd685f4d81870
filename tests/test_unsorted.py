"""Pictures in a folder that nobody sorted."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.datasets.unsorted import NOBODY, UnsortedFolder, is_unsorted
from edgeface.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "a.jpg"):
        cv2.imwrite(str(tmp_path / name), np.full((20, 30, 3), 77, np.uint8))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.png").write_bytes(b"x")
    return tmp_path


def test_its_pictures_have_no_label(folder: Path) -> None:
    assert is_unsorted(folder)
    with UnsortedFolder(folder) as photos:
        assert photos.people == {NOBODY: ["a.jpg", "b.png"]}
        assert photos.ignored == ["notes.txt"]
        assert photos.chosen(()) == photos.people
        photo, picture = photos.photo("b.png")
        assert photo.sha256 == hashlib.sha256((folder / "b.png").read_bytes()).hexdigest()
        assert (photo.label, picture.shape) == (NOBODY, (20, 30, 3))
        assert photos.picture("b.png").max() == 77
        with pytest.raises(InputError, match="was changed"):
            photos.photo("b.png", "0" * 64)
        (folder / "b.png").unlink()
        with pytest.raises(InputError, match=r"b\.png: cannot be read"):
            photos.photo("b.png")


def test_folders_of_pictures_files_and_nothing_are_none(folder: Path) -> None:
    assert not is_unsorted(folder / "a.jpg")
    assert not is_unsorted(folder / "none")
    (folder / "ada").mkdir()
    assert not is_unsorted(folder)
    assert not is_unsorted(folder / "ada")
    with pytest.raises(InputError, match="no pictures in it"):
        UnsortedFolder(folder / "ada")
