"""Whether two sets of pictures are told apart by simple statistics."""

import numpy as np
import pytest

from edgeface.convert.calibration import resemblance as r


def pictures(count: int, seed: int, channels: int = 1, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    base = rng.normal(120 + shift, 30, (count, 1, 1, channels))
    noise = rng.normal(0, 1, (count, 12, 12, channels)) * rng.uniform(10, 40, (count, 1, 1, 1))
    return np.clip(base + noise, 0, 255).astype(np.uint8)


def test_the_share_of_pairs_is_that_of_its_definition() -> None:
    own, held = pictures(15, 0, shift=20), pictures(22, 1)
    brightness = next(d for d in r.compare(own, held, 0) if d.statistic == r.BRIGHTNESS)
    a, b = (r.statistics(x)[r.BRIGHTNESS] for x in (own, held))
    pairs = (a[:, None] > b).mean() + 0.5 * (a[:, None] == b).mean()
    assert brightness.apart == pytest.approx(max(pairs, 1 - pairs))
    assert (brightness.calibration, brightness.evaluation) == (np.median(a), np.median(b))


def test_chance_is_as_rare_as_it_says() -> None:
    """Of sets that differ by nothing, one in ten looks as different as chance 0.1 says."""
    chances = [
        r.compare(pictures(20, 2 * s), pictures(30, 2 * s + 1), s)[0].chance for s in range(60)
    ]
    assert 0.02 <= np.mean(np.asarray(chances) <= 0.1) <= 0.22


@pytest.mark.parametrize(
    ("change", "statistic"),
    [
        (lambda x: x // 2, r.BRIGHTNESS),
        (lambda x: 128 + (x.astype(int) - 128) // 8, r.CONTRAST),
        (lambda x: x + np.asarray([0, 0, 90]), "first against last channel"),
    ],
)
def test_what_was_done_is_named(change, statistic: str) -> None:
    own = np.clip(change(pictures(40, 0, 3)), 0, 255).astype(np.uint8)
    told = {d.statistic: d for d in r.compare(own, pictures(60, 1, 3), 0)}
    assert told[statistic].apart > r.WARNS
    assert told[statistic].chance <= r.CHANCE


def test_a_draw_repeats_by_its_seed_and_too_few_say_nothing() -> None:
    own, held = pictures(20, 0), pictures(30, 1)
    assert r.compare(own, held, 5) == r.compare(own, held, 5)
    assert r.compare(own[: r.LEAST - 1], held, 0) == ()
    assert r.compare(own, held[: r.LEAST - 1], 0) == ()
    assert [d.apart for d in r.compare(own, own, 0)] == [0.5] * 5
