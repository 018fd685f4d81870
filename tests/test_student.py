import itertools
import math

import pytest

from edgeface.student import t95


@pytest.mark.parametrize(
    ("freedom", "expected"),  # Fisher & Yates 1963, Statistical Tables, table III
    [(1, 12.706), (2, 4.303), (3, 3.182), (10, 2.228), (29, 2.045), (30, 2.042), (120, 1.980)],
)
def test_the_published_table(freedom: int, expected: float) -> None:
    assert t95(freedom) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 57, 199, 200, 201, 2000])
def test_95_percent_of_the_density_lie_within(freedom: int) -> None:
    import numpy as np

    x = np.linspace(0, t95(freedom), 200_001)
    constant = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    density = np.exp(constant - (freedom + 1) / 2 * np.log1p(x**2 / freedom))
    area = float(np.sum((density[1:] + density[:-1]) / 2) * x[1]) / math.sqrt(freedom * math.pi)
    assert 2 * area == pytest.approx(0.95, abs=1e-8)


def test_the_two_ways_meet() -> None:
    # Formula and series take over from each other without a step.
    steps = [t95(v) - t95(v + 1) for v in range(190, 210)]
    assert all(0 < b < a for a, b in itertools.pairwise(steps))
    assert t95(10**6) == pytest.approx(1.959964, abs=5e-6)
