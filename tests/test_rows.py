"""The pictures of arrays, one by one."""

import hashlib
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface import images
from edgeface.datasets import rows as module
from edgeface.datasets.rows import NamedRows, StoredRows, factor_of, picture_rows
from edgeface.errors import InputError

GRAY = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
COLOUR = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)


def picture(rows: StoredRows, row: int) -> np.ndarray[Any, Any]:
    return rows.open(row)[1]()


def test_gray_rows_get_three_equal_channels() -> None:
    rows = StoredRows(GRAY, 1.0, "rgb")
    assert len(rows) == 2
    shown = picture(rows, 1)
    assert shown.shape == (3, 4, 3)
    assert shown.dtype == np.uint8
    assert all(np.array_equal(shown[..., c], GRAY[1]) for c in range(3))


def test_the_order_of_the_channels_is_as_said() -> None:
    assert np.array_equal(picture(StoredRows(COLOUR, 1.0, "bgr"), 0), COLOUR[0])
    assert np.array_equal(picture(StoredRows(COLOUR, 1.0, "rgb"), 0), COLOUR[0, ..., ::-1])


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("array", [GRAY, COLOUR])
def test_as_a_file_nothing_is_lost(array: np.ndarray[Any, Any], order: Any) -> None:
    rows = StoredRows(array, 1.0, order)
    decoded = cv2.imdecode(np.frombuffer(rows.bytes_of(1), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decoded, picture(rows, 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, ">f4"])
def test_the_same_pictures_have_the_same_checksum_whatever_their_type(dtype: Any) -> None:
    plain = StoredRows(GRAY, 1.0, "rgb")
    other = StoredRows(GRAY.astype(dtype), 1.0, "rgb")
    turned = StoredRows(np.asfortranarray(GRAY), 1.0, "rgb")
    assert plain.open(0)[0] == other.open(0)[0] == turned.open(0)[0] != plain.open(1)[0]
    assert np.array_equal(picture(plain, 1), picture(other, 1))


@given(st.integers(0, 255))
def test_fractions_come_back_to_the_byte_they_were(grey: int) -> None:
    for dtype in (np.float16, np.float32, np.float64):
        fractions = (np.full((1, 2, 2), grey) / 255).astype(dtype)
        assert picture(StoredRows(fractions, 255.0, "rgb"), 0).max() == grey


def test_the_checksum_knows_the_shape() -> None:
    flat, tall = GRAY.reshape(2, 2, 6), GRAY
    assert StoredRows(flat, 1.0, "rgb").open(0)[0] != StoredRows(tall, 1.0, "rgb").open(0)[0]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 6, 7), (5, 6, 7)),
        ((5, 6, 7, 1), (5, 6, 7)),
        ((5, 6, 7, 3), (5, 6, 7, 3)),
        ((5, 49), (5, 7, 7)),
        ((1, 64, 64), (1, 64, 64)),
        ((5, 1, 9), (5, 1, 9)),
        ((5, 3, 7, 3), (5, 3, 7, 3)),
    ],
)
def test_shapes_that_are_pictures(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    array = np.zeros(shape, np.uint8)
    assert picture_rows(array, shape[0], "x", column_major=False).shape == expected


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((5,), r"\(5\) is no array of pictures"),
        ((), r"\(\) is no array of pictures"),
        ((5, 50), "rows of 50 values, which make no square picture"),
        ((5, 7, 8, 4), r"\(5, 7, 8, 4\) is no array of pictures"),
        ((5, 3, 7, 8), "the channels before the rows"),
        ((5, 1, 7, 8), "the channels before the rows"),
        ((5, 7, 8, 3, 1), "is no array of pictures"),
        ((0, 7, 8), r"\(0, 7, 8\) is no array of pictures"),
        ((5, 0, 8), "is no array of pictures"),
        ((5, 0), "is no array of pictures"),
        ((5, 1), "is no array of pictures"),
    ],
)
def test_shapes_that_are_none_are_said(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message) as wrong:
        picture_rows(np.zeros(shape, np.uint8), 5, "set.npz: x", column_major=False)
    assert str(wrong.value).startswith("set.npz: x: ")
    assert wrong.value.remedy


def test_pictures_are_not_larger_than_files_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PIXELS", 48)
    picture_rows(np.zeros((2, 6, 8), np.uint8), 2, "x", column_major=False)
    with pytest.raises(InputError, match="megapixels"):
        picture_rows(np.zeros((2, 7, 7), np.uint8), 2, "x", column_major=False)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)])
def test_matlab_counts_by_the_last_axis(shape: tuple[int, ...]) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, *shape), np.uint8)
    stored = np.moveaxis(pictures, 0, -1)
    found = picture_rows(stored, 5, "x", column_major=True)
    assert np.array_equal(found, pictures)
    assert np.array_equal(picture_rows(pictures, 5, "x", column_major=True), pictures)


