"""Reading mat files; they are written by lines of our own and, where it is there, by SciPy."""

import struct
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeface.datasets import arrayfile
from edgeface.datasets.matfile import MatFile
from edgeface.errors import InputError

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "faces": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "doubles": np.linspace(0, 1, 6).reshape(2, 3),
    "singles": np.ones((1, 1), np.float32),
    "short": np.asarray([[-3, 4]], np.int16),
    "logical": np.asarray([[True, False, True]]),
    "people": np.asarray(["ada  ", "bob  ", "Zoë  "]),
    "none": np.zeros((0, 3)),
    "i1": np.asarray([[1, -1, 2]], np.int8),  # short enough to stand within its own tag
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_what_was_saved_is_read_back(
    tmp_path: Path, mat: SimpleNamespace, packed: bool, order: str
) -> None:
    path = tmp_path / "set.mat"
    elements = (mat.array(name, array, order) for name, array in ARRAYS.items())
    path.write_bytes(mat.file(*elements, order=order, packed=packed))
    file = MatFile(path)
    assert list(file.headers) == list(ARRAYS)
    assert file.column_major
    for name, array in ARRAYS.items():
        found = file.read(name)
        assert np.array_equal(found, array), name
        assert found.dtype == array.dtype
        assert file.headers[name].shape == found.shape
        assert file.headers[name].bytes == found.nbytes
    assert str(file.headers["faces"]) == "2x3x4 uint8"
    assert str(file.headers["logical"]) == "1x3 logical"
    assert {n for n, h in file.headers.items() if h.kind == "text"} == {"people"}


def test_doubles_that_are_stored_as_bytes_stay_doubles(
    tmp_path: Path, mat: SimpleNamespace
) -> None:
    """Else a picture of 0.0 and 1.0 would be taken for one of 0 and 1 of 255."""
    path = tmp_path / "set.mat"
    path.write_bytes(mat.file(mat.array("x", np.asarray([[0.0, 1.0, 1.0]]), stored="u1")))
    found = MatFile(path).read("x")
    assert found.dtype == np.float64
    assert found.tolist() == [[0, 1, 1]]


def test_short_content_stands_in_its_tag(tmp_path: Path, mat: SimpleNamespace) -> None:
    content = (
        mat.element(6, struct.pack("<II", 9, 0))
        + mat.element(5, struct.pack("<ii", 1, 3))
        + struct.pack("<HH4s", 1, 2, b"xy")
        + struct.pack("<HH4s", 2, 3, bytes([7, 8, 9]))
    )
    path = tmp_path / "set.mat"
    path.write_bytes(mat.file(mat.element(14, content)))
    assert MatFile(path).read("xy").tolist() == [[7, 8, 9]]


def raw(mat: SimpleNamespace, number: int, *, flags: int = 0, rest: bytes = b"") -> bytes:
    """A matrix of two by two of any class."""
    return bytes(
        mat.element(
            14,
            mat.element(6, struct.pack("<II", number | flags, 0))
            + mat.element(5, struct.pack("<ii", 2, 2))
            + mat.element(1, b"odd")
            + (rest or mat.element(9, bytes(32))),
        )
    )


@pytest.mark.parametrize(
    ("number", "flags", "word"),
    [
        (1, 0, "cell"),
        (2, 0, "struct"),
        (3, 0, "object"),
        (5, 0, "sparse"),
        (6, 0x0800, "complex double"),
        (16, 0, "function"),
        (99, 0, "type 99"),
    ],
)
def test_what_is_no_plain_array_is_listed_and_not_read(
    tmp_path: Path, mat: SimpleNamespace, number: int, flags: int, word: str
) -> None:
    path = tmp_path / "set.mat"
    path.write_bytes(mat.file(raw(mat, number, flags=flags), mat.array("x", ARRAYS["faces"])))
    file = MatFile(path)
    assert (file.headers["odd"].kind, file.headers["odd"].type) == ("other", word)
    with pytest.raises(InputError, match="odd") as wrong:
        file.read("odd")
    assert "-v7" in wrong.value.remedy
    assert np.array_equal(file.read("x"), ARRAYS["faces"])


def test_an_opaque_object_has_no_shape(tmp_path: Path, mat: SimpleNamespace) -> None:
    content = mat.element(6, struct.pack("<II", 17, 0)) + mat.element(1, b"table")
    path = tmp_path / "set.mat"
    path.write_bytes(mat.file(mat.element(14, content + mat.element(1, b"MCOS"))))
    assert MatFile(path).headers["table"].kind == "other"


def test_other_versions_are_named(tmp_path: Path) -> None:
    path = tmp_path / "set.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM" + bytes(384))
    with pytest.raises(InputError, match=r"of MATLAB version 7\.3 \(HDF5\)") as wrong:
        MatFile(path)
    assert wrong.value.remedy == "save it again in MATLAB with save(FILE, '-v7')"
    for data in (
        b"",
        b"PK\3\4",
        bytes(200),
        struct.pack("<5i", 0, 2, 2, 0, 2) + b"x\0" + bytes(32),
    ):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"no mat file of MATLAB version 5 to 7\.2"):
            MatFile(path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.999])
def test_a_file_that_is_cut_is_one_line(
    tmp_path: Path, mat: SimpleNamespace, packed: bool, share: float
) -> None:
    path = mat.save(tmp_path / "set.mat", packed=packed, **ARRAYS)
    data = path.read_bytes()
    path.write_bytes(data[: 128 + int((len(data) - 128) * share)])
    with pytest.raises(InputError, match="no mat file, or a broken one") as wrong:
        MatFile(path)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize("shape", [(100, 100), (255, 64), (300, 301)])
