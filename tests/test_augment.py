"""Augmentation: one warp and light."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.errors import UsageError
from edgeface.images import Pixels
from edgeface.train.augment import Augmentation, Fill, augment, draw, matrices, warp

ALL = Augmentation(shear=10, rotation=8, zoom=0.15, stretch=0.05, shift=0.06, flip=True, light=0.25)
DOCUMENTED = Augmentation(shear=0.2, stretch=0.2, shift=0.2, flip=True)
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


def outside(fill: Fill) -> list[int]:
    """A row of 10, 20, 30, 40, looked at from two pixels left of it to two right of it."""
    row = np.array([10, 20, 30, 40], np.uint8)
    pixels = np.zeros((1, 8, 8, 1), np.uint8)
    pixels[0, :, :, 0] = np.repeat(row, 2)  # two pixels a step, so that nothing is in between
    maps = np.array([[[1.0, 0, -4], [0, 1, 0]], [[1, 0, 4], [0, 1, 0]]])
    left, right = warp(np.repeat(pixels, 2, axis=0), maps, fill)[:, 0, :, 0].astype(int)
    return [*left[:4:2].tolist(), *right[4::2].tolist()]


def test_what_comes_into_view_is_filled_as_asked() -> None:
    assert outside("nearest") == [10, 10, 40, 40]
    assert outside("constant") == [0, 0, 0, 0]
    assert outside("reflect") == [20, 10, 40, 30]
    assert outside("wrap") == [30, 40, 10, 20]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"zoom": 1.0}, "zoom 1: from 0 to less than 1"),
        ({"stretch": -0.1}, "stretch -0.1: from 0 to less than 1"),
        ({"shear": 90}, "shear 90: from 0 to less than 90"),
        ({"rotation": float("nan")}, "rotation nan: from 0 to 180"),
        ({"shift": 20}, "shift 20: from 0 to 1"),
        ({"light": 1.5}, "light 1.5: from 0 to 1"),
        ({"fill": "mirror"}, "fill 'mirror': one of nearest, constant, reflect, wrap"),
    ],
)
def test_ranges_that_cannot_be_meant_are_refused(wrong: dict, said: str) -> None:
    with pytest.raises(UsageError, match=f"augmentation: {said}"):
        Augmentation(**wrong)


def test_every_draw_stays_in_its_range_and_reaches_its_ends() -> None:
    how = Augmentation(
        shear=10, rotation=20, zoom=0.2, stretch=0.1, shift=0.3, flip=True, light=0.5
    )
    drawn = draw(20_000, how, RNG(3))
    for found, least, most in (
        (np.rad2deg(drawn.shear), -10, 10),
        (np.rad2deg(drawn.turn), -20, 20),
        (drawn.zoom_x, 0.72, 1.32),
        (drawn.zoom_y, 0.72, 1.32),
        (drawn.zoom_x / drawn.zoom_y, 0.9 / 1.1, 1.1 / 0.9),
        (drawn.shift_x, -0.3, 0.3),
        (drawn.shift_y, -0.3, 0.3),
        (drawn.contrast, 0.5, 1.5),
        (drawn.brightness, -64, 64),
    ):
        room = 0.02 * (most - least)
        assert least <= found.min() < least + room, (least, most)
        assert most - room < found.max() <= most, (least, most)
    assert np.bincount((drawn.mirror > 0).astype(int)).min() > 9_700
    assert abs(np.corrcoef(drawn.zoom_x, drawn.shift_x)[0, 1]) < 0.03
    assert abs(np.corrcoef(drawn.shift_x, drawn.shift_y)[0, 1]) < 0.03


def plain_matrix(height: int, width: int, of: dict[str, float]) -> np.ndarray:
    """The documented steps one after another, as (3, 3) matrices of result → source."""

    def step(*rows):
        return np.array([*rows, (0, 0, 1)], float)

    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    from_middle = step((1, 0, middle_x), (0, 1, middle_y))
    to_middle = step((1, 0, -middle_x), (0, 1, -middle_y))
    cos, sin = np.cos(of["turn"]), np.sin(of["turn"])
    rotate = step((cos, -sin, 0), (sin, cos, 0))
    move = step((1, 0, of["shift_x"] * width), (0, 1, of["shift_y"] * height))
    lean = step((1, -np.sin(of["shear"]), 0), (0, np.cos(of["shear"]), 0))
    scale = step((of["zoom_x"], 0, 0), (0, of["zoom_y"], 0))
    flip = step((of["mirror"], 0, 0), (0, 1, 0))
    return from_middle @ rotate @ move @ lean @ scale @ flip @ to_middle


def each(drawn) -> list[dict[str, float]]:
    """What was drawn, a dictionary a picture."""
    names = drawn.__dataclass_fields__
    return [
        dict(zip(names, values, strict=True))
        for values in zip(*(getattr(drawn, name) for name in names), strict=True)
    ]


@given(
    st.builds(
        Augmentation,
        shear=st.floats(0, 45),
        rotation=st.floats(0, 180),
        zoom=st.floats(0, 0.5),
        stretch=st.floats(0, 0.5),
        shift=st.floats(0, 0.5),
        flip=st.booleans(),
    ),
    st.integers(8, 200),
    st.integers(8, 200),
    st.integers(0, 2**32 - 1),
)
def test_the_warp_is_the_plain_composition(
    how: Augmentation, height: int, width: int, seed: int
) -> None:
    drawn = draw(3, how, RNG(seed))
    expected = [plain_matrix(height, width, of)[:2] for of in each(drawn)]
    np.testing.assert_allclose(matrices(drawn, height, width), expected, atol=1e-9)


def test_the_middle_stays_in_the_middle_without_shifts() -> None:
    how = Augmentation(shear=20, rotation=30, zoom=0.3, stretch=0.1, flip=True)
    moved = matrices(draw(20, how, RNG(0)), 21, 31) @ [15, 10, 1]
    np.testing.assert_allclose(moved, [[15, 10]] * 20, atol=1e-9)


def test_a_pixel_of_the_result_is_what_its_place_in_the_source_holds() -> None:
    height, width = 40, 50
    ramp = np.broadcast_to(np.arange(width, dtype=np.uint8) * 4, (5, height, width))
    how = Augmentation(shear=10, rotation=8, zoom=0.15, stretch=0.1, shift=0.06, flip=True)
    made = augment(ramp[..., None], how, RNG(4))[..., 0]
    y, x = np.mgrid[:height, :width]
    grid = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    places = matrices(draw(5, how, RNG(4)), height, width) @ grid
    expected = 4 * np.clip(places[:, 0], 0, width - 1).reshape(5, height, width)
    assert np.abs(made - expected).max() < 1


def smooth(side: int = 48) -> Pixels:
    """A picture without edges, so that resamplers differ by rounding only: (side, side, 3)."""
    y, x = np.mgrid[:side, :side] / side
    waves = [np.sin(5 * x + 3 * y), np.cos(4 * x - 6 * y), np.sin(7 * x * y + y)]
    return np.rint(127.5 + 120 * np.stack(waves, axis=-1)).astype(np.uint8)


@pytest.mark.tf
@pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")
@pytest.mark.parametrize("fill", [f for f in get_args(Fill) if f != "wrap"])
def test_what_was_drawn_does_what_it_does_in_image_data_generator(fill: Fill) -> None:
    from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

    # isort: split
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    how = Augmentation(
        shear=15, rotation=20, zoom=0.1, stretch=0.2, shift=0.2, flip=True, fill=fill
    )
    theirs = ImageDataGenerator(fill_mode=fill)
    pixels = smooth()
    drawn = draw(12, how, RNG(5))
    made = warp(np.repeat(pixels[None], 12, axis=0), matrices(drawn, *pixels.shape[:2]), fill)
    for ours, of in zip(made, each(drawn), strict=True):
        # Their tx is the step along x of a square picture, whatever its documentation says.
        expected = theirs.apply_transform(
            pixels.astype(np.float32),
            {
                "theta": np.rad2deg(of["turn"]),
                "shear": np.rad2deg(of["shear"]),
                "tx": of["shift_x"] * pixels.shape[1],
                "ty": of["shift_y"] * pixels.shape[0],
                "zx": of["zoom_x"],
                "zy": of["zoom_y"],
                "flip_horizontal": of["mirror"] < 0,
            },
        )
        apart = np.abs(ours - expected)
        # Where black begins, one of them still interpolates: a pixel's width along the edge.
        assert np.quantile(apart, 0.93 if fill == "constant" else 1) < 1.1


@pytest.mark.tf
def test_the_documented_ranges_are_drawn_as_in_image_data_generator() -> None:
    from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

    # isort: split
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    theirs = ImageDataGenerator(
        shear_range=0.2,
        zoom_range=0.2,
        width_shift_range=0.2,
        height_shift_range=0.2,
        horizontal_flip=True,
    )
    found = [theirs.get_random_transform((64, 64, 3), seed) for seed in range(2000)]
    ours = each(draw(2000, DOCUMENTED, RNG(0)))
    for names, scale in (
        (("tx", "shift_x"), 64),
        (("ty", "shift_y"), 64),
        (("zx", "zoom_x"), 1),
        (("zy", "zoom_y"), 1),
        (("shear", "shear"), 180 / np.pi),
    ):
        here = scale * np.sort([of[names[1]] for of in ours])
        there = np.sort([of[names[0]] for of in found])
        # Two even draws of one range: their quantiles lie side by side.
        assert np.abs(here - there).max() < 0.1 * np.ptp(there), names
    flips = [bool(of["flip_horizontal"]) for of in found]
    assert abs(np.mean(flips) - np.mean([of["mirror"] < 0 for of in ours])) < 0.06