def test_matlab_lays_flat_pictures_out_by_columns() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, 4, 4), np.uint8)
    as_columns = np.stack([p.flatten(order="F") for p in pictures], axis=1)  # X(:, i) = p(:)
    for stored in (as_columns, as_columns.T):
        assert np.array_equal(picture_rows(stored, 5, "x", column_major=True), pictures)
    by_rows = pictures.reshape(5, 16)
    assert np.array_equal(picture_rows(by_rows, 5, "x", column_major=False), pictures)


@pytest.mark.parametrize("shape", [(5, 4, 5), (16, 16)])
def test_where_either_axis_may_count_nothing_is_guessed(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="may count the pictures first or last") as wrong:
        picture_rows(np.zeros(shape, np.uint8), shape[0], "x", column_major=True)
    assert "npz" in wrong.value.remedy
    picture_rows(np.zeros(shape, np.uint8), shape[0], "x", column_major=False)


FRACTIONS = np.linspace(0, 1, 8).reshape(2, 2, 2)


@pytest.mark.parametrize(
    ("array", "factor"),
    [
        (GRAY, 1),
        (FRACTIONS, 255),
        (FRACTIONS.astype("f2"), 255),
        (FRACTIONS * 255, 1),
        (FRACTIONS > 0.5, 255),
        (np.zeros((1, 2, 2), np.uint8), 1),
        (np.full((1, 2, 2), 200, np.int64), 1),
        (np.full((1, 2, 2), 1.5), 1),
    ],
)
def test_what_values_are_multiplied_by(array: np.ndarray[Any, Any], factor: float) -> None:
    assert factor_of({"x": array}, Path("set.npz")) == factor
    assert factor_of({"a": array, "b": array}, Path("set.npz")) == factor


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (FRACTIONS - 0.5, r"x: values from -0\.5 to 0\.5; pictures have 0 to 255, or 0 to 1"),
        (FRACTIONS * 256, "values from 0 to 256"),
        (np.full((1, 2, 2), 65535, np.uint16), "values from 65535 to 65535"),
        (np.where(FRACTIONS > 0.5, np.nan, FRACTIONS), r"values that are no numbers \(NaN\)"),
        (np.where(FRACTIONS > 0.5, np.inf, FRACTIONS), "values from 0 to inf"),
        (np.where(FRACTIONS > 0.5, -np.inf, FRACTIONS), "values from -inf to"),
        ((FRACTIONS > 0.5).astype(np.uint8), "whole numbers of 0 and 1"),
    ],
)
def test_values_that_no_picture_has(array: np.ndarray[Any, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as wrong:
        factor_of({"good": GRAY, "x": array}, Path("set.npz"))
    assert wrong.value.remedy


def test_sides_that_are_scaled_otherwise_are_said() -> None:
    """One factor for both would show one of them black, or burnt out."""
    message = r"set\.npz: x_train is of 0 to 1, x_test of 0 to 255"
    with pytest.raises(InputError, match=message):
        factor_of({"x_train": FRACTIONS, "x_test": GRAY}, Path("set.npz"))


PNG = cv2.imencode(".png", np.full((6, 5, 3), (10, 20, 30), np.uint8))[1].tobytes()


def test_files_are_read_beside_the_array(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(PNG)
    rows = NamedRows(["in/a.png", "in/../in/a.png"], tmp_path, "set.npz: paths")
    assert len(rows) == 2
    digest, decode = rows.open(1)
    assert digest == hashlib.sha256(PNG).hexdigest()
    assert decode()[0, 0].tolist() == [10, 20, 30]
    assert rows.bytes_of(0) == PNG


@pytest.mark.parametrize(
    "name",
    [
        *("../secret.png", "in/../../secret.png", "/etc/hostname", "", "a\0b", "\ud800"),
        *("link.png", "round/a.png", "out/secret.png"),
    ],
)
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "set"
    (folder / "in").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "out").symlink_to(tmp_path)
    (folder / "round").symlink_to(folder / "round")
    with pytest.raises(InputError) as wrong:
        NamedRows(["in/a.png", name], folder, "set.npz: paths").open(1)
    str(wrong.value).encode()  # it can be shown
    if name != "round/a.png":  # a circle leads nowhere
        assert "no other is read" in str(wrong.value)


def test_files_that_cannot_be_read_are_one_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["gone.png", "in", "pipe", "large.png", "broken.png", "x" * 300]
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large.png").write_bytes(bytes(101))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 100)
    rows = NamedRows(names, tmp_path, "set.npz: paths")
    for row, message in enumerate(
        ("No such file", "not a file", "not a file", "larger than", "not a picture", "too long")
    ):
        with pytest.raises(InputError, match=message) as wrong:
            rows.open(row)[1]()
        assert names[row][:20] in str(wrong.value)
