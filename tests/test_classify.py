"""From a picture and a box to a decision."""

from pathlib import Path

import numpy as np
import pytest

from edgeface.bundle import Bundle
from edgeface.errors import BackendError, BundleError
from edgeface.images import Preprocess, crop
from edgeface.runtime import BACKENDS
from edgeface.vision.classify import Classifier, open_classifier

LABELS = ("ada", "bob", "cyd")


def test_a_decision_is_crop_then_infer_then_decide(fake_backend) -> None:
    classifier = Classifier(fake_backend, Preprocess(32, 32), LABELS, 0.5)
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[20:60, 20:60] = 255
    white = classifier.classify(picture, np.asarray([25, 25, 55, 55]))
    assert (white.name, white.nearest, white.threshold) == ("cyd", "cyd", 0.5)
    assert white.score == pytest.approx(0.9)
    black = classifier.classify(picture, np.asarray([70, 70, 90, 90]))
    assert black.name == "ada"
    assert fake_backend.calls == 2


def test_below_the_threshold_nobody_gets_a_name(fake_backend) -> None:
    classifier = Classifier(fake_backend, Preprocess(32, 32), LABELS, 0.95)
    decision = classifier.classify(np.zeros((50, 50, 3), np.uint8), None)
    assert (decision.name, decision.nearest) == ("unknown", "ada")


def test_no_box_is_the_whole_picture_without_margin(fake_backend) -> None:
    preprocess = Preprocess(32, 32, margin=0.5)
    picture = np.random.default_rng(0).integers(0, 256, (64, 90, 3), np.uint8)
    classifier = Classifier(fake_backend, preprocess, LABELS, 0.5)
    assert np.array_equal(classifier.crop(picture, None), crop(picture, None, preprocess))


def test_whatever_a_runtime_raises_becomes_one_line_of_ours(fake_backend) -> None:
    class OwnError(Exception):
        pass

    def infer(pixels: object) -> None:
        msg = "line one\nline two"
        raise OwnError(msg)

    fake_backend.infer = infer
    classifier = Classifier(fake_backend, Preprocess(32, 32), LABELS, 0.5)
    with pytest.raises(BackendError, match=r"fake 1 failed on one input \(line one line two\)"):
        classifier.classify(np.zeros((50, 50, 3), np.uint8), None)


def test_a_bundle_gives_labels_threshold_and_preprocessing(fake_bundle: Path) -> None:
    bundle = Bundle.load(fake_bundle)
    file = bundle.file("onnx", "float32")
    classifier = open_classifier(bundle, file, threads=1)
    assert classifier.labels == bundle.manifest.labels
    assert classifier.threshold == file.threshold
    assert classifier.preprocess == bundle.manifest.preprocess


def test_a_file_that_is_another_network_is_refused(
    fake_bundle: Path, fake_backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = type(fake_backend)(classes=4)
    monkeypatch.setitem(BACKENDS, "tflite", {"fake": lambda path, threads: other})
    bundle = Bundle.load(fake_bundle)
    with pytest.raises(BundleError, match=r"answers \(1, 4\); the manifest says .* \(1, 3\)"):
        open_classifier(bundle, bundle.file())
