"""Augmentation: one warp and light."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.train.augment import Augmentation, _matrix, augment

ALL = Augmentation(shear=10, rotation=8, zoom=0.15, shift=0.06, flip=True, light=0.25)
RNG = np.random.default_rng


def noise(n: int = 4, height: int = 20, width: int = 24, channels: int = 1) -> np.ndarray:
    return RNG(1).integers(0, 256, (n, height, width, channels), np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_shape_and_type_stay_and_the_source_is_untouched(channels: int) -> None:
    pixels = noise(channels=channels)
    before = pixels.copy()
    made = augment(pixels, ALL, RNG(0))
    assert made.shape == pixels.shape
    assert made.dtype == np.uint8
    assert np.array_equal(pixels, before)
    assert not np.array_equal(made, pixels)


def test_the_same_state_gives_the_same_bytes_and_goes_on() -> None:
    rng = RNG(7)
    first, second = augment(noise(), ALL, rng), augment(noise(), ALL, rng)
    assert np.array_equal(first, augment(noise(), ALL, RNG(7)))
    assert not np.array_equal(first, second)


def test_equal_pictures_become_different_ones() -> None:
    made = augment(np.repeat(noise(1), 5, axis=0), ALL, RNG(0))
    assert len({m.tobytes() for m in made}) == 5


@pytest.mark.parametrize("channels", [1, 3])
def test_without_ranges_nothing_changes(channels: int) -> None:
    pixels = noise(channels=channels)
    assert np.array_equal(augment(pixels, Augmentation(), RNG(0)), pixels)


def test_a_flip_mirrors_half_of_them_exactly() -> None:
    pixels = np.repeat(noise(1), 400, axis=0)
    made = augment(pixels, Augmentation(flip=True), RNG(0))
    mirrored = np.array([np.array_equal(m, pixels[0][:, ::-1]) for m in made])
    same = np.array([np.array_equal(m, pixels[0]) for m in made])
    assert (mirrored ^ same).all()
    assert 160 < mirrored.sum() < 240


def test_light_alone_moves_no_edge() -> None:
    pixels = np.zeros((50, 8, 8, 1), np.uint8)
    pixels[:, :, 4:] = 200
    made = augment(pixels, Augmentation(light=0.25), RNG(0)).astype(int)
    assert (made[:, :, :4] == made[:, :1, :1]).all()
    assert (made[:, :, 4:] == made[:, :1, 4:5]).all()
    contrasts = (made[:, 0, 7, 0] - made[:, 0, 0, 0]) / 200
    assert contrasts.max() <= 1.26
    assert np.ptp(contrasts) > 0.1


def test_what_comes_into_view_is_the_nearest_edge() -> None:
    pixels = np.full((20, 16, 16, 1), 77, np.uint8)
    geometry = Augmentation(shear=30, rotation=45, zoom=0.4, shift=0.5, flip=True)
    assert (augment(pixels, geometry, RNG(0)) == 77).all()


def plain_matrix(height: int, width: int, how: Augmentation, rng: np.random.Generator):
    """The documented steps one after another, as (3, 3) matrices of result → source."""
    shear = np.deg2rad(rng.uniform(-how.shear, how.shear))
    turn = np.deg2rad(rng.uniform(-how.rotation, how.rotation))
    zoom = 1 + rng.uniform(-how.zoom, how.zoom)
    own_x, own_y = 1 + rng.uniform(-how.zoom, how.zoom, 2) / 3
    right, down = rng.uniform(-how.shift, how.shift, 2)
    mirrored = how.flip and rng.random() < 0.5

    def step(*rows):
        return np.array([*rows, (0, 0, 1)], float)

    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    from_middle = step((1, 0, middle_x), (0, 1, middle_y))
    to_middle = step((1, 0, -middle_x), (0, 1, -middle_y))
    rotate = step((np.cos(turn), -np.sin(turn), 0), (np.sin(turn), np.cos(turn), 0))
    lean = step((1, -np.sin(shear), 0), (0, np.cos(shear), 0))
    scale = step((zoom * own_x, 0, 0), (0, zoom * own_y, 0))
    flip = step((-1 if mirrored else 1, 0, 0), (0, 1, 0))
    move = step((1, 0, right * width), (0, 1, down * height))
    return move @ from_middle @ rotate @ lean @ scale @ flip @ to_middle


@given(
    st.builds(
        Augmentation,
        *(st.floats(0, 45), st.floats(0, 180), st.floats(0, 0.5), st.floats(0, 0.5)),
        flip=st.booleans(),
    ),
    st.integers(8, 200),
    st.integers(8, 200),
    st.integers(0, 2**32 - 1),
)
def test_the_warp_is_the_plain_composition(
    how: Augmentation, height: int, width: int, seed: int
) -> None:
    found = _matrix(height, width, how, RNG(seed))
    expected = plain_matrix(height, width, how, RNG(seed))
    np.testing.assert_allclose(found, expected[:2], atol=1e-9)


def test_the_middle_stays_in_the_middle_without_shifts() -> None:
    how = Augmentation(shear=20, rotation=30, zoom=0.3, flip=True)
    for seed in range(20):
        matrix = _matrix(21, 31, how, RNG(seed))
        np.testing.assert_allclose(matrix @ [15, 10, 1], [15, 10], atol=1e-9)


def test_a_pixel_of_the_result_is_what_its_place_in_the_source_holds() -> None:
    height, width = 40, 50
    ramp = np.broadcast_to(np.arange(width, dtype=np.uint8) * 4, (height, width))
    how = Augmentation(shear=10, rotation=8, zoom=0.15, shift=0.06, flip=True)
    for seed in range(5):
        matrix = _matrix(height, width, how, RNG(seed))
        made = augment(ramp[None, :, :, None], how, RNG(seed))[0, :, :, 0]
        y, x = np.mgrid[:height, :width]
        places = matrix @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        expected = 4 * np.clip(places[0], 0, width - 1).reshape(height, width)
        assert np.abs(made - expected).max() < 1
