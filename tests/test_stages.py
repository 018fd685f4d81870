from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgeface.bench.photographs import Photograph, drawn_photographs, read_photographs
from edgeface.bench.stages import STAGES, WHOLE, balance, stages_of
from edgeface.bundle import Bundle
from edgeface.errors import InputError, UsageError
from edgeface.geometry import Detections
from edgeface.images import Picture, Preprocess
from edgeface.report import Cell, Window
from edgeface.vision.classify import Classifier
from edgeface.vision.detect import NoDetector
from edgeface.vision.pipeline import Pipeline, open_pipeline


class Corners:
    """Finds as many faces as the picture's upper left pixel says."""

    name = "corners"

    def detect(self, picture: Picture) -> Detections:
        count = int(picture[0, 0, 0])
        boxes = np.asarray([[8 * i, 8, 8 * i + 16, 24] for i in range(count)], np.float32)
        return Detections(boxes.reshape(-1, 4), np.ones(count, np.float32))


def photograph(faces: int, side: int = 40) -> Photograph:
    picture = np.full((side, side, 3), faces, np.uint8)
    return Photograph(f"with {faces}", cv2.imencode(".png", picture)[1].tobytes())


def eyes(backend: Any, detector: Any = None) -> Pipeline:
    classifier = Classifier(backend, Preprocess(32, 32), ("ada", "bob", "cyd"), 0.5)
    return Pipeline(detector or Corners(), classifier)


def test_every_stage_does_for_a_photograph_what_the_whole_does(fake_backend: Any) -> None:
    looking = eyes(fake_backend)
    stages = stages_of(looking, [photograph(1), photograph(3)])
    assert list(stages.calls) == [*STAGES, WHOLE]
    for look in stages.looks:
        seen = stages.calls[WHOLE](look)
        np.testing.assert_array_equal(stages.calls["decode"](look), look.picture)
        boxes = stages.calls["detect"](look).boxes
        assert [f.box for f in seen.faces] == [tuple(map(float, box)) for box in boxes]
        for cut, pixels in zip(stages.calls["crop"](look), look.pixels, strict=True):
            np.testing.assert_array_equal(cut, pixels)
        assert stages.calls["decide"](look) == [face.decision for face in seen.faces]
        before = fake_backend.calls
        assert len(stages.calls["infer"](look)) == len(boxes) == fake_backend.calls - before
    assert stages.input == "2 photographs, 2 faces each"


def test_photographs_without_a_face_are_left_aside_and_counted(fake_backend: Any) -> None:
    stages = stages_of(eyes(fake_backend), [photograph(0), photograph(2), photograph(0)])
    assert (len(stages.looks), stages.without_face, stages.left_out) == (1, 2, 0)
    assert "2 without a face left aside" in stages.input


def test_without_any_face_there_is_nothing_to_time(fake_backend: Any) -> None:
    with pytest.raises(InputError, match="corners found no face on any of 2 photographs") as error:
        stages_of(eyes(fake_backend), [photograph(0), photograph(0)])
    assert "--detector none" in error.value.remedy


def test_a_broken_photograph_is_named(fake_backend: Any) -> None:
    with pytest.raises(InputError, match=r"cut\.jpg: not a picture"):
        stages_of(eyes(fake_backend), [Photograph("cut.jpg", b"no picture")])


def test_without_a_detector_the_crop_is_the_whole_picture(fake_backend: Any) -> None:
    stages = stages_of(eyes(fake_backend, NoDetector()), [photograph(200)])
    (look,) = stages.looks
    assert look.boxes == (None,)
    assert (look.pixels[0] == 200).all()  # a margin would change nothing here, a box would
    assert stages.calls["decide"](look) == [f.decision for f in stages.calls[WHOLE](look).faces]


def test_large_photographs_are_taken_until_there_are_pixels_enough(
    fake_backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeface.bench.stages.MOST_PIXELS", 100 * 100 * 2)
    stages = stages_of(eyes(fake_backend), [photograph(1, 100) for _ in range(5)])
    assert (len(stages.looks), stages.left_out) == (2, 3)
    one = stages_of(eyes(fake_backend), [photograph(1, 300), photograph(1, 300)])
    assert (len(one.looks), one.left_out) == (1, 1)  # one at least, however large


def test_drawn_photographs_go_through_a_real_bundle(fixture_bundle: Path) -> None:
    bundle = Bundle.load(fixture_bundle)
    file = bundle.file("tflite", "int8")
    photographs = drawn_photographs(seed=0, count=4)
    assert photographs == drawn_photographs(seed=0, count=4)
    assert photographs != drawn_photographs(seed=1, count=4)
    stages = stages_of(open_pipeline(bundle, file), photographs)
    assert stages.looks[0].picture.shape == (480, 640, 3)
    for call in stages.calls.values():
        for look in stages.looks:
            call(look)


def test_photographs_of_a_folder_are_taken_at_even_distances(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / "someone" / f"{number}.png").parent.mkdir(exist_ok=True)
        (tmp_path / "someone" / f"{number}.png").write_bytes(bytes([number]))
    (tmp_path / "notes.txt").write_text("no picture")
    assert [p.data[0] for p in read_photographs([tmp_path], most=4)] == [0, 3, 6, 9]
    assert len(read_photographs([tmp_path])) == 10
    single = read_photographs([tmp_path / "someone" / "7.png"])
    assert [p.data[0] for p in single] == [7]


@pytest.mark.parametrize(("name", "said"), [("none", "no such picture"), (".", "without pictures")])
def test_wrong_photographs(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_photographs([tmp_path / name])


def cell(stage: str, samples: Sequence[int]) -> Cell:
    windows = (Window(0, 0, tuple(samples)),)
    facts = ("f.tflite", "0" * 64, 1, "tflite", "int8", "fake 1", "cpu", 1, stage, "", 0, 0)
    return Cell(*facts, windows)


def test_stages_are_held_against_the_whole_by_what_adds_up() -> None:
    # Two photographs, of which the second takes longest in another stage than the first: the
    # medians of the stages say nothing about the median of the whole, the means do.
    parts = {
        "decode": (10, 1),
        "detect": (1, 10),
        "crop": (1, 1),
        "infer": (2, 2),
        "decide": (1, 1),
    }
    cells = [cell(stage, [v * 10**6 for v in pair] * 50) for stage, pair in parts.items()]
    whole = cell(WHOLE, [16 * 10**6] * 100)
    held = balance([*cells, whole])
    assert held is not None
    assert held.stages_ms == pytest.approx(15)
    assert held.rest_ms == pytest.approx(1)
    assert held.error_ms > 0
    assert "the stages add up to 15.000 of 16.000 ms" in str(held)


def test_a_rest_within_its_error_is_said_to_be_nothing() -> None:
    rng = np.random.default_rng(0)
    cells = [cell(stage, rng.normal(10**6, 10**5, 64).astype(int)) for stage in STAGES]
    nothing = balance([*cells, cell(WHOLE, rng.normal(5 * 10**6, 10**5, 64).astype(int))])
    something = balance([*cells, cell(WHOLE, rng.normal(6 * 10**6, 10**5, 64).astype(int))])
    assert "not to be told from nothing" in str(nothing)
    assert "not to be told" not in str(something)


def test_there_is_no_balance_without_all_stages() -> None:
    cells = [cell(stage, [1, 2, 3]) for stage in STAGES]
    assert balance(cells) is None
    assert balance([*cells, cell(WHOLE, [5])]) is None
    assert balance([*cells, cell(WHOLE, [5, 6])]) is not None
