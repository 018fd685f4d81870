"""Which picture is looked at, and how it is cut."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgeface import sealed
from edgeface.datasets.split import Entry, Split
from edgeface.errors import DetectorError, InputError, UsageError
from edgeface.images import Preprocess, crop, read_picture

pytestmark = pytest.mark.tf


@pytest.fixture
def run(fixture_run: Path) -> Any:
    """A run of 32 px gray faces that Haar found."""
    from edgeface.train.run import Run

    return Run.load(fixture_run)


def trained_on(run: Any, photos: Path, box: tuple[float, float, float, float] | None) -> Any:
    """The run as if its first held-back picture were the first one of these."""
    path = min(photos.glob("*/*.jpg"))
    name = f"{path.parent.name}/{path.name}"
    entry = Entry(name, path.parent.name, sealed.sha256(path), "validation", box=box)
    return replace(
        run, config=replace(run.config, data=str(photos)), split=Split(1, 0, 0.3, (entry,))
    )


def framed(run: Any, framing: Any) -> Any:
    config = replace(run.config, preprocess=Preprocess(32, 32, "gray", 0.0, framing))
    return replace(run, config=config)


def test_the_first_held_back_picture_is_cut_as_in_training(run: Any, drawn_photos: Path) -> None:
    from edgeface.train.explain.subject import from_run

    box = (100.0, 80.0, 200.0, 180.0)
    of = trained_on(run, drawn_photos, box)
    found = from_run(of)
    entry = of.split.files[0]
    assert (found.name, found.label) == (entry.name, entry.label)
    assert found.how == "the face that haar found, held back from training"
    picture = read_picture(drawn_photos / entry.name)
    expected = crop(picture, np.asarray(box), run.config.preprocess)
    np.testing.assert_array_equal(found.crop(of), expected)
    assert found.crop(of).shape == (32, 32, 1)
    whole = from_run(trained_on(run, drawn_photos, None))
    assert whole.how == "the whole picture, held back from training"


def test_pictures_that_are_gone_can_be_named_instead(run: Any, drawn_photos: Path) -> None:
    from edgeface.train.explain.subject import from_run

    with pytest.raises(UsageError, match="was trained on are gone") as caught:
        from_run(run)
    assert "--picture" in caught.value.remedy
    of = trained_on(run, drawn_photos, None)
    missing = replace(of.split.files[0], name=f"{of.split.files[0].label}/none.jpg")
    with pytest.raises(UsageError, match=r"none\.jpg is missing"):
        from_run(replace(of, split=replace(of.split, files=(missing,))))
    changed = replace(of.split.files[0], sha256="0" * 64)
    with pytest.raises(InputError):
        from_run(replace(of, split=replace(of.split, files=(changed,))))


def test_a_face_is_found_as_in_training(run: Any, drawn_photos: Path) -> None:
    from edgeface.train.explain.subject import from_file
    from edgeface.vision.detect import find_one_face, open_detector

    path = min(drawn_photos.glob("*/*.jpg"))
    found = from_file(run, path, None)
    assert found.how == "the face that haar found"
    assert found.label == ""
    picture = read_picture(path)
    box, _ = find_one_face(open_detector("haar").detect(picture), picture.shape)
    np.testing.assert_array_equal(found.crop(run), crop(picture, box, run.config.preprocess))


def test_a_small_picture_is_taken_for_a_crop(run: Any, tmp_path: Path) -> None:
    from edgeface.train.explain.subject import from_file

    path = tmp_path / "face.png"
    cv2.imwrite(str(path), np.full((40, 40, 3), 77, np.uint8))
    found = from_file(run, path, None)
    assert found.box is None
    assert "40 px" in found.how
    np.testing.assert_array_equal(found.crop(run), np.full((32, 32, 1), 77))


@pytest.mark.parametrize(
    ("framing", "how"), [("whole", "the largest centred square"), ("stretched", "all of it")]
)
def test_networks_for_whole_pictures_search_no_face(
    run: Any, tmp_path: Path, framing: str, how: str
) -> None:
    from edgeface.train.explain.subject import from_file

    path = tmp_path / "field.png"
    cv2.imwrite(str(path), np.full((300, 500, 3), 90, np.uint8))
    found = from_file(framed(run, framing), path, None)
    assert found.box is None
    assert found.how.startswith(how)


def test_a_photograph_without_one_face_is_refused(run: Any, tmp_path: Path) -> None:
    from edgeface.train.explain.subject import from_file

    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.full((300, 500, 3), 90, np.uint8))
    with pytest.raises(InputError, match="haar finds no face") as caught:
        from_file(run, path, None)
    assert "cut a square" in caught.value.remedy
    path.write_text("no picture")
    with pytest.raises(InputError, match="not a picture"):
        from_file(run, path, None)
    with pytest.raises(InputError, match="cannot be read"):
        from_file(run, tmp_path / "none.png", None)


def test_a_detector_that_needs_a_file_says_so(run: Any, drawn_photos: Path) -> None:
    from edgeface.train.explain.subject import from_file

    path = min(drawn_photos.glob("*/*.jpg"))
    yunet = replace(run, config=replace(run.config, detector="yunet"))
    with pytest.raises(DetectorError) as caught:
        from_file(yunet, path, None)
    assert "--detector-model" in caught.value.remedy
