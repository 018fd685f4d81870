"""Drawn points: of the documented kind, by what can be known without training anything."""

import numpy as np
import pytest

from edgeface import residuals
from edgeface.cli import drawpoints
from edgeface.datasets.drawn import curve
from edgeface.errors import UsageError


def test_a_line_fails_and_the_noise_allows_the_goal() -> None:
    lines, noises = [], []
    for seed in range(40):
        points = curve.draw_points(seed=seed)
        x = points.x[:, 0]
        assert len(points) == 120
        assert np.all(np.diff(x) >= 0)
        assert np.ptp(points.y) > 900
        lines.append(residuals.l2(np.polyval(np.polyfit(x, points.y, 1), x), points.y))
        noises.append(residuals.l2(curve.curve(x), points.y))
    assert min(lines) > 700
    assert 820 < np.mean(lines) < 870  # 856 is recorded of the single layer
    assert max(noises) < 110  # the goal is below 200


def test_a_seed_gives_one_set() -> None:
    one, same, other = (curve.draw_points(30, 2.0, seed) for seed in (1, 1, 2))
    assert one.digests() == same.digests()
    assert not set(one.digests()) & set(other.digests())
    exact = curve.draw_points(30, 0.0, 1)
    np.testing.assert_allclose(exact.y, curve.curve(exact.x[:, 0]), atol=0.02)


@pytest.mark.parametrize(("count", "noise"), [(9, 1.0), (10**7, 1.0), (20, -1.0), (20, np.nan)])
def test_asked_wrongly(count: int, noise: float) -> None:
    with pytest.raises(UsageError):
        curve.draw_points(count, noise)


def test_the_command_says_the_same_defaults() -> None:
    assert (drawpoints.COUNT, drawpoints.NOISE) == (curve.COUNT, curve.NOISE)
