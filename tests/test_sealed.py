"""Folders that are written whole or not at all, and notice every changed byte."""

import errno
import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeface import sealed
from edgeface.errors import BundleError, EdgefaceError, UsageError
from edgeface.sealed import SUMS


def _make(path: Path, content: str = "new", *, force: bool = False) -> None:
    with sealed.new_folder(path, force=force) as folder:
        (folder / "a.txt").write_text(content)
        (folder / "b ü.bin").write_bytes(b"\x00\xff\n" * 5)
        (folder / "empty").write_bytes(b"")


def _names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_folder_is_sealed_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    _make(tmp_path / "runs" / "one")
    assert _names(tmp_path / "runs") == ["one"]
    assert _names(tmp_path / "runs" / "one") == [SUMS, "a.txt", "b ü.bin", "empty"]
    sealed.check(tmp_path / "runs" / "one", "run")


def test_sha256sum_reads_our_sums(tmp_path: Path) -> None:
    _make(tmp_path / "one")
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", SUMS],
        cwd=tmp_path / "one",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_every_changed_byte_is_found_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    _make(folder)
    for name in ("a.txt", "b ü.bin"):
        whole = (folder / name).read_bytes()
        for at, flip in itertools.product(range(len(whole)), (0x01, 0x20, 0xFF)):
            changed = bytearray(whole)
            changed[at] ^= flip
            (folder / name).write_bytes(changed)
            with pytest.raises(BundleError, match=f"{name} was changed"):
                sealed.check(folder, "run")
        for changed_length in (whole[:-1], whole + b"\x00", b""):
            (folder / name).write_bytes(changed_length)
            with pytest.raises(BundleError, match=f"{name} was changed"):
                sealed.check(folder, "run")
        (folder / name).write_bytes(whole)
    sealed.check(folder, "run")


def test_every_changed_byte_of_the_sums_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    _make(folder)
    whole = (folder / SUMS).read_bytes()
    ends = [i for i, byte in enumerate(whole) if byte == 0x0A]
    names = ["a.txt", "b ü.bin", "empty"]
    for at, flip in itertools.product(range(len(whole)), (0x01, 0x20, 0x80)):
        changed = bytearray(whole)
        changed[at] ^= flip
        (folder / SUMS).write_bytes(changed)
        with pytest.raises(BundleError) as found:
            sealed.check(folder, "run")
        # A changed digest cannot be told from a changed file; a changed name is a missing file.
        line = names[sum(end < at for end in ends)]
        said = str(found.value)
        assert SUMS in said or line in said or "is missing" in said, (at, said)
    for changed_sums in (b"", whole + b"x", whole + b"\n", whole[:-1], whole * 2):
        (folder / SUMS).write_bytes(changed_sums)
        with pytest.raises(BundleError, match=SUMS):
            sealed.check(folder, "run")
    (folder / SUMS).write_bytes(whole)
    sealed.check(folder, "run")


def test_what_is_needed_has_to_be_among_the_sums(tmp_path: Path) -> None:
    _make(tmp_path / "one")
    sealed.check(tmp_path / "one", "run", needs=("a.txt", "empty"))
    sums = tmp_path / "one" / SUMS
    sums.write_text("".join(sums.read_text().splitlines(keepends=True)[1:]))
    with pytest.raises(BundleError, match=r"a\.txt is not among the checksums"):
        sealed.check(tmp_path / "one", "run", needs=("a.txt", "empty"))


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", "..", ".", "a\\b"])
def test_sums_name_no_paths(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / SUMS).write_text(f"{'0' * 64}  {name}\n")
    with pytest.raises(BundleError, match=f"{SUMS} was changed"):
        sealed.check(folder, "bundle")


def test_missing_and_replaced_files_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    _make(folder)
    (folder / "a.txt").rename(tmp_path / "a.txt")
    with pytest.raises(BundleError, match=r"a\.txt is missing"):
        sealed.check(folder, "run")
    (folder / "a.txt").symlink_to(tmp_path / "a.txt")  # the bytes are right, the place is not
    with pytest.raises(BundleError, match=r"a\.txt is missing"):
        sealed.check(folder, "run")
    (folder / SUMS).unlink()
    with pytest.raises(BundleError, match="is no run"):
        sealed.check(folder, "run")


def test_only_plain_files_are_sealed(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="plain files only"),
        sealed.new_folder(tmp_path / "x") as to,
    ):
        (to / "sub").mkdir()
    with (
        pytest.raises(ValueError, match="plain files only"),
        sealed.new_folder(tmp_path / "x") as to,
    ):
        (to / "link").symlink_to("/etc/hostname")
    assert _names(tmp_path) == []


