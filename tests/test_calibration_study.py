"""From what may be drawn to what is calibrated on: drawn, audited, and told."""

from dataclasses import replace

import numpy as np
import pytest

from edgeface.convert.calibration.candidates import Candidates, Held
from edgeface.errors import ConversionError, InputError
from edgeface.images import Preprocess
from edgeface.recipe import Recipe

pytestmark = pytest.mark.tf

INT8 = Recipe("int8", "any machine", ("tflite",), ("int8",), calibration=30)


class FakeNetwork:
    """Tells bright pictures from dark ones."""

    def infer(self, pixels: np.ndarray) -> np.ndarray:
        bright = (pixels.mean(axis=(1, 2, 3)) > 128).astype(np.float32)
        return np.stack([1 - bright, bright], axis=1)


def pictures(count: int, seed: int) -> np.ndarray:
    import cv2

    rng = np.random.default_rng(seed)
    small = rng.normal(128, 60, (count, 6, 6)) + rng.normal(0, 25, (count, 1, 1))
    large = [cv2.resize(one, (24, 24), interpolation=cv2.INTER_CUBIC) for one in small]
    return np.clip(np.stack(large), 0, 255).astype(np.uint8)[..., np.newaxis]


def offered(pixels: np.ndarray, classes=None) -> Candidates:
    names = tuple(f"{i:064x}" for i in range(len(pixels)))
    return Candidates(pixels, classes, names, "photos", left_out=7)


def run(given: Candidates, recipe: Recipe, teller, monkeypatch: pytest.MonkeyPatch):
    from edgeface.convert.calibration import study

    monkeypatch.setattr(study.ranges, "compare", lambda network, shown, held: ())
    held = Held(pictures(40, 9), frozenset())
    return study.drawn(given, held, ("dark", "bright"), "gray", recipe, FakeNetwork(), teller)


def test_what_was_drawn_is_shown_recorded_and_told(teller, monkeypatch) -> None:
    given = offered(pictures(80, 1), np.arange(80) % 2)
    shown, chosen, record = run(given, replace(INT8, seed=3), teller, monkeypatch)
    assert shown.shape == (32, 24, 24, 1)
    assert np.array_equal(shown[:30], chosen.pixels)
    assert record.pictures == chosen.sha256
    assert (record.seed, record.source, record.left_out) == (3, "photos", 7)
    assert [one.kind for one in record.findings] == ["too few"]
    assert teller.said == [
        "calibration: too few: 30 different pictures in all; 50 are enough; "
        "add photographs of other moments, or export without int8"
    ]


def test_the_network_is_asked_what_unlabelled_pictures_show(teller, monkeypatch) -> None:
    many = pictures(200, 1)
    dark = offered(many[many.mean(axis=(1, 2, 3)) < 128][:60])
    with pytest.raises(InputError, match="look to the network like dark"):
        run(dark, INT8, teller, monkeypatch)
    _, chosen, _ = run(offered(pictures(80, 1)), INT8, teller, monkeypatch)
    assert chosen.classes is None  # what it guessed is not taken for the truth


def test_where_nothing_is_calibrated_nothing_is_audited(teller, monkeypatch) -> None:
    bad = offered(np.zeros((9, 24, 24, 1), np.uint8))
    shown, _, record = run(bad, replace(INT8, schemes=("float32",)), teller, monkeypatch)
    assert len(shown) == 11
    assert record.findings == ()
    assert not teller.said
    with pytest.raises(ConversionError, match="int8 needs calibration pictures"):
        run(offered(pictures(1, 1)[:0]), INT8, teller, monkeypatch)


def test_a_set_that_was_not_named_cannot_be_read(teller) -> None:
    from edgeface.convert.calibration.study import Wishes

    with pytest.raises(ValueError, match="no set"):
        Wishes().offered((), Preprocess(24, 24), "none", Held(pictures(1, 1), frozenset()), teller)
