"""Curves and reliability diagrams as SVG."""

import re

import numpy as np
import pytest

from edgeface.comparison.drawing import reliability, roc_curves
from edgeface.evaluate import roc


def lines(drawn: str) -> list[list[tuple[float, float]]]:
    found = re.findall(r'<polyline[^>]*points="([^"]+)"', drawn)
    return [[tuple(map(float, p.split(","))) for p in line.split(" ")] for line in found]


def test_a_curve_begins_below_and_ends_above_on_the_right() -> None:
    curve = roc(np.asarray([0.9, 0.8, 0.7, 0.6]), np.asarray([True, False, True, False]))
    drawn = roc_curves([("m.int8", curve)], "face")
    (line,) = lines(drawn)
    assert line == [(0, 300), (0, 150), (150, 150), (150, 0), (300, 0)]
    assert "m.int8: 0.7500" in drawn
    assert "share of face found" in drawn


def test_good_curves_are_also_drawn_from_near() -> None:
    scores = np.linspace(0, 1, 400)
    positive = scores > 0.5
    positive[195] = True
    drawn = roc_curves([("a", roc(scores, positive)), ("b", roc(scores, scores > 0.5))], "face")
    assert len(lines(drawn)) == 4
    near = lines(drawn)[2:]
    assert min(y for line in near for _, y in line if y >= 0) == pytest.approx(0)
    assert "0.975" in drawn  # a tick of the corner


def test_a_curve_is_drawn_by_its_corners() -> None:
    scores = np.linspace(0, 1, 5001)
    drawn = roc_curves([("a", roc(scores, scores > 0.4))], "x")
    assert len(lines(drawn)[0]) == 3


def test_files_differ_by_their_dashes() -> None:
    curve = roc(np.asarray([0.9, 0.1]), np.asarray([False, True]))
    drawn = roc_curves([(str(i), curve) for i in range(7)], "x")
    looks = re.findall(r"<polyline (class=[^>]*?) points", drawn)
    assert len(set(looks)) == 6
    assert looks[0] == looks[6]  # drawn last first


def test_a_dot_where_the_answers_are_and_an_empty_group_is_none() -> None:
    drawn = reliability(
        *("m<int8", np.asarray([0.5, 0.75, 0.9]), np.asarray([2, 0, 10]), np.asarray([10, 0, 10])),
        "caption",
    )
    dots = re.findall(r'<circle class=bin cx="([\d.]+)" cy="([\d.]+)"', drawn)
    assert dots == [("150.0", "240.0"), ("270.0", "0.0")]
    assert "10 answers with a score near 0.50: 2 right" in drawn
    assert "m&lt;int8" in drawn
    nothing = np.zeros(0, np.intp)
    assert "<circle" not in reliability("m", np.zeros(0), nothing, nothing, "")
