"""Reading npz files that may come from anybody."""

import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeface.datasets import arrayfile
from edgeface.datasets.npzfile import NpzFile
from edgeface.errors import InputError

ARRAYS = {
    "x": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "column": np.asfortranarray(np.arange(6, dtype=">f4").reshape(2, 3)),
    "label": np.asarray(["ada", "böb"]),
    "raw": np.asarray([b"ada", b"bob"]),
    "flag": np.asarray([True, False]),
    "one": np.float64(3.5),
    "none": np.zeros((0, 3)),
}


def npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array)
    return file.getvalue()


def header(descr: str, shape: str, version: int = 1) -> bytes:
    """The beginning of an npy file that says of itself whatever it likes."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text.encode()


def packed(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(f"{name}.npy"), data, zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saved_is_read_back(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "set.npz"
    save(path, **ARRAYS)
    file = NpzFile(path)
    assert list(file.headers) == list(ARRAYS)
    assert not file.column_major
    for name, array in ARRAYS.items():
        found = file.read(name)
        assert np.array_equal(found, array)
        assert found.dtype == np.asarray(array).dtype
        assert file.headers[name].shape == np.shape(array) == found.shape
        assert file.headers[name].bytes == found.nbytes
    kinds = {name: header.kind for name, header in file.headers.items()}
    assert {name for name, kind in kinds.items() if kind == "text"} == {"label", "raw"}
    assert set(kinds.values()) == {"text", "number"}


def test_other_members_are_passed_over(tmp_path: Path) -> None:
    path = packed(tmp_path / "set.npz", x=npy(ARRAYS["x"]))
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("README", "x")
    assert list(NpzFile(path).headers) == ["x"]


class Harmful:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trace),)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    np.savez(tmp_path / "set.npz", x=np.asarray([Harmful(trace)], object), y=np.arange(3))
    file = NpzFile(tmp_path / "set.npz")
    assert file.headers["x"].kind == "other"
    with pytest.raises(InputError, match="x holds Python objects, which could run a program"):
        file.read("x")
    assert not trace.exists()
    assert file.read("y").tolist() == [0, 1, 2]


def test_a_plain_header_before_pickled_bytes_unpickles_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    objects = npy(np.asarray([Harmful(trace)], object))
    lying = header("'<u1'", "(8,)") + objects[-200:]
    with pytest.raises(InputError, match="more behind the array"):
        NpzFile(packed(tmp_path / "set.npz", x=lying)).read("x")
    assert not trace.exists()


def test_nor_are_they_when_the_file_is_another_by_the_time_it_is_read(tmp_path: Path) -> None:
    trace, path = tmp_path / "trace", tmp_path / "set.npz"
    np.savez(path, x=np.zeros(1000))
    file = NpzFile(path)
    np.savez(path, x=np.asarray([Harmful(trace)], object))
    with pytest.raises(InputError, match="x cannot be read"):
        file.read("x")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("descr", "kind"),
    [("[('a', '<f4'), ('b', '<i4')]", "other"), ("'<c8'", "other"), ("'<M8[s]'", "other")],
)
def test_what_is_neither_numbers_nor_text_is_known_as_such(
    tmp_path: Path, descr: str, kind: str
) -> None:
    path = packed(tmp_path / "set.npz", x=header(descr, "(1,)") + bytes(8))
    file = NpzFile(path)
    assert file.headers["x"].kind == kind
    with pytest.raises(InputError, match="numbers or text are read"):
        file.read("x")


@pytest.mark.parametrize(
    "begin",
    [
        header("'<u1'", "(1000000, 1000000, 4)"),
        header("'<f8'", f"({2**62}, {2**62})"),
        header("'<u1'", "(1001,)"),
        header("'<u1'", "(-5,)"),
        header("'<u1'", "(1000.5,)"),
        header("'<U0'", f"({10**12},)"),  # no letters each: no bytes, and a million million of them
        header("'<u1'", "(" * 400 + "5" + ")" * 400),
        header("'<u1'", "-" * 5000 + "1"),
        header("'nonsense'", "(5,)"),
        header("__import__('os').mkdir('trace')", "(5,)"),
        b"\x93NUMPY\x01",
        b"no array at all",
        b"",
    ],
)
@pytest.mark.filterwarnings("ignore:Reading `.npy`")
def test_a_header_that_claims_what_is_not_there_is_one_line(tmp_path: Path, begin: bytes) -> None:
    path = packed(tmp_path / "set.npz", x=begin + bytes(1000) if begin else b"")
    with pytest.raises(InputError, match="no npz file, or a broken one") as wrong:
        NpzFile(path)
    assert "\n" not in str(wrong.value)


@pytest.mark.filterwarnings("ignore:Reading `.npy`")
def test_a_header_that_python_2_wrote_is_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "set.npz", x=header("'|u1'", "(5L,)") + bytes(range(5)))
    assert NpzFile(path).read("x").tolist() == [0, 1, 2, 3, 4]


def test_a_header_that_is_longer_than_any_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = b"{" + b" " * 50_000_000
    begin = b"\x93NUMPY\x02\x00" + struct.pack("<I", len(text)) + text
    path = packed(tmp_path / "set.npz", x=begin)
    assert path.stat().st_size < 100_000
    asked = []
    real = zipfile.ZipExtFile.read

    def read(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        asked.append(n)
        return real(self, n)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", read)
    with pytest.raises(InputError, match="broken"):
        NpzFile(path)
    assert asked
    assert all(n is not None and 0 < n <= 10_000 for n in asked)


def test_a_bomb_is_measured_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrayfile, "MAX_ARRAY_BYTES", 2**20)
    np.savez_compressed(tmp_path / "set.npz", x=np.zeros((2, 2**20), np.uint8), y=np.arange(2))
    assert (tmp_path / "set.npz").stat().st_size < 10_000
    file = NpzFile(tmp_path / "set.npz")
    assert file.headers["x"].bytes == 2**21
    with pytest.raises(InputError, match="over the limit"):
        file.read("x")
    assert len(file.read("y")) == 2


def test_damage_within_the_values_is_found_by_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    np.savez(path, x=np.full(100_000, 7, np.uint8))
    data = bytearray(path.read_bytes())
    data[data.index(b"\7" * 100) + 50_000] = 8
    path.write_bytes(data)
    with pytest.raises(InputError, match="x cannot be read"):
        NpzFile(path).read("x")


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_a_file_that_is_cut_is_one_line(tmp_path: Path, share: float) -> None:
    path = tmp_path / "set.npz"
    np.savez(path, **ARRAYS)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match="no npz file, or a broken one") as wrong:
        NpzFile(path)
    assert "numpy.savez" in wrong.value.remedy


def test_a_file_that_cannot_be_opened_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(zipfile, "ZipFile", closed)
    with pytest.raises(InputError, match="Permission denied"):
        NpzFile(tmp_path / "set.npz")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 300),
)
@pytest.mark.filterwarnings("ignore:Reading `.npy`", "ignore:Duplicate name")
def test_a_damaged_file_gives_its_arrays_or_one_line(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int
) -> None:
    path = tmp_path / "set.npz"
    np.savez_compressed(path, **ARRAYS)
    data = bytearray(path.read_bytes())
    for at, value in changes:
        data[at % len(data)] = value
    path.write_bytes(data[: len(data) - cut // 3])
    try:
        file = NpzFile(path)
    except InputError:
        return
    for name, header in file.headers.items():
        try:
            assert file.read(name).shape == header.shape
        except InputError:
            pass


@given(st.binary(max_size=150))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore:Reading `.npy`")
def test_whatever_stands_in_a_header(tmp_path: Path, text: bytes) -> None:
    begin = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
    try:
        NpzFile(packed(tmp_path / "set.npz", x=begin))
    except InputError:
        pass