@pytest.mark.parametrize("crash", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_a_crash_in_the_block_leaves_what_was_there(
    tmp_path: Path, crash: type[BaseException]
) -> None:
    def fill_half(path: Path, *, force: bool) -> None:
        with sealed.new_folder(path, force=force) as folder:
            (folder / "half").write_text("half")
            raise crash

    with pytest.raises(crash):
        fill_half(tmp_path / "one", force=False)
    assert _names(tmp_path) == []
    _make(tmp_path / "one", "old")
    with pytest.raises(crash):
        fill_half(tmp_path / "one", force=True)
    assert _names(tmp_path) == ["one"]
    assert (tmp_path / "one" / "a.txt").read_text() == "old"
    _make(tmp_path / "one", "second start", force=True)
    assert (tmp_path / "one" / "a.txt").read_text() == "second start"


@pytest.fixture(params=["exchange", "step aside"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to replace a folder: in one step, and where the system cannot do that."""
    if request.param == "step aside":
        monkeypatch.setattr(sealed, "_exchange", lambda one, other: False)
    return str(request.param)


def test_force_replaces_the_old_folder_wholly(tmp_path: Path, way: str) -> None:
    _make(tmp_path / "one", "old")
    (tmp_path / "one" / "stray").write_text("of the user")
    _make(tmp_path / "one", "new", force=True)
    assert (tmp_path / "one" / "a.txt").read_text() == "new"
    assert _names(tmp_path / "one") == [SUMS, "a.txt", "b ü.bin", "empty"]
    assert _names(tmp_path) == ["one"]


@pytest.mark.parametrize("crash", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("at", [1, 2])
def test_a_stop_at_a_rename_leaves_the_old_or_the_new(
    tmp_path: Path, way: str, crash: type[BaseException], at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make(tmp_path / "one", "old")
    rename, calls = Path.rename, itertools.count(1)

    def stops(self: Path, target: Path) -> Path:
        if next(calls) == at:
            raise crash
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stops)
    try:
        _make(tmp_path / "one", "new", force=True)
    except crash:
        expected = "old"
    else:
        assert way == "exchange"
        expected = "new"
    monkeypatch.undo()
    sealed.check(tmp_path / "one", "run")
    assert (tmp_path / "one" / "a.txt").read_text() == expected
    assert _names(tmp_path) == ["one"]


def test_two_folders_change_places_in_one_step_on_linux(tmp_path: Path) -> None:
    _make(tmp_path / "one", "1")
    _make(tmp_path / "two", "2")
    if not sealed._exchange(tmp_path / "one", tmp_path / "two"):
        pytest.skip("this file system cannot exchange two folders")
    assert (tmp_path / "one" / "a.txt").read_text() == "2"
    assert (tmp_path / "two" / "a.txt").read_text() == "1"
    assert not sealed._exchange(tmp_path / "one", tmp_path / "three")


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    _make(tmp_path / "one", "old")
    with pytest.raises(UsageError, match="exists already"):
        _make(tmp_path / "one", "new")
    assert (tmp_path / "one" / "a.txt").read_text() == "old"


def test_what_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exists already"), sealed.new_folder(tmp_path / "one"):
        _make(tmp_path / "one", "faster")
    assert (tmp_path / "one" / "a.txt").read_text() == "faster"
    assert _names(tmp_path) == ["one"]


def test_force_leaves_alone_what_is_not_ours(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "only.jpg").write_text("precious")
    (tmp_path / "file").write_text("precious")
    _make(tmp_path / "one")
    (tmp_path / "link").symlink_to(tmp_path / "one")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("photos", "file", "link", "dangling"):
        with pytest.raises(UsageError, match="was not made by edgeface"):
            sealed.check_free(tmp_path / name, force=True)
        with pytest.raises(UsageError, match="exists already"):
            sealed.check_free(tmp_path / name, force=False)
    (tmp_path / "empty").mkdir()
    sealed.check_free(tmp_path / "empty", force=True)
    _make(tmp_path / "empty", force=True)


def test_a_place_that_cannot_be_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file" / "below", tmp_path / ("n" * 250)):
        with pytest.raises(EdgefaceError, match="could not be written"):
            _make(path)
        with pytest.raises(EdgefaceError, match="could not be written"):
            sealed.write_file(path, "x")
    assert _names(tmp_path) == ["file"]


def test_a_file_is_written_whole_and_nothing_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deep" / "report.json"
    sealed.write_file(path, "ä\n")
    assert path.read_bytes() == "ä\n".encode()
    sealed.write_file(path, b"\x00")
    assert path.read_bytes() == b"\x00"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EdgefaceError, match=r"report\.json could not be written \(No space left"):
        sealed.write_file(path, "new")
    assert path.read_bytes() == b"\x00"
    assert _names(tmp_path / "deep") == ["report.json"]


def test_other_failures_of_the_block_are_not_called_a_full_disk(tmp_path: Path) -> None:
    missing = tmp_path / "missing.jpg"
    with pytest.raises(FileNotFoundError), sealed.new_folder(tmp_path / "one"):
        missing.read_bytes()
    refused = PermissionError(
        errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / "in" / "a.jpg")
    )
    with pytest.raises(PermissionError), sealed.new_folder(tmp_path / "one"):
        raise refused


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_leaves_nothing_behind(small_disk: Path) -> None:
    _make(small_disk / "one", "old")
    for force in (False, True):
        path = small_disk / ("one" if force else "two")
        with (
            pytest.raises(EdgefaceError, match="No space left on device") as full,
            sealed.new_folder(path, force=force) as folder,
        ):
            (folder / "large").write_bytes(bytes(400_000))
        assert full.value.remedy
        assert _names(small_disk) == ["one"]
    with pytest.raises(EdgefaceError, match="No space left on device"):
        sealed.write_file(small_disk / "large", bytes(400_000))
    assert _names(small_disk) == ["one"]
    assert (small_disk / "one" / "a.txt").read_text() == "old"


def test_the_newest_is_the_one_that_was_written_last(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is none"):
        sealed.newest(tmp_path / "runs", "run", "a.txt")
    for age, name in enumerate(["c", "a", "b"]):
        _make(tmp_path / "runs" / name)
        os.utime(tmp_path / "runs" / name / "a.txt", ns=(0, 1_000_000_000 * (age + 1)))
    (tmp_path / "runs" / ".hidden").mkdir()
    (tmp_path / "runs" / ".hidden" / "a.txt").write_text("left by a killed process")
    (tmp_path / "runs" / "no run").mkdir()
    assert sealed.newest(tmp_path / "runs", "run", "a.txt").name == "b"
