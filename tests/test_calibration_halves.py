"""A file by one half of the calibration pictures beside one by the other."""

import numpy as np
import pytest

from edgeface.convert.calibration.candidates import Candidates

pytestmark = pytest.mark.tf


class FakeTrials:
    """Answers by the mean grey of what it was calibrated on, and remembers that."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, np.ndarray]] = []

    def answers(self, format: str, calibration: np.ndarray) -> np.ndarray:
        self.asked.append((format, calibration))
        probs = np.tile(np.asarray([0.8, 0.2], np.float32), (4, 1))
        if len(self.asked) % 2 == 0:
            probs[0] = [0.1, 0.9]
        return probs


def candidates(count: int, classes=None) -> Candidates:
    pixels = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    names = tuple(str(i) for i in range(count))
    return Candidates(pixels, None if classes is None else np.asarray(classes), names, "here")


def test_halves_hold_every_picture_once_and_every_class_in_both() -> None:
    from edgeface.convert.calibration.halves import halved

    classes = np.asarray([0] * 7 + [1] * 5 + [2] * 2)
    for seed in range(5):
        one, other = halved(classes, seed)
        assert sorted([*one, *other]) == list(range(14))
        assert abs(len(one) - len(other)) <= 1
        assert set(classes[one]) == set(classes[other]) == {0, 1, 2}
    assert not np.array_equal(halved(classes, 0)[0], halved(classes, 1)[0])


def test_agreement_and_difference_are_those_of_the_two_files(teller) -> None:
    from edgeface.convert.calibration.halves import compare

    trials = FakeTrials()
    truth = np.asarray([0, 0, 1, 1])
    found = compare(trials, ("tflite", "onnx"), candidates(9), truth, 0, teller)
    assert [one.format for one in found] == ["tflite", "onnx"]
    for one in found:
        assert (one.scheme, one.pictures) == ("int8", 4)
        assert one.agreement == 0.75
        assert one.difference_points == pytest.approx(25.0)
    for _, shown in trials.asked:
        assert (shown[-2] == 0).all()
        assert (shown[-1] == 255).all()
    of = [set(shown[:-2, 0, 0, 0].tolist()) for _, shown in trials.asked]
    assert of[0] | of[1] == set(range(9))
    assert not of[0] & of[1]


def test_a_single_picture_has_no_halves(teller) -> None:
    from edgeface.convert.calibration.halves import compare

    assert compare(FakeTrials(), ("onnx",), candidates(1), np.zeros(4, int), 0, teller) == ()
