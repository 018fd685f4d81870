"""Accuracy and agreement of int8 over the number of calibration pictures."""

from pathlib import Path

import numpy as np
import pytest

from edgeface import records
from edgeface.convert.calibration.candidates import Candidates
from edgeface.errors import InputError

pytestmark = pytest.mark.tf


class FakeTrials:
    """The more it is calibrated on, the more it answers rightly."""

    def answers(self, format: str, calibration: np.ndarray) -> np.ndarray:
        right = min(10, len(calibration) - 2)
        probs = np.tile(np.asarray([0.9, 0.1], np.float32), (10, 1))
        probs[right:] = [0.2, 0.8]
        return probs


def measured(count: int, teller):
    from edgeface.convert.calibration import curve

    pixels = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    names = tuple(str(i) for i in range(count))
    offered = Candidates(pixels, np.arange(count) % 2, names, "here")
    probs = np.tile(np.asarray([0.9, 0.1], np.float32), (10, 1))
    return curve.measure(
        FakeTrials(), ("tflite", "onnx"), offered, np.zeros(10, int), probs, 5, teller
    )


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (600, (2, 5, 10, 20, 50, 100, 200, 500)),
        (500, (2, 5, 10, 20, 50, 100, 200, 500)),
        (121, (2, 5, 10, 20, 50, 100, 121)),
        (2, (2,)),
        (1, (1,)),
        (0, ()),
    ],
)
def test_sizes(most: int, expected: tuple[int, ...]) -> None:
    from edgeface.convert.calibration import curve

    assert curve.sizes(most) == expected


def test_points_are_measured_by_size_and_draw(teller) -> None:
    found = measured(30, teller)
    assert (found.schema, found.pictures, found.float_accuracy) == (1, 10, 1.0)
    own = [(p.size, p.seed) for p in found.points if p.format == "onnx"]
    assert own == [
        *((size, seed) for size in (2, 5, 10, 20) for seed in (5, 6, 7)),
        (30, 5),  # all of them can be drawn in one way only
    ]
    assert {p.size: p.accuracy for p in found.points} == {2: 0.2, 5: 0.5, 10: 1, 20: 1, 30: 1}
    assert found.rows()[1] == ("tflite int8", "5", "3", "0.5000", "0.5000", "0.5000", "0.5000")
    assert len(found.rows()) == 10


def test_it_is_written_and_read_again(tmp_path: Path, teller) -> None:
    from PIL import Image

    from edgeface.convert.calibration import curve

    found = measured(30, teller)
    curve.write(tmp_path, found)
    text = (tmp_path / curve.JSON).read_text()
    data = records.from_json(text, "x", InputError)
    assert records.build(curve.Curve, data, "x", InputError) == found
    with Image.open(tmp_path / curve.PNG) as picture:
        assert picture.size == (960, 432)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 50
