import cv2
import numpy as np
import pytest

from edgeface.datasets.audit.quality import FLAWS, flaws, measure, sharpness
from edgeface.images import Preprocess

SHOWN = Preprocess(64, 64, margin=0.0)


def texture(side=128, low=40, high=215, cell=8):
    """Squares with sharp edges, as of things."""
    cells = np.random.default_rng(0).integers(0, 2, (side // cell, side // cell, 1), np.uint8)
    gray = np.where(np.kron(cells, np.ones((cell, cell, 1), np.uint8)), high, low)
    return np.repeat(gray, 3, axis=2).astype(np.uint8)


def blurred(picture, sigma):
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def told(picture, box=None, shown=SHOWN):
    return set(flaws(measure(picture, box, shown), shown.height))


def test_a_sharp_well_lit_picture_has_no_flaw():
    assert told(texture()) == set()


@pytest.mark.parametrize("sigma_of_side", [0.02, 0.04])
def test_blur_is_told_at_every_size(sigma_of_side):
    for side in (64, 128, 512):
        picture = cv2.resize(texture(512, cell=64), (side, side), interpolation=cv2.INTER_AREA)
        assert "blurred" not in told(picture)
        assert told(blurred(picture, side * sigma_of_side)) == {"blurred"}


def test_a_smear_along_one_axis_is_blur():
    picture = texture(256, cell=32)
    for kernel in ((1, 25), (25, 1)):
        assert told(cv2.blur(picture, kernel)) == {"blurred"}


def test_blur_that_the_network_cannot_see_is_none():
    picture = blurred(cv2.resize(texture(64), (1024, 1024), interpolation=cv2.INTER_NEAREST), 4)
    assert told(picture) == set()
    assert told(picture, shown=Preprocess(512, 512, margin=0.0)) == {"blurred"}


def test_sharpness_does_not_depend_on_contrast():
    gray = np.ascontiguousarray(texture(128)[..., 0])
    faint = (gray * 0.25 + 90).astype(np.uint8)
    assert sharpness(faint, 64) == pytest.approx(sharpness(gray, 64), rel=0.05)
    assert sharpness(np.full((50, 50), 7, np.uint8), 64) > 1  # flat is not blurred
    assert sharpness(np.zeros((2, 500), np.uint8), 64) > 1


@pytest.mark.parametrize(
    ("picture", "flaw"),
    [
        (texture(low=5, high=50), "dark"),
        (texture(low=200, high=240), "bright"),
        (texture(low=0, high=255), "clipped"),
        (texture(low=100, high=110), "faint"),
        (texture(side=56), "small"),
    ],
)
def test_each_flaw_is_told_alone_and_in_words(picture, flaw):
    found = flaws(measure(picture, None, SHOWN), 64)
    assert set(found) == {flaw}
    worse, said = found[flaw]
    assert isinstance(worse, float | int)
    assert any(c.isdigit() for c in said)


def test_worse_is_more():
    shades = [flaws(measure(texture(low=5, high=h), None, SHOWN), 64)["dark"][0] for h in (60, 30)]
    assert shades == sorted(shades)
    sides = [flaws(measure(texture(side=s), None, SHOWN), 64)["small"][0] for s in (56, 24)]
    assert sides == sorted(sides)
    blur = [flaws(measure(blurred(texture(), s), None, SHOWN), 64)["blurred"][0] for s in (4, 8)]
    assert blur == sorted(blur)


def test_dark_skin_before_a_bright_wall_is_not_too_dark():
    picture = texture(low=170, high=200)
    picture[40:90, 40:90] = 45
    picture[50:60, 50:80] = 90
    assert told(picture) == set()


def test_only_the_middle_counts_where_no_face_is_known():
    frame = np.zeros((200, 200, 3), np.uint8)
    frame[40:160, 40:160] = texture(120)
    assert told(frame) == set()


def test_a_known_face_is_what_is_measured():
    picture = texture(256)
    picture[100:180, 100:180] = blurred(texture(80, low=5, high=50), 4)
    box = np.asarray([100, 100, 180, 180], np.float32)
    assert told(picture) == set()
    assert told(picture, box) == {"dark", "blurred"}
    assert told(picture, box, Preprocess(96, 96, margin=0.0)) == {"dark", "blurred", "small"}
    assert "small" not in told(picture, box, Preprocess(96, 96, margin=0.1))  # 80 and two tenths


@pytest.mark.parametrize(
    "box", [(-30, -30, 20, 20), (240, 240, 300, 300), (-9, -9, 400, 400), (300, 300, 340, 340)]
)
def test_a_box_may_reach_out_of_the_picture(box):
    quality = measure(texture(256), np.asarray(box, np.float32), SHOWN)
    assert quality.side_px == box[2] - box[0]
    assert 0 <= quality.low <= quality.high <= 255


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2)])
def test_a_picture_of_any_size_is_measured(shape):
    quality = measure(np.full((*shape, 3), 255, np.uint8), None, SHOWN)
    assert quality.clipped == 1
    assert set(flaws(quality, 64)) == {"small", "bright", "clipped", "faint"}


def test_the_flaws_are_named_in_one_place():
    quality = measure(np.zeros((5, 5, 3), np.uint8), None, SHOWN)
    assert set(flaws(quality, 64)) <= set(FLAWS)
