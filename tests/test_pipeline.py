"""One picture through every stage."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from edgeface.bundle import Bundle
from edgeface.errors import DetectorError
from edgeface.geometry import Detections, no_detections
from edgeface.images import Picture, Preprocess
from edgeface.vision.classify import Classifier
from edgeface.vision.detect import open_detector
from edgeface.vision.pipeline import Pipeline, open_pipeline

LABELS = ("ada", "bob", "cyd")


class Finds:
    """A detector that always finds the same."""

    def __init__(self, answer: Detections, name: str = "haar") -> None:
        self.name = name
        self._answer = answer

    def detect(self, picture: Picture) -> Detections:
        return self._answer


TWO = Detections(
    np.asarray([[0, 0, 20, 20], [60, 60, 90, 90]], np.float32), np.asarray([3, 2], np.float32)
)


def half_white() -> Picture:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[50:, 50:] = 255
    return picture


def test_every_face_is_decided_in_the_order_of_the_detector(fake_backend) -> None:
    classifier = Classifier(fake_backend, Preprocess(32, 32), LABELS, 0.5)
    seen = Pipeline(Finds(TWO), classifier).look(half_white())
    assert [face.decision.name for face in seen.faces] == ["ada", "cyd"]
    assert [face.box for face in seen.faces] == [(0, 0, 20, 20), (60, 60, 90, 90)]
    assert [face.detection for face in seen.faces] == [3, 2]
    assert not seen.nobody


def test_nobody(fake_backend) -> None:
    classifier = Classifier(fake_backend, Preprocess(32, 32), LABELS, 0.5)
    seen = Pipeline(Finds(no_detections()), classifier).look(half_white())
    assert seen.nobody
    assert fake_backend.calls == 0


def test_stages_add_up_over_the_faces(fake_backend) -> None:
    ticks = count(step=10)
    classifier = Classifier(fake_backend, Preprocess(32, 32), LABELS, 0.5)
    stages = Pipeline(Finds(TWO), classifier, lambda: next(ticks)).look(half_white()).stages
    assert (stages.detect_ns, stages.crop_ns, stages.infer_ns, stages.decide_ns) == (10, 20, 20, 20)


def test_without_a_detector_the_whole_picture_is_cropped_without_margin(fake_backend) -> None:
    shown = []
    fake_backend.infer = lambda pixels: shown.append(pixels) or np.asarray([1, 0, 0], np.float32)
    classifier = Classifier(fake_backend, Preprocess(32, 32, margin=0.4), LABELS, 0.5)
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    seen = Pipeline(open_detector("none"), classifier).look(picture)
    assert np.array_equal(shown[0], classifier.crop(picture, None))
    assert seen.faces[0].box == (0, 0, 64, 64)


def test_the_detector_of_a_bundle_is_its_own(fake_bundle: Path) -> None:
    bundle = Bundle.load(fake_bundle)
    assert open_pipeline(bundle, bundle.file()).detector.name == "haar"
    assert open_pipeline(bundle, bundle.file(), detector="none").detector.name == "none"


def test_a_bundle_of_yunet_asks_for_its_file(fake_bundle: Path) -> None:
    from dataclasses import replace

    bundle = Bundle.load(fake_bundle)
    of_yunet = replace(bundle, manifest=replace(bundle.manifest, detector="yunet"))
    with pytest.raises(DetectorError, match="trained on faces found by yunet") as error:
        open_pipeline(of_yunet, bundle.file())
    assert error.value.remedy == "add --detector-model FILE, or --detector haar"
    assert open_pipeline(of_yunet, bundle.file(), detector="haar").detector.name == "haar"


def test_a_bundle_of_whole_pictures_has_no_detector(fake_bundle: Path) -> None:
    from dataclasses import replace

    bundle = Bundle.load(fake_bundle)
    whole = replace(bundle.manifest, preprocess=Preprocess(32, 32, margin=0, framing="whole"))
    of_whole = replace(bundle, manifest=whole)
    assert open_pipeline(of_whole, bundle.file()).detector.name == "none"


def test_a_bundle_of_stretched_pictures_is_shown_all_of_each(
    fake_bundle: Path, fake_backend
) -> None:
    from dataclasses import replace

    bundle = Bundle.load(fake_bundle)
    to = Preprocess(32, 32, margin=0, framing="stretched")
    of_whole = replace(bundle, manifest=replace(bundle.manifest, preprocess=to))
    assert open_pipeline(of_whole, bundle.file()).detector.name == "none"
    shown = []
    fake_backend.infer = lambda pixels: shown.append(pixels) or np.asarray([1, 0, 0], np.float32)
    wide = np.zeros((40, 200, 3), np.uint8)
    wide[:, 150:] = 255  # outside the largest square
    seen = Pipeline(open_detector("none"), Classifier(fake_backend, to, LABELS, 0.5)).look(wide)
    assert (shown[0][:, 26:] == 255).all()
    assert not shown[0][:, :22].any()
    assert seen.faces[0].box == (0, 0, 200, 40)
