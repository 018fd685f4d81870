"""Sets that were split by whoever published them."""

from pathlib import Path

import pytest

from edgeface.datasets.sides import official_tops, side_of
from edgeface.errors import InputError

ROOT = Path("set")


@pytest.mark.parametrize(
    ("side", "names"),
    [
        (
            "training",
            "train Train TRAIN training train_set trainset simpsons_trainset 01-train trainImages "
            "images.train trainval TrainVal train_val train2017 Train-Validation",
        ),
        ("test", "test Test TESTING test_set testset simpson_testset test-images 2_test holdout"),
        (
            "validation",
            "val VAL valid validation Validation val_set valset valid-set ValImages val2017 "
            "cross-validation dev dev-set eval images_val evalData",
        ),
    ],
)
def test_a_side_in_many_spellings(side: str, names: str) -> None:
    for name in names.split():
        assert side_of(name) == side, name


@pytest.mark.parametrize(
    "name",
    ["Valerie", "Devi", "Oval", "bart", "", "all", "faces", "train_test", "valley", "x", "日本"],
)
def test_other_names_are_no_side(name: str) -> None:
    assert side_of(name) is None


def names(*tops: str, deep: bool = True) -> list[str]:
    below = ("ada", "bob") if deep else ("",)
    return [f"{top}/{who}/1.jpg".replace("//", "/") for top in tops for who in below]


def test_folders_called_after_sides_are_sides() -> None:
    found = official_tops([*names("trainset", "val", "Test"), "loose.jpg"], ROOT)
    assert found == {"trainset": "training", "val": "validation", "Test": "test"}
    two = official_tops(names("train_a", "train_b", "test"), ROOT)
    assert two == {"train_a": "training", "train_b": "training", "test": "test"}


@pytest.mark.parametrize(
    "pictures",
    [
        [],
        names("ada", "bob", deep=False),
        names("train"),
        names("val", "test"),  # nothing to train on
        names("train", "tram", deep=False),  # of vehicles
        [*names("train"), *names("ada", deep=False)],
        # Somebody is called like a side: the names are people's.
        names("Trainor", "Testa", "Bob", deep=False),
    ],
)
def test_other_folders_are_none(pictures: list[str]) -> None:
    assert official_tops(pictures, ROOT) == {}


def test_pictures_of_nobody_are_named() -> None:
    """A test side without labels is how competitions publish theirs."""
    pictures = [*names("train"), "test/1.jpg"]
    with pytest.raises(InputError, match=r"split into test, train, but test/1\.jpg is in nobody"):
        official_tops(pictures, ROOT)
    with pytest.raises(InputError, match=r"but test/1\.jpg is in nobody"):
        official_tops(names("train", "test", deep=False), ROOT)


def test_a_folder_that_is_no_side_beside_sides_is_named() -> None:
    with pytest.raises(InputError, match="but extra beside them is no side of a split"):
        official_tops([*names("train", "test"), *names("extra")], ROOT)
    with pytest.raises(InputError, match="but extra beside them"):
        official_tops([*names("train", "test"), "extra/1.jpg"], ROOT)
