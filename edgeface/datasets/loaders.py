"""Data sets that another package loads, and downloads where it has to, when a user names them."""

import contextlib
import io
import logging
import socket
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edgeface.datasets.arrays import ArrayPhotos, from_arrays
from edgeface.errors import InputError, UsageError

OLIVETTI = "sklearn:olivetti"
_TIMEOUT_S = 30.0  # scikit-learn sets none: where nothing answers it would wait for minutes
_LOCAL = "name a copy of olivettifaces.mat, which is read without it"

_log = logging.getLogger(__name__)


def load(name: str) -> ArrayPhotos:
    """A data set by its name.

    Where it has to be downloaded first, that is logged before it begins: what, how much, from
    where, and under which terms.

    Raises:
        UsageError: There is none of that name.
        InputError: Its package is not installed, or the download failed.
    """
    if name not in LOADERS:
        msg = f"{name}: no data set of that name"
        raise UsageError(msg, remedy=f"there is {', '.join(LOADERS)}")
    return LOADERS[name]()


def _olivetti() -> ArrayPhotos:
    """scikit-learn's `fetch_olivetti_faces`: 400 gray pictures of 64x64, ten of each of 40 people.

    It stretches the values to end at white, which those of olivettifaces.mat do not: the same
    picture has another checksum there.
    """
    try:
        from sklearn.datasets import fetch_olivetti_faces, get_data_home
    except ImportError as error:
        msg = f"{OLIVETTI}: scikit-learn cannot be loaded ({error})"
        remedy = f"pip install 'edgeface[olivetti]', or {_LOCAL}"
        raise InputError(msg, remedy=remedy) from error
    try:
        faces = fetch_olivetti_faces(download_if_missing=False)
    except OSError:  # what scikit-learn raises where it has not kept them yet
        _log.warning("%s", _announcement(Path(get_data_home())))
        faces = _downloaded(lambda: fetch_olivetti_faces(n_retries=1))
    except Exception as error:  # whatever its unpickler meets in a file that was cut
        msg = f"{OLIVETTI}: what scikit-learn has kept cannot be read ({_short(error)})"
        remedy = f"remove olivetti*.pkz from {get_data_home()}, or {_LOCAL}"
        raise InputError(msg, remedy=remedy) from error
    people = [f"s{number}" for number in range(1, 41)]
    return from_arrays(Path(OLIVETTI), faces.images, faces.target, people)


def _announcement(home: Path) -> str:
    """What is going to be downloaded; source and checksum are those that scikit-learn holds."""
    from sklearn.datasets import _olivetti_faces as module

    source = getattr(module, "FACES", None)
    url = getattr(source, "url", "figshare.com")
    digest = getattr(source, "checksum", "held by scikit-learn")
    return (
        f"{OLIVETTI}: scikit-learn downloads about 4 MB from {url} into {home} "
        f"(SHA-256 {digest}; pictures of AT&T Laboratories Cambridge, for research, "
        "with credit to Samaria and Harter 1994)"
    )


def _downloaded(fetch: Callable[[], Any]) -> Any:
    try:
        with _quiet_and_bounded():
            return fetch()
    except Exception as error:  # of its network, of the disk, of the checksum, of the file's parser
        msg = f"{OLIVETTI}: the download failed ({_short(error)})"
        raise InputError(msg, remedy=f"try again with a network, or {_LOCAL}") from error


@contextlib.contextmanager
def _quiet_and_bounded() -> Iterator[None]:
    """Let scikit-learn print nothing among our results, and give up on a silent network."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_S)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        socket.setdefaulttimeout(before)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__


LOADERS: dict[str, Callable[[], ArrayPhotos]] = {OLIVETTI: _olivetti}
