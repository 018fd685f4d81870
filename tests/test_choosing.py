"""Which arrays of a file are meant."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgeface.datasets.arrayfile import Header
from edgeface.datasets.choosing import Part, choose
from edgeface.datasets.photos import PLAIN, Reading
from edgeface.errors import InputError, UsageError

PICTURES = Header((6, 8, 8), "number", "uint8", 384)
FLAT = Header((6, 64), "number", "uint8", 384)
NUMBERS = Header((6,), "number", "int64", 48)
COLUMN = Header((6, 1), "number", "int64", 48)
TEXT = Header((6,), "text", "str96", 72)
OBJECTS = Header((6,), "other", "object", 48)
SINGLE = Header((), "number", "int64", 8)


def file(**headers: Header) -> Any:
    return SimpleNamespace(path=Path("set.npz"), headers=headers, column_major=False)


def chosen(reading: Reading = PLAIN, **headers: Header) -> list[Part]:
    return choose(file(**headers), reading)


@pytest.mark.parametrize(
    ("headers", "pixels", "targets"),
    [
        ({"x": PICTURES, "y": NUMBERS}, "x", "y"),
        ({"Labels": TEXT, "Images": PICTURES}, "Images", "Labels"),
        ({"data": FLAT, "target": COLUMN}, "data", "target"),
        ({"photos": PICTURES, "who": NUMBERS, "seed": SINGLE}, "photos", "who"),
        (
            {"photos": PICTURES, "who": TEXT, "mean": Header((8,), "number", "f8", 64)},
            "photos",
            "who",
        ),
        ({"paths": TEXT, "labels": NUMBERS}, "paths", "labels"),
        ({"images": TEXT, "labels": TEXT}, "images", "labels"),
        # The pictures themselves are taken before the names of the files they came from.
        ({"images": PICTURES, "filenames": TEXT, "labels": NUMBERS}, "images", "labels"),
        ({"faces": FLAT}, "faces", None),
    ],
)
def test_one_part(headers: dict[str, Header], pixels: str, targets: str | None) -> None:
    assert chosen(**headers) == [Part(None, pixels, targets)]


@pytest.mark.parametrize(
    ("names", "sides"),
    [
        (("x_train", "y_train", "x_test", "y_test"), ("training", "test")),
        (("X_train", "Y_train", "X_valid", "Y_valid"), ("training", "validation")),
        (("xtrain", "ytrain", "xval", "yval"), ("training", "validation")),
        (("train_images", "train_labels", "test_images", "test_labels"), ("training", "test")),
        (("training-data", "training-target", "testing-data", "testing-target"),
         ("training", "test")),
    ],
)  # fmt: skip
def test_sides_by_their_names(names: tuple[str, ...], sides: tuple[str, str]) -> None:
    headers = dict(zip(names, (PICTURES, NUMBERS) * 2, strict=True))
    assert choose(file(**headers), PLAIN) == [
        Part(sides[0], names[0], names[1]),  # type: ignore[arg-type]
        Part(sides[1], names[2], names[3]),  # type: ignore[arg-type]
    ]


def test_in_a_mat_file_the_last_axis_may_count() -> None:
    headers = {"photos": Header((8, 9, 6), "number", "uint8", 432), "who": COLUMN}
    mat = SimpleNamespace(path=Path("set.mat"), headers=headers, column_major=True)
    assert choose(mat, PLAIN) == [Part(None, "photos", "who")]
    assert chosen(**headers) == [Part(None, "photos", None)]


def test_three_sides_and_what_one_of_them_alone_is() -> None:
    headers = {
        f"{what}_{side}": header
        for side in ("train", "val", "test")
        for what, header in (("x", PICTURES), ("y", NUMBERS))
    }
    assert [part.side for part in chosen(**headers)] == ["training", "validation", "test"]
    alone = chosen(Reading(pixels="x_val"), **headers)
    assert alone == [Part(None, "x_val", "y_val")]
    both = chosen(Reading(pixels="X", targets="y"), **headers)
    assert both == chosen(**headers)


def test_targets_of_more_sides_than_there_are_pictures_of() -> None:
    headers = {"x_train": PICTURES, "x_test": PICTURES}
    headers |= dict.fromkeys(("y_train", "y_val", "y_test"), NUMBERS)
    assert [part.targets for part in chosen(**headers)] == ["y_train", "y_test"]


@pytest.mark.parametrize("name", ["latest", "contest", "x_test"])
def test_a_name_that_ends_like_a_side_is_none_alone(name: str) -> None:
    assert chosen(**{name: PICTURES, "y": NUMBERS}) == [Part(None, name, "y")]


def test_an_array_of_the_very_name_is_not_put_together_from_sides() -> None:
    headers = {"x": PICTURES, "y": NUMBERS, "x_train": PICTURES, "x_test": PICTURES}
    assert chosen(Reading(pixels="x"), **headers) == [Part(None, "x", "y")]


def test_names_that_are_given_win() -> None:
    headers = {"x": PICTURES, "images": PICTURES, "y": NUMBERS, "age": NUMBERS}
    found = chosen(Reading(pixels="images", targets="age"), **headers)
    assert found == [Part(None, "images", "age")]
    with pytest.raises(UsageError, match="no array called 'faces'") as wrong:
        chosen(Reading(pixels="faces"), **headers)
    assert wrong.value.remedy.startswith("--pixels one of: x (6x8x8 uint8), images")
    with pytest.raises(UsageError, match="no array called 'z'") as wrong:
        chosen(Reading(pixels="x", targets="z"), **headers)
    assert wrong.value.remedy.startswith("--targets one of:")


def test_sides_and_no_sides_do_not_go_together() -> None:
    headers = {"x_train": PICTURES, "y_train": NUMBERS, "x_test": PICTURES, "y_test": NUMBERS}
    for reading in (Reading(pixels="x_train", targets="y"), Reading(targets="y_test")):
        with pytest.raises(InputError, match="they are split otherwise"):
            chosen(reading, **headers)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"x": PICTURES, "images": PICTURES, "y": NUMBERS}, "more than one array may hold the pic"),
        ({"a": PICTURES, "b": PICTURES}, "more than one array may hold the pictures: a .*, b "),
        ({"x": PICTURES, "y": NUMBERS, "labels": NUMBERS}, "more than one array may hold the tar"),
        ({"x": PICTURES, "age": NUMBERS, "who": TEXT}, "more than one array may hold the targets"),
        ({"y": NUMBERS, "z": SINGLE}, r"no array that may hold pictures; it has y \(6 int64\), z "),
        ({}, "it has none at all"),
        (dict.fromkeys((f"a{n}" for n in range(20)), NUMBERS), r"a11 \(6 int64\), …"),
    ],
)
def test_what_is_not_clear_is_listed(headers: dict[str, Header], message: str) -> None:
    with pytest.raises(InputError, match=message) as wrong:
        chosen(**headers)
    assert "--pixels" in wrong.value.remedy or "--targets" in wrong.value.remedy


def test_objects_are_chosen_so_that_reading_says_what_they_are() -> None:
    assert chosen(x=OBJECTS, y=NUMBERS) == [Part(None, "x", "y")]
    assert chosen(x=PICTURES, y=OBJECTS) == [Part(None, "x", "y")]
    assert chosen(images=PICTURES, x=OBJECTS, y=NUMBERS)[0].pixels == "images"
