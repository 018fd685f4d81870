"""The progress of a training on disk: whole or not there, and never older than it may be."""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeface.errors import BundleError, EdgefaceError
from edgeface.train.checkpoint import FILE, REQUEST, Keeper, Progress, unfinished

PROGRESS = Progress(
    2,
    ({"epoch": 1.0, "loss": 0.1 + 0.2, "seconds": 1e-9}, {"epoch": 2.0, "loss": 1 / 3}),
    1,
    [np.arange(6, dtype=np.float32).reshape(2, 3) / 7, np.zeros(0, np.float32)],
    1e-3 / 3,
    [np.asarray(1.5, np.float32), np.full((1, 2, 1), np.pi, np.float32)],
    # More than ten, so that their order is not that of their names as words.
    [np.asarray(n, np.int64) for n in range(120)],
)


def test_it_comes_back_bit_for_bit(tmp_path: Path) -> None:
    assert Progress.load(tmp_path) is None
    PROGRESS.save(tmp_path)
    again = Progress.load(tmp_path)
    assert again is not None
    for name in ("phase", "rows", "best", "rate"):
        assert getattr(again, name) == getattr(PROGRESS, name)
    for name in ("best_weights", "weights", "optimizer"):
        for one, other in zip(getattr(PROGRESS, name), getattr(again, name), strict=True):
            assert one.dtype == other.dtype
            assert np.array_equal(one, other)
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


def test_what_is_no_progress_is_named(tmp_path: Path) -> None:
    PROGRESS.save(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], whole[:-30]):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(BundleError, match="not the progress of a training") as wrong:
            Progress.load(tmp_path)
        assert "train anew" in wrong.value.remedy
    np.savez(tmp_path / FILE, other=np.zeros(3))
    with pytest.raises(BundleError, match="not the progress of a training"):
        Progress.load(tmp_path)
    np.savez(tmp_path / FILE, facts=np.asarray([{"a": 1}], object))  # pickled
    with pytest.raises(BundleError, match="not the progress of a training"):
        Progress.load(tmp_path)


def test_a_disk_that_fills_up_costs_only_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PROGRESS.save(tmp_path)
    before = (tmp_path / FILE).read_bytes()

    def full(file, **_: object) -> None:
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(EdgefaceError, match=r"cannot be written \(No space left") as wrong:
        replace(PROGRESS, best=2).save(tmp_path)
    assert "--resume" in wrong.value.remedy
    assert (tmp_path / FILE).read_bytes() == before


@pytest.fixture
def clock() -> Callable[[], float]:
    """Stands still until it is set: ``clock.now = 3``."""

    def tell() -> float:
        return float(tell.now)  # type: ignore[attr-defined]

    tell.now = 0.0  # type: ignore[attr-defined]
    return tell


def test_it_is_kept_when_the_last_is_old_enough(tmp_path: Path, clock) -> None:
    folder, said = unfinished(tmp_path / "runs" / "mine"), []
    keeper = Keeper(
        folder,
        {REQUEST: "asked", "split.json": "{}"},
        lambda: said.append(1),
        every_s=5,
        clock=clock,
    )
    for now, best in ((1, 1), (4.9, 2), (5, 3), (9.9, 4), (10, 5)):
        clock.now = now
        keeper.keep(replace(PROGRESS, best=best))
        kept = Progress.load(folder)
        assert (kept.best if kept else None) == {1: None, 4.9: None, 5: 3, 9.9: 3, 10: 5}[now]
    assert said == [1]  # once
    assert sorted(p.name for p in folder.iterdir()) == [FILE, REQUEST, "split.json"]
    assert (folder / REQUEST).read_text() == "asked"
    assert folder == tmp_path / "runs" / "mine.unfinished"


def test_a_folder_that_a_kill_left_without_its_request_is_made_anew(tmp_path: Path) -> None:
    folder = unfinished(tmp_path / "mine")
    folder.mkdir()
    (folder / "split.json").write_text("of an earlier one")
    Keeper(folder, {REQUEST: "new", "split.json": "new"}, lambda: None, every_s=0).keep(PROGRESS)
    assert (folder / "split.json").read_text() == "new"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    keeper = Keeper(tmp_path / "file" / "mine", {REQUEST: ""}, lambda: None, every_s=0)
    with pytest.raises(EdgefaceError, match="could not be written"):
        keeper.keep(PROGRESS)
