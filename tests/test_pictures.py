"""The pictures of a run: that they are pictures, and show what they were given."""

from pathlib import Path

import numpy as np
import pytest

from edgeface import evaluate
from edgeface.images import read_picture

pytestmark = pytest.mark.tf  # matplotlib and Pillow come with it

BLUE = np.array([192, 108, 43])  # of the curve, blue-green-red


def curve_share(path: Path, half: slice) -> tuple[float, float]:
    """Mean row and column of the curve's pixels in a half of the picture, as shares of it."""
    picture = read_picture(path)[:, half].astype(int)
    rows, columns = np.nonzero(abs(picture - BLUE).max(axis=2) < 60)
    return float(rows.mean() / picture.shape[0]), float(columns.mean() / picture.shape[1])


def test_a_good_roc_runs_along_the_upper_left(tmp_path: Path) -> None:
    from edgeface.train.pictures import roc_curve

    rng = np.random.default_rng(0)
    positive = np.arange(400) % 2 == 0
    left = slice(0, 480)
    found = {}
    for name, lift in (("good", 4.0), ("bad", 0.2)):
        curve = evaluate.roc(rng.normal(size=400) + lift * positive, positive)
        roc_curve(tmp_path / f"{name}.png", curve, "face")
        assert read_picture(tmp_path / f"{name}.png").shape == (456, 960, 3)
        found[name] = curve_share(tmp_path / f"{name}.png", left)
    assert found["good"][0] < found["bad"][0] - 0.1  # nearer to the top


@pytest.mark.parametrize("label", ["лицо", "顔", r"$\frac$", "US$ and A$", "a" * 200])
def test_any_label_is_drawn_as_it_is(tmp_path: Path, label: str) -> None:
    from edgeface.train.pictures import roc_curve

    curve = evaluate.roc(np.array([0.1, 0.9]), np.array([False, True]))
    roc_curve(tmp_path / "roc.png", curve, label)
    assert (tmp_path / "roc.png").stat().st_size > 5_000


def test_the_learning_curve_marks_the_kept_epoch(tmp_path: Path) -> None:
    from edgeface.train.pictures import learning_curve

    keys = ("loss", "accuracy", "val_loss", "val_accuracy")
    rows = [{"epoch": e, **dict.fromkeys(keys, 1 / e)} for e in (1, 2, 3, 4)]
    pictures = []
    for best in (2, 3):
        learning_curve(tmp_path / "history.png", rows, best)
        pictures.append(read_picture(tmp_path / "history.png"))
    assert pictures[0].shape == pictures[1].shape
    assert not np.array_equal(*pictures)
