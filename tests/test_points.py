"""Points: how they are held back, scaled and known again."""

import numpy as np
import pytest

from edgeface.datasets.points import Points, draw_held_back, standard_of
from edgeface.errors import InputError, UsageError


def points(n: int = 100, inputs: int = 1, seed: int = 0) -> Points:
    rng = np.random.default_rng(seed)
    names = ("x",) if inputs == 1 else tuple(f"x{i}" for i in range(inputs))
    return Points(rng.uniform(-5, 5, (n, inputs)), rng.normal(0, 3, n), names, "y")


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("inputs", [1, 3])
def test_the_share_is_held_back(share: float, inputs: int) -> None:
    held = draw_held_back(points(100, inputs), share, seed=1)
    assert held.sum() == round(100 * share)


def test_no_stretch_of_the_curve_is_left_out() -> None:
    drawn = points(200)
    held = draw_held_back(drawn, 0.3, seed=0)
    along = held[np.argsort(drawn.x[:, 0])]
    assert {int(block.sum()) for block in along.reshape(20, 10)} == {3}
    assert not np.array_equal(along[:10], along[10:20])


def test_a_seed_gives_one_draw_in_any_order() -> None:
    drawn = points(60)
    held = draw_held_back(drawn, 0.3, seed=4)
    assert np.array_equal(held, draw_held_back(drawn, 0.3, seed=4))
    assert not np.array_equal(held, draw_held_back(drawn, 0.3, seed=5))
    order = np.random.default_rng(9).permutation(60)
    assert np.array_equal(draw_held_back(drawn.only(order), 0.3, seed=4), held[order])


def test_equal_points_stand_on_one_side() -> None:
    once = points(40)
    twice = once.only(np.repeat(np.arange(40), 2))
    held = draw_held_back(twice, 0.3, seed=2)
    assert np.array_equal(held[::2], held[1::2])
    assert held.sum() == 24


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_neither_side_is_ever_empty(share: float) -> None:
    held = draw_held_back(points(10), share, seed=0)
    assert 0 < held.sum() < 10


def test_what_cannot_be_divided() -> None:
    same = Points(np.ones((12, 1)), np.ones(12), ("x",), "y")
    with pytest.raises(InputError, match="all 12 points are the same"):
        draw_held_back(same, 0.3, seed=0)
    for share in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="a share between 0 and 1"):
            draw_held_back(points(), share, seed=0)


def test_the_standard_makes_mean_0_and_deviation_1() -> None:
    drawn = points(50, 2)
    standard = standard_of(drawn)
    scaled = (drawn.x - standard.x_mean) / standard.x_deviation
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1)
    np.testing.assert_allclose(
        (drawn.y.mean(), drawn.y.std()), (standard.y_mean, standard.y_deviation)
    )


@pytest.mark.parametrize(
    ("x", "y", "message", "remedy"),
    [
        ([[1.0, 7.0], [2.0, 7.0]], [1.0, 2.0], "temp is 7 at every point", "leave the column out"),
        ([[1.0, 7.0], [2.0, 8.0]], [5.0, 5.0], "power is 5 at every point", "bring points"),
        # Different, and the same number in the float32 that a network is given.
        ([[1.0, 7.0], [2.0, 8.0]], [1e9, 1e9 + 1], "power is 1e.09 at every point", "bring points"),
    ],
)
def test_a_constant_column_is_refused(x, y, message: str, remedy: str) -> None:
    flat = Points(np.asarray(x), np.asarray(y), ("time", "temp"), "power")
    with pytest.raises(InputError, match=message) as wrong:
        standard_of(flat)
    assert wrong.value.remedy.startswith(remedy)


def test_a_point_is_known_again_by_its_numbers() -> None:
    drawn = points(20, 2)
    digests = drawn.digests()
    assert len(set(digests)) == 20
    order = np.arange(20)[::-1]
    assert drawn.only(order).digests() == digests[::-1]
    other = Points(drawn.x, drawn.y + 1e-9, drawn.inputs, drawn.output)
    assert not set(other.digests()) & set(digests)
    zero, minus = (Points(np.asarray([[z]]), np.zeros(1), ("x",), "y") for z in (0.0, -0.0))
    assert zero.digests() == minus.digests()
