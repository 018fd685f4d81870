"""Data sets that scikit-learn loads; a small one in its place plays its part."""

import builtins
import logging
import pickle
import socket
import sys
import urllib.error
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeface.datasets.loaders import load
from edgeface.errors import InputError, UsageError

DIGEST = "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794"
URL = "https://files.example.org/5976027"


class FakeSklearn:
    """`sklearn.datasets` with a loader that has to download first, unless it is told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        self.kept = False
        self.calls: list[dict[str, Any]] = []
        self.fails: Exception | None = None
        self.timeout: float | None = None
        images = np.random.default_rng(0).integers(0, 256, (400, 64, 64)) / 255
        self.faces = SimpleNamespace(images=images.astype(np.float32), target=np.arange(400) // 10)
        top, datasets, olivetti = (
            ModuleType(name)
            for name in ("sklearn", "sklearn.datasets", "sklearn.datasets._olivetti_faces")
        )
        self.module = olivetti
        olivetti.FACES = SimpleNamespace(url=URL, checksum=DIGEST)  # type: ignore[attr-defined]
        datasets.fetch_olivetti_faces = self.fetch  # type: ignore[attr-defined]
        datasets.get_data_home = lambda: str(home)  # type: ignore[attr-defined]
        datasets._olivetti_faces = olivetti  # type: ignore[attr-defined]
        top.datasets = datasets  # type: ignore[attr-defined]
        for module in (top, datasets, olivetti):
            monkeypatch.setitem(sys.modules, module.__name__, module)

    def fetch(self, *, download_if_missing: bool = True, n_retries: int = 3) -> Any:
        self.calls.append({"download": download_if_missing, "n_retries": n_retries})
        if not self.kept:
            if not download_if_missing:
                msg = "Data not found and `download_if_missing` is False"
                raise OSError(msg)
            print("downloading Olivetti faces from", URL)  # noqa: T201 - as the real one does
            warnings.warn("Retry downloading from url", stacklevel=2)
            self.timeout = socket.getdefaulttimeout()
        if self.fails is not None:
            raise self.fails
        return self.faces


@pytest.fixture
def sklearn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeSklearn:
    return FakeSklearn(monkeypatch, tmp_path)


def test_the_faces_are_forty_people_of_ten(sklearn: FakeSklearn, caplog: Any) -> None:
    sklearn.kept = True
    photos = load("sklearn:olivetti")
    assert str(photos.root) == "sklearn:olivetti"
    assert sorted(photos.people, key=lambda s: int(s[1:])) == [f"s{n}" for n in range(1, 41)]
    assert photos.people["s2"] == [f"s2/{n:06d}" for n in range(10, 20)]
    expected = np.rint(sklearn.faces.images[13] * 255)
    assert np.array_equal(photos.picture("s2/000013")[..., 0], expected)
    # What is kept already is not asked for again, and nothing is said of a download.
    assert sklearn.calls == [{"download": False, "n_retries": 3}]
    assert not caplog.records


def test_a_download_is_announced_before_it_begins(
    sklearn: FakeSklearn, caplog: Any, capsys: Any, tmp_path: Path
) -> None:
    said_before: list[int] = []
    fetch = sklearn.fetch

    def watched(**how: Any) -> Any:
        said_before.append(len(caplog.records))
        return fetch(**how)

    sys.modules["sklearn.datasets"].fetch_olivetti_faces = watched  # type: ignore[attr-defined]
    assert len(load("sklearn:olivetti").people) == 40
    assert said_before == [0, 1]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING  # shown where nobody has configured anything
    said = record.getMessage()
    for fact in ("4 MB", URL, DIGEST, str(tmp_path), "AT&T Laboratories Cambridge", "research"):
        assert fact in said
    assert capsys.readouterr().out == ""  # what it prints does not stand among our results
    assert sklearn.timeout is not None
    assert socket.getdefaulttimeout() is None


def test_without_its_constant_it_is_announced_all_the_same(
    sklearn: FakeSklearn, caplog: Any
) -> None:
    del sklearn.module.FACES  # type: ignore[attr-defined]
    load("sklearn:olivetti")
    assert "about 4 MB from figshare.com" in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        urllib.error.URLError("Name or service not known"),
        TimeoutError("timed out"),
        OSError(f"olivettifaces.mat has an SHA256 checksum (0000) differing from {DIGEST}"),
        OSError(28, "No space left on device"),
        ValueError("Unknown mat file type"),
    ],
)
def test_a_download_that_fails_is_one_line_and_the_file_as_remedy(
    sklearn: FakeSklearn, error: Exception
) -> None:
    sklearn.fails = error
    with pytest.raises(InputError, match="sklearn:olivetti: the download failed") as wrong:
        load("sklearn:olivetti")
    assert "\n" not in str(wrong.value)
    assert "olivettifaces.mat" in wrong.value.remedy
    assert socket.getdefaulttimeout() is None


def test_what_was_kept_and_is_broken_is_named(sklearn: FakeSklearn, tmp_path: Path) -> None:
    sklearn.kept = True
    for error in (EOFError(), pickle.UnpicklingError("invalid load key")):
        sklearn.fails = error
        with pytest.raises(InputError, match="what scikit-learn has kept cannot be read") as wrong:
            load("sklearn:olivetti")
        assert str(tmp_path) in wrong.value.remedy
    assert [call["download"] for call in sklearn.calls] == [False, False]


def test_without_scikit_learn_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **how: Any) -> Any:
        if name.split(".")[0] == "sklearn":
            msg = f"No module named {name!r}"
            raise ModuleNotFoundError(msg)
        return real(name, *rest, **how)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match="scikit-learn cannot be loaded") as wrong:
        load("sklearn:olivetti")
    assert wrong.value.remedy.startswith("pip install 'edgeface[olivetti]'")
    assert "olivettifaces.mat" in wrong.value.remedy


def test_images_that_are_not_what_was_promised_are_said(sklearn: FakeSklearn) -> None:
    sklearn.kept = True
    sklearn.faces.images = sklearn.faces.images[:399]
    with pytest.raises(InputError, match="400 targets for 399 pictures"):
        load("sklearn:olivetti")


@pytest.mark.parametrize("name", ["sklearn:", "sklearn:lfw", "sklearn:Olivetti"])
def test_other_names_are_listed(sklearn: FakeSklearn, name: str) -> None:
    with pytest.raises(UsageError, match="no data set of that name") as wrong:
        load(name)
    assert wrong.value.remedy == "there is sklearn:olivetti"
    assert not sklearn.calls


@pytest.mark.real_data
def test_the_real_loader_with_the_download_replaced(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scikit-learn itself, where it is installed, on a file that is already here."""
    pytest.importorskip("sklearn")
    from sklearn.datasets import _olivetti_faces as module

    def fetched(remote: Any, dirname: str, **_: Any) -> str:
        copy = Path(dirname) / "faces.mat"
        copy.write_bytes((real_data / "orl" / "olivettifaces.mat").read_bytes())
        return str(copy)

    monkeypatch.setattr(module, "_fetch_remote", fetched)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    from edgeface.datasets.arrays import open_arrays
    from edgeface.datasets.photos import PLAIN

    ours = open_arrays(real_data / "orl" / "olivettifaces.mat", PLAIN)
    for _ in range(2):  # downloaded, then kept
        theirs = load("sklearn:olivetti")
        assert theirs.people == ours.people
        pair = [photos.picture("s7/000066").astype(float) for photos in (theirs, ours)]
        assert np.abs(pair[0] - pair[1] * 255 / 242).max() <= 0.5  # theirs is stretched to white
