"""Reading points from csv and npz files, and what is said of files that are none."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.datasets import pointfile
from edgeface.datasets.pointfile import open_points, read_sides, to_csv
from edgeface.datasets.points import Points
from edgeface.errors import BundleError, InputError, UsageError

ROWS = [(i / 4, i * i) for i in range(12)]


def csv_file(folder: Path, text: str, name: str = "points.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def lines(delimiter: str = ",", end: str = "\n") -> str:
    return "".join(f"{x}{delimiter}{y}{end}" for x, y in ROWS)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (lines(), ("x", "y")),
        ("time,height\n" + lines(), ("time", "height")),
        ("time; height of it \n" + lines(";"), ("time", "height of it")),
        ("a\tb\n" + lines("\t", "\r\n"), ("a", "b")),
        ("\ufeff# measured today\n\n" + lines(" , ") + "\n\n", ("x", "y")),
        ('"a, b","c"\n' + lines(), ("a, b", "c")),
        (",\n" + lines(), ("x", "y")),
    ],
)
def test_csv_of_every_kind(tmp_path: Path, text: str, names: tuple[str, str]) -> None:
    found = open_points(csv_file(tmp_path, text))
    assert (*found.inputs, found.output) == names
    assert found.x.shape == (12, 1)
    assert list(zip(found.x[:, 0], found.y, strict=True)) == ROWS


def test_several_inputs_and_the_output_last(tmp_path: Path) -> None:
    found = open_points(csv_file(tmp_path, "".join(f"{i},{i * 2},-{i}\n" for i in range(10))))
    assert (found.inputs, found.output) == (("x1", "x2"), "y")
    assert found.x.shape == (10, 2)
    assert found.y[3] == -3


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_npz(tmp_path: Path, shape: tuple[int, ...]) -> None:
    x, y = np.arange(24, dtype=np.int16).reshape(12, 2), np.arange(12, dtype=np.float32)
    np.savez(tmp_path / "points.npz", X=x, y=y.reshape(shape), more=np.zeros(3))
    found = open_points(tmp_path / "points.npz")
    assert found.x.dtype == found.y.dtype == np.float64
    assert np.array_equal(found.x, x)
    assert np.array_equal(found.y, y)
    np.savez(tmp_path / "flat.npz", x=y, y=y)
    assert open_points(tmp_path / "flat.npz").x.shape == (12, 1)


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("1\n2\n", "one column; x and y are needed", "comma, a semicolon or a tab"),
        ("x,y\n1,2\n3,abc\n", "line 3: y: 'abc' is no number", "remove the line"),
        ("1,2\n3,nan\n", "line 2: y is nan: every number has to be finite", "remove"),
        ("1,2\ninf,4\n-inf,4\n", "line 2: x is inf: .*2 such numbers in all", "remove"),
        ("1,2\n1e39,4\n", "line 2: x is 1e39: .*at most 3.4e.38", "remove"),
        ("a;b\n1,5;2\n", "line 2: a: '1,5' is no number", "decimals with a point: 1.5"),
        ("1,2\n3\n", "line 2: 1 column, where the first line has 2", "same columns"),
        ("1,2\n3,4,5\n", "line 2: 3 columns, where", "same columns"),
        ("1,2\n3,\n", "line 2: y is empty", "fill it in"),
        ("1,2\n1_000,4\n", "line 2: x: '1_000' is no number", "correct it"),
        ("x,1\n2,3\n", "line 1: x: 'x' is no number", "correct it"),
        ("", "there is not one point in it", "one point a line"),
        ("x,y\n", "there is not one point in it", "one point a line"),
        ("1,2\n3,4\n", "2 points, 10 are the least", ""),
        ('1,"' + "2" * 200_000 + '"\n', "line 1: no csv", "save it again"),
    ],
)
def test_what_is_wrong_with_a_csv(tmp_path: Path, text: str, message: str, remedy: str) -> None:
    with pytest.raises(InputError, match=message) as wrong:
        open_points(csv_file(tmp_path, text))
    assert remedy in wrong.value.remedy
    assert "\n" not in str(wrong.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes("x,y\n1,2\n".encode("utf-16"))
    with pytest.raises(InputError, match="not text in UTF-8"):
        open_points(path)


def test_what_is_wrong_with_an_npz(tmp_path: Path) -> None:
    path, ten = tmp_path / "points.npz", np.arange(10.0)
    for arrays, message in (
        ({"x": ten, "z": ten}, r"the arrays x and y are needed; it has x \(10 float64\), z"),
        ({"x": ten, "X": ten, "y": ten}, "the arrays x and y are needed"),
        ({"x": ten, "y": ten[:5]}, r"x of shape \(10,\), y of shape \(5,\): one y for every x"),
        ({"x": ten.reshape(1, 2, 5), "y": ten}, "x is .n,. or .n, inputs."),
        ({"x": np.float64(3), "y": ten}, "x is .n,. or"),
        ({"x": np.asarray(["a"] * 10), "y": ten}, "x is text"),
        ({"x": np.where(ten == 4, np.nan, ten), "y": ten}, "x of point 4 is nan"),
        ({"x": ten[:3], "y": ten[:3]}, "3 points, 10 are the least"),
        ({"x": np.asarray([None] * 10), "y": ten}, "holds Python objects"),
    ):
        np.savez(path, **arrays)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=message):
            open_points(path)
    path.write_bytes(b"PK no zip")
    with pytest.raises(InputError, match="no npz file, or a broken one"):
        open_points(path)


@pytest.mark.parametrize("name", ["points.xlsx", "points.csv", "nothing.npz", "."])
def test_what_is_no_file_of_points(tmp_path: Path, name: str) -> None:
    (tmp_path / "points.xlsx").write_bytes(b"")
    with pytest.raises(UsageError) as wrong:
        open_points(tmp_path / name)
    assert "edgeface data draw-points" in wrong.value.remedy


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = csv_file(tmp_path, lines())
    np.savez(tmp_path / "points.npz", x=np.arange(12.0), y=np.arange(12.0))
    monkeypatch.setattr(pointfile, "MOST", 11)
    for name in ("points.csv", "points.npz"):
        with pytest.raises(InputError, match="12 points, over the limit of 11"):
            open_points(tmp_path / name)
    monkeypatch.setattr(pointfile, "MAX_BYTES", 20)
    with pytest.raises(InputError, match="over the limit of 0 MiB"):
        open_points(path)


@given(
    st.lists(
        st.tuples(*[st.floats(-1e38, 1e38, allow_subnormal=False)] * 3), min_size=10, max_size=30
    ),
    st.integers(0, 2**32 - 1),
)
def test_what_was_written_reads_back_to_the_last_bit(tmp_path_factory, rows, seed: int) -> None:
    folder, table = tmp_path_factory.mktemp("points"), np.asarray(rows)
    written = Points(table[:, :2], table[:, 2], ("a", "b, c"), "side")
    held = np.random.default_rng(seed).random(len(rows)) < 0.5
    plain = csv_file(folder, to_csv(written))
    sided = csv_file(folder, to_csv(written, held), "sided.csv")
    for found in (open_points(plain), read_sides(sided)[0]):
        assert np.array_equal(found.x, written.x)
        assert np.array_equal(found.y, written.y)
        assert (found.inputs, found.output) == (written.inputs, written.output)
    assert np.array_equal(read_sides(sided)[1], held)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y,side\n1,2,training\n3,4,test\n", "the last column is no side"),
        ("x,side\n1,training\n", "the last column is no side"),
        ("x,y,side\n1,b,training\n", "not the points of a run .*'b' is no number"),
        ("", "not the points of a run"),
    ],
)
def test_sides_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        read_sides(csv_file(tmp_path, text))
