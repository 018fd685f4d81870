"""Which grey levels calibration pictures reach."""

import numpy as np
import pytest

from edgeface.convert.calibration import levels


def ramp(low: int, high: int, count: int = 20) -> np.ndarray:
    values = np.linspace(low, high, 32 * 32).round().astype(np.uint8).reshape(1, 32, 32, 1)
    return np.repeat(values, count, axis=0)


def test_ends_and_levels_leave_the_tails_out() -> None:
    counts = np.zeros(256, np.intp)
    counts[40:200] = 1000
    counts[255] = counts[0] = 5  # hot and dead pixels
    assert levels.ends(counts) == (40, 199)
    assert levels.used(counts) == 160
    assert levels.ends(levels.counts_of(ramp(0, 255)))[1] >= 254


@pytest.mark.parametrize(
    ("own", "held", "kind"),
    [
        ((0, 255), (0, 255), None),
        ((10, 220), (0, 255), None),
        ((0, 200), (0, 255), None),
        ((0, 170), (0, 255), "clipped range"),
        ((0, 150), (0, 255), "wrong scaling"),
        ((100, 230), (0, 255), "wrong scaling"),
        ((0, 1), (0, 255), "wrong scaling"),
        ((0, 1), (0, 1), "wrong scaling"),
        ((0, 120), (0, 130), "clipped range"),
        ((80, 255), (70, 255), "clipped range"),
        ((0, 255), (0, 100), None),
    ],
)
def test_what_is_found(own: tuple[int, int], held: tuple[int, int], kind: str | None) -> None:
    found = levels.check(ramp(*own), ramp(*held))
    assert [one.kind for one in found] == ([kind] if kind else [])


def test_a_few_levels_over_the_whole_range_were_scaled_too() -> None:
    signs = np.random.default_rng(0).choice(np.asarray([0, 1, 255], np.uint8), (9, 16, 16, 1))
    (found,) = levels.check(signs, ramp(0, 255))
    assert (found.kind, found.severity) == ("wrong scaling", "error")
    assert "3 different levels" in found.said