def test_damage_is_found_by_the_checksum(
    tmp_path: Path, mat: SimpleNamespace, shape: tuple[int, int]
) -> None:
    element = mat.array("x", np.zeros(shape, np.uint8))
    small = bytearray(zlib.compress(element))
    small[-1] ^= 1
    path = tmp_path / "set.mat"
    path.write_bytes(mat.file() + struct.pack("<II", 15, len(small)) + small)
    file = MatFile(path)
    with pytest.raises(InputError, match="incorrect data check"):
        file.read("x")


def test_a_shape_of_terabytes_is_refused_before_anything_is_unpacked(
    tmp_path: Path, mat: SimpleNamespace
) -> None:
    huge = mat.element(
        14,
        mat.element(6, struct.pack("<II", 9, 0))
        + mat.element(5, struct.pack("<iii", 2**30, 2**10, 2**10))
        + mat.element(1, b"x")
        + mat.element(2, bytes(8)),
    )
    path = tmp_path / "set.mat"
    path.write_bytes(mat.file(huge, packed=True))
    file = MatFile(path)
    assert file.headers["x"].bytes == 2**50
    with pytest.raises(InputError, match="over the limit of 2 GiB"):
        file.read("x")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (2, bytes(5)),  # one byte more than the shape says
        (2, bytes(3)),
        (9, bytes(32)),  # eight bytes for every byte
        (99, bytes(4)),
    ],
)
def test_values_that_are_not_those_of_the_shape_are_refused(
    tmp_path: Path, mat: SimpleNamespace, kind: int, values: bytes
) -> None:
    path = tmp_path / "set.mat"
    path.write_bytes(mat.file(raw(mat, 9, rest=mat.element(kind, values)), packed=True))
    with pytest.raises(InputError, match="broken"):
        MatFile(path).read("odd")


def test_a_bomb_within_an_array_is_not_unpacked(
    tmp_path: Path, mat: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four pixels by their shape, and fifty million bytes of them."""
    path = tmp_path / "set.mat"
    path.write_bytes(mat.file(raw(mat, 9, rest=mat.element(2, bytes(50_000_000))), packed=True))
    assert path.stat().st_size < 100_000
    unpacked = 0
    real = zlib.decompressobj

    class Counting:
        def __init__(self) -> None:
            self._real = real()

        def decompress(self, data: bytes, most: int) -> bytes:
            nonlocal unpacked
            found = self._real.decompress(data, most)
            unpacked += len(found)
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    with pytest.raises(InputError, match="broken"):
        MatFile(path).read("odd")
    assert 0 < unpacked < 100_000


@pytest.mark.parametrize("name", [b"x" * 300, b"\xff\xfe"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, mat: SimpleNamespace, name: bytes) -> None:
    content = mat.element(6, struct.pack("<II", 9, 0)) + mat.element(5, struct.pack("<ii", 1, 1))
    path = tmp_path / "set.mat"
    path.write_bytes(mat.file(mat.element(14, content + mat.element(1, name))))
    with pytest.raises(InputError, match="broken"):
        MatFile(path)


def test_arrays_over_the_limit_are_not_read(
    tmp_path: Path, mat: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = mat.save(tmp_path / "set.mat", x=np.zeros((10, 100), np.uint8))
    monkeypatch.setattr(arrayfile, "MAX_ARRAY_BYTES", 999)
    with pytest.raises(InputError, match="over the limit"):
        MatFile(path).read("x")


def test_a_file_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        MatFile(tmp_path / "set.mat")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 300),
    st.booleans(),
)
def test_a_damaged_file_gives_its_arrays_or_one_line(
    tmp_path: Path,
    mat: SimpleNamespace,
    changes: list[tuple[int, int]],
    cut: int,
    packed: bool,
) -> None:
    path = mat.save(tmp_path / "set.mat", packed=packed, **ARRAYS)
    data = bytearray(path.read_bytes())
    for at, value in changes:
        data[128 + at % (len(data) - 128)] = value
    path.write_bytes(data[: len(data) - cut // 3])
    try:
        file = MatFile(path)
    except InputError:
        return
    for name, header in file.headers.items():
        try:
            assert file.read(name).shape == header.shape
        except InputError:
            pass


@pytest.mark.parametrize("packed", [False, True])
def test_scipy_writes_the_same(tmp_path: Path, packed: bool) -> None:
    io = pytest.importorskip("scipy.io")
    path = tmp_path / "set.mat"
    others = {"cell": np.asarray([[1, "a"]], object), "struct": {"a": 1}}
    io.savemat(path, {**ARRAYS, **others}, do_compression=packed)
    file = MatFile(path)
    for name, array in ARRAYS.items():
        assert np.array_equal(file.read(name), array), name
    assert {file.headers[n].kind for n in others} == {"other"}


@pytest.mark.real_data
def test_the_published_olivetti_file(real_data: Path) -> None:
    path = real_data / "orl" / "olivettifaces.mat"
    file = MatFile(path)
    assert {name: str(header) for name, header in file.headers.items()} == {
        "faces": "4096x400 double"
    }
    faces = file.read("faces")
    assert np.array_equal(faces, faces.astype(np.uint8))
    io = pytest.importorskip("scipy.io")
    assert np.array_equal(faces, io.loadmat(path)["faces"])
