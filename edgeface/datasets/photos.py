"""Pictures with labels, wherever they stand: folders, zips, arrays, or by a name."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from edgeface.datasets.folder import Photo, PhotoFolder
from edgeface.datasets.sides import OfficialSide
from edgeface.errors import UsageError
from edgeface.images import Picture

ARRAY_SUFFIXES = (".npz", ".mat")
NAMED = "sklearn:"  # what the names of data sets begin with that another package loads


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file of arrays is meant, where it does not say so itself.

    Attributes:
        colour: Order of the channels of pictures with three.
        labels: Names of the target numbers 0, 1, …; none: the numbers are the labels.
        pixels: Name of the array of pictures; empty: one of the usual names.
        targets: Name of the array of targets; empty: one of the usual names.
    """

    colour: Literal["rgb", "bgr"] = "rgb"
    labels: tuple[str, ...] = ()
    pixels: str = ""
    targets: str = ""

    def __post_init__(self) -> None:
        twice = [label for label, n in Counter(self.labels).items() if n > 1]
        if twice:
            msg = f"--labels: {twice[0]!r} stands there twice"
            raise UsageError(msg, remedy="name every number, in order, each differently")


PLAIN = Reading()


class Photos(Protocol):
    """A data set of labelled pictures.

    Attributes:
        root: Where it stands.
        people: Label → names of its pictures, both sorted.
        ignored: Names of what is in it and belongs to nobody.
        official: Name → side of every picture, where the set is split already; empty otherwise.
    """

    @property
    def root(self) -> Path: ...  # noqa: D102
    @property
    def people(self) -> Mapping[str, list[str]]: ...  # noqa: D102
    @property
    def ignored(self) -> list[str]: ...  # noqa: D102
    @property
    def official(self) -> Mapping[str, OfficialSide]: ...  # noqa: D102

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def close(self) -> None:
        """Let go of what is open."""

    def bytes_of(self, name: str) -> bytes:
        """A picture as a file."""

    def picture(self, name: str) -> Picture:
        """(height, width, 3) uint8, blue-green-red, upright.

        Raises:
            InputError: It is broken.
        """

    def photo(self, name: str, sha256: str | None = None) -> tuple[Photo, Picture]:
        """A picture with its label and its checksum; it must be ``sha256`` where that is given.

        Raises:
            InputError: It is broken, or was changed.
        """

    def chosen(self, people: Iterable[str]) -> dict[str, list[str]]:
        """`people` cut to those that were asked for; all of them if none were.

        Raises:
            UsageError: Somebody is not there.
        """


def open_photos(path: Path, reading: Reading = PLAIN) -> Photos:
    """Open a data set by what its path is.

    Args:
        path: A folder per person, or already split into ``train``, ``test`` and the like; a zip of
            such folders; an npz or mat file; or a name such as ``sklearn:olivetti``, which
            another package loads.
        reading: How arrays are meant.

    Raises:
        UsageError: There is no such path, or folders are to be read as arrays.
        InputError: There is nothing in it that can be used.
    """
    if path.suffix.lower() in ARRAY_SUFFIXES and not path.is_dir():
        from edgeface.datasets.arrays import open_arrays

        return open_arrays(path, reading)
    if reading != PLAIN:
        msg = f"{path}: colour order, labels and names of arrays are for npz and mat files"
        raise UsageError(msg, remedy="leave --colour, --labels, --pixels and --targets out")
    if is_name(str(path)):
        from edgeface.datasets.loaders import load

        return load(str(path))
    return PhotoFolder(path)


def is_name(data: str) -> bool:
    """Whether a data set is named, not a path; a file of such a name is called ``./sklearn:x``."""
    return data.startswith(NAMED)


def lasting(data: str) -> str:
    """What a data set is recorded as, to be found again from any folder."""
    return data if is_name(data) else str(Path(data).absolute())
