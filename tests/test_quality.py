"""What makes a face worth a vote."""

import cv2
import numpy as np
import pytest

from edgeface.images import Preprocess
from edgeface.vision.quality import Gates, measure, turn

TO = Preprocess(64, 64)
FRONTAL = np.asarray([[20, 25], [44, 25], [32, 38], [23, 48], [41, 48]], np.float32)


def textured(low: int = 60, high: int = 200) -> np.ndarray:
    picture = np.random.default_rng(0).integers(low, high, (64, 64, 1), np.uint8)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), np.uint8)[..., None]


def refusal(pixels: np.ndarray, side: float = 80, **about) -> str | None:
    return measure(pixels, side, TO, **about).refusal(Gates())


def test_a_good_face_counts_fully() -> None:
    quality = measure(textured(), 80, TO, FRONTAL)
    assert quality.refusal(Gates()) is None
    assert quality.weight == pytest.approx(1, abs=0.3)
    assert quality.turn == pytest.approx(0)


def test_every_gate_refuses_its_own() -> None:
    coarse = np.random.default_rng(1).integers(60, 200, (6, 6), np.uint8)
    soft = cv2.resize(coarse, (64, 64), interpolation=cv2.INTER_CUBIC)[..., None]
    aside = FRONTAL + np.asarray([[0, 0], [0, 0], [14, 0], [0, 0], [0, 0]], np.float32)
    assert refusal(textured(), side=20) == "small"
    assert refusal(soft) == "blurred"
    assert refusal(textured(0, 50)) == "dark"
    assert refusal(textured(220, 255)) == "bright"
    assert refusal(textured(), landmarks=aside) == "turned"
    assert refusal(textured(), covered=0.5) == "covered"


def test_colours_are_measured_as_grey() -> None:
    gray = textured()
    for colour in ("rgb", "bgr"):
        to = Preprocess(64, 64, colour)
        quality = measure(np.repeat(gray, 3, axis=2), 80, to)
        assert quality == measure(gray, 80, TO)


def test_a_smaller_face_weighs_less() -> None:
    assert measure(textured(), 40, TO).weight < measure(textured(), 64, TO).weight


def test_a_turn_does_not_depend_on_size_place_or_tilt() -> None:
    aside = FRONTAL.copy()
    aside[2, 0] += 6
    expected = turn(aside)
    assert expected == pytest.approx(6 / 24)
    angle = 0.5
    rotated = aside @ np.asarray([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    assert turn(rotated * 3 + 100) == pytest.approx(expected)
    assert turn(np.zeros((5, 2))) == np.inf
