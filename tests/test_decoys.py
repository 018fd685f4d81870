"""Decoys: pieces and misplaced views, drawn from the state of a generator alone."""

import numpy as np
import pytest

from edgeface.errors import UsageError
from edgeface.train.augment import Augmentation, augment, draw
from edgeface.train.batches import Batches
from edgeface.train.decoys import decoys

RNG = np.random.default_rng
PLAIN = Augmentation()


def target(n: int = 200, side: int = 64) -> np.ndarray:
    """Black pictures with a white disc in the middle, as large as a face."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    disc = np.where(np.hypot(x, y) < 22, 255, 0).astype(np.uint8)
    return np.repeat(np.repeat(disc[None, :, :, None], 3, axis=3), n, axis=0)


def whole(pictures: np.ndarray) -> np.ndarray:
    """Which of them show the disc where it was and as large, (n,)."""
    disc = target(1)[0, ..., 0] > 128
    shown = pictures[..., 0] > 128
    return (shown & disc).sum((1, 2)) > 0.7 * (shown | disc).sum((1, 2))


def test_none_shows_the_thing_whole_in_its_place() -> None:
    made = decoys(target(), PLAIN, RNG(0))
    assert made.shape == (200, 64, 64, 3)
    assert made.dtype == np.uint8
    assert whole(target(3)).all()
    assert not whole(made).any()
    usual = Augmentation(rotation=10, zoom=0.12, stretch=0.05, shift=0.05, flip=True)
    assert whole(augment(target(), usual, RNG(0))).mean() > 0.9


def test_half_are_pieces_and_half_are_misplaced() -> None:
    # A piece is magnified: what rises along it rises more slowly.
    gradient = np.tile(np.linspace(0, 255, 64), (64, 1)).astype(np.uint8)[None, :, :, None]
    made = decoys(np.repeat(gradient, 400, axis=0), PLAIN, RNG(1))[..., 0].astype(float)
    slopes = np.hypot(
        np.median(abs(np.diff(made, axis=2)), (1, 2)), np.median(abs(np.diff(made, axis=1)), (1, 2))
    )
    pieces = slopes < 0.72 * 255 / 63
    assert 0.4 < pieces.mean() < 0.6


def test_the_same_state_gives_the_same_bytes_and_the_source_is_untouched() -> None:
    pictures = target(8)
    one, other = (decoys(pictures, Augmentation(light=0.2, fade=0.5), RNG(4)) for _ in range(2))
    assert np.array_equal(one, other)
    assert np.array_equal(pictures, target(8))
    assert not np.array_equal(one, decoys(pictures, PLAIN, RNG(4)))


def test_they_are_added_to_every_batch_as_the_first_class() -> None:
    from edgeface.datasets.crops import CropStore
    from edgeface.train.prepare import Part

    part = Part(CropStore.of(target(30)), np.arange(30), np.ones(30, np.intp))
    training = Batches(part, Augmentation(decoys=0.5), 12, seed=3)
    sizes = []
    for pixels, truth in training.epoch(1):
        count = round(len(truth) / 1.5)
        assert truth.tolist() == [1] * count + [0] * (len(truth) - count)
        assert whole(pixels[:count]).all()
        assert not whole(pixels[count:]).any()
        sizes.append(len(truth))
    assert sizes == [18, 18, 9]
    again = [pixels.tobytes() for pixels, _ in training.epoch(1)]
    assert again == [pixels.tobytes() for pixels, _ in training.epoch(1)]
    assert [len(t) for _, t in Batches(part, PLAIN, 12, seed=3).epoch(1)] == [12, 12, 6]


def test_fading_lowers_the_contrast_about_a_pictures_own_mean() -> None:
    pictures = RNG(0).integers(0, 256, (300, 16, 16, 3), np.uint8)
    pictures[:150] //= 4
    made = augment(pictures, Augmentation(fade=0.75), RNG(2)).astype(float)
    before = pictures.astype(float)
    kept = made.std((1, 2, 3)) / before.std((1, 2, 3))
    assert abs(made.mean((1, 2, 3)) - before.mean((1, 2, 3))).max() < 0.6
    assert kept.max() < 1.01
    assert 0.24 < kept.min() < 0.3
    assert (draw(5, PLAIN, RNG(0)).fade == 1).all()


@pytest.mark.parametrize("wrong", [{"fade": 1}, {"fade": -0.1}, {"decoys": 5}, {"decoys": -1}])
def test_ranges_that_cannot_be_meant_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Augmentation(**wrong)
