"""Crops in memory while they are few, in a temporary file when they are many."""

import errno
import gc
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from edgeface.datasets import crops
from edgeface.datasets.crops import CropStore, CropWriter
from edgeface.errors import EdgefaceError

SHAPE = (6, 5, 3)
SIZE = 6 * 5 * 3
NOISE = np.random.default_rng(0).integers(0, 256, (40, *SHAPE), np.uint8)
INDICES = {
    "number": 3,
    "numpy's number": np.intp(7),
    "from the end": -1,
    "slice": slice(2, 30, 3),
    "backwards": slice(None, None, -1),
    "list": [4, 4, 0],
    "numbers": np.array([39, -1, 5]),
    "mask": NOISE[:, 0, 0, 0] > 99,
    "nothing": np.zeros(40, bool),
    "no numbers": np.zeros(0, np.intp),
    "empty slice": slice(3, 3),
}


def filled(most: int = 40, memory_bytes: int = crops.MEMORY_BYTES) -> CropStore:
    writer = CropWriter(SHAPE, most, memory_bytes=memory_bytes)
    for pixels in NOISE:
        writer.append(pixels)
    return writer.store()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(params=["in memory", "on disk", "of an array"])
def store(request: pytest.FixtureRequest) -> CropStore:
    if request.param == "of an array":
        return CropStore.of(NOISE)
    return filled(memory_bytes=crops.MEMORY_BYTES if request.param == "in memory" else 0)


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_it_is_indexed_like_an_array(store: CropStore, index) -> None:
    found = store[index]
    assert found.dtype == np.uint8
    assert found.shape == NOISE[index].shape
    assert np.array_equal(found, NOISE[index])


@pytest.mark.parametrize("index", [40, -41, [3, 40], np.array([-41]), np.ones(39, bool)])
def test_what_is_not_there_is_an_index_error(store: CropStore, index) -> None:
    with pytest.raises(IndexError):
        store[index]


def test_it_has_a_shape_and_goes_where_an_array_goes(store: CropStore) -> None:
    assert len(store) == 40
    assert store.shape == (40, *SHAPE)
    assert np.array_equal(np.asarray(store), NOISE)
    assert np.asarray(store, np.float32).dtype == np.float32
    assert np.array_equal(np.stack(list(store)), NOISE)
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(store, copy=False)


@pytest.mark.parametrize("index", [3, slice(2, 9), [1, 2]], ids=str)
def test_what_comes_back_is_a_copy(store: CropStore, index) -> None:
    store[index][:] = 0
    assert np.array_equal(np.asarray(store), NOISE)


def test_some_of_them_are_a_store_of_their_own(store: CropStore) -> None:
    some = store.only([30, 2, 2, 11])
    assert some.shape == (4, *SHAPE)
    assert np.array_equal(some[1:], NOISE[[2, 2, 11]])
    assert np.array_equal(some.only([3])[0], NOISE[11])
    nothing = store.only([])
    assert len(nothing) == 0
    assert nothing[:].shape == (0, *SHAPE)


def test_several_threads_read_what_one_reads(store: CropStore) -> None:
    orders = [np.random.default_rng(i).permutation(40) for i in range(50)]
    with ThreadPoolExecutor(4) as pool:
        for order, found in zip(orders, pool.map(store.__getitem__, orders), strict=True):
            assert np.array_equal(found, NOISE[order])


def test_the_bound_decides_where_they_are() -> None:
    assert filled(memory_bytes=40 * SIZE).in_memory
    assert not filled(memory_bytes=40 * SIZE - 1).in_memory
    assert not filled(most=41, memory_bytes=40 * SIZE).in_memory
    assert CropWriter((64, 64, 3), 5461).store().in_memory
    assert not CropWriter((64, 64, 3), 5462).store().in_memory


def test_beyond_the_bound_only_what_is_asked_for_is_in_memory() -> None:
    import tracemalloc

    shape, many = (64, 64, 3), 400
    one = np.zeros(shape, np.uint8)
    tracemalloc.start()
    try:
        writer = CropWriter(shape, many, memory_bytes=one.nbytes)
        for number in range(many):
            one[:] = number % 256
            writer.append(one)
        store = writer.store()
        for at in range(0, many, 8):
            found = store[np.arange(at, at + 8)]
            assert (found[:, 0, 0, 0] == np.arange(at, at + 8) % 256).all()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * one.nbytes  # of 400


def test_the_file_has_no_name_and_goes_with_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = open_files()
    store = filled(memory_bytes=0)
    part = store.only([1, 2])
    assert list(tmp_path.iterdir()) == []
    assert open_files() == before + 1
    del store
    gc.collect()
    assert np.array_equal(part[:], NOISE[[1, 2]])  # it still needs the file
    del part
    gc.collect()
    assert open_files() == before


def test_close_lets_go_of_the_file_at_once() -> None:
    before = open_files()
    store = filled(memory_bytes=0)
    store.close()
    store.close()
    assert open_files() == before
    with pytest.raises(ValueError, match="closed"):
        store[0]


def test_a_full_disk_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    writer = CropWriter(SHAPE, 40, memory_bytes=0)
    room = [2 * SIZE + 7]

    def write(file: int, rest: memoryview) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        part = min(room[0], len(rest))
        room[0] -= part
        return real(file, rest[:part])

    real = os.write
    monkeypatch.setattr(os, "write", write)
    writer.append(NOISE[0])
    writer.append(NOISE[1])
    with pytest.raises(EdgefaceError, match=r"not on disk in .*No space left") as caught:
        writer.append(NOISE[2])
    assert str(tmp_path) in str(caught.value)
    assert "free some space there" in caught.value.remedy
    assert "TMPDIR=DIR" in caught.value.remedy


def test_the_system_may_write_less_than_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, rest: real(file, rest[:17]))
    assert np.array_equal(np.asarray(filled(memory_bytes=0)), NOISE)


def test_no_place_for_temporary_files_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(EdgefaceError, match="No such file") as caught:
        CropWriter(SHAPE, 40, memory_bytes=0)
    assert caught.value.remedy.startswith("name another folder")


def test_a_file_that_was_cut_short_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(memory_bytes=0)
    real = os.preadv
    monkeypatch.setattr(os, "preadv", lambda file, parts, at: real(file, [parts[0][:5]], at))
    with pytest.raises(EdgefaceError, match="cut short"):
        store[3]


@pytest.mark.parametrize(
    "wrong",
    [NOISE[0, :, :, :1], NOISE[0].astype(np.float32), NOISE[0, :5]],
    ids=["channels", "type", "height"],
)
def test_a_crop_of_another_kind_is_refused(wrong: np.ndarray) -> None:
    writer = CropWriter(SHAPE, 40)
    with pytest.raises(ValueError, match="among those of"):
        writer.append(wrong)


def test_more_than_were_promised_are_refused() -> None:
    with pytest.raises(ValueError, match="39"):
        filled(most=39)


def test_crops_that_do_not_lie_in_one_piece_are_taken() -> None:
    for memory_bytes in (0, crops.MEMORY_BYTES):
        writer = CropWriter(SHAPE, 1, memory_bytes=memory_bytes)
        writer.append(NOISE[0, :, ::-1])
        assert np.array_equal(writer.store()[0], NOISE[0, :, ::-1])
