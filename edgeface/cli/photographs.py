"""The photographs that a command was given, and the copies that ``--draw`` makes of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.errors import EdgefaceError, UsageError

if TYPE_CHECKING:
    from edgeface.images import Picture

Draw = Annotated[
    Path | None,
    typer.Option("--draw", metavar="DIR", help="Also write the pictures with their boxes there."),
]
ForceDraw = Annotated[bool, typer.Option("--force", help="Replace the pictures of --draw.")]
_QUALITY = 92  # of the JPEG files


def named(given: Sequence[Path], usage: str, kinds: str) -> list[Path]:
    """Files as they were named, folders by the pictures in them.

    Args:
        given: What was named.
        usage: The command as it is meant, for the remedy.
        kinds: What a folder without pictures is not, for the error.

    Raises:
        UsageError: Nothing was named, or a folder holds no picture.
    """
    from edgeface.images import SUFFIXES

    if not given:
        msg = "no pictures were named"
        raise UsageError(msg, remedy=usage)
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
            if not inside:
                msg = f"{path} is {kinds}"
                raise UsageError(msg, remedy=usage)
            files += inside
        else:
            files.append(path)
    return files


def copies(folder: Path | None, files: Sequence[Path], *, force: bool) -> dict[Path, Path]:
    """Where the drawn copy of each picture goes; checked before any is looked at.

    Pictures of one name from several folders are numbered.

    Args:
        folder: Of ``--draw``; None: nothing is drawn.
        files: The pictures.
        force: Replace what was drawn before.

    Raises:
        UsageError: Something is there already, or the folder is a file.
        EdgefaceError: Nothing can be written there.
    """
    from edgeface import sealed

    if folder is None:
        return {}
    if folder.exists() and not folder.is_dir():
        msg = f"--draw {folder}: a file, not a folder"
        raise UsageError(msg, remedy="name a folder; it is made where there is none")
    sealed.check_writable(folder / "picture.jpg")
    found: dict[Path, Path] = {}
    for path in dict.fromkeys(files):
        place, number = folder / f"{path.stem}.jpg", 1
        while place in found.values():
            number += 1
            place = folder / f"{path.stem}-{number}.jpg"
        found[path] = place
    originals = {path.resolve() for path in found}
    for place in found.values():
        if place.resolve() in originals:
            msg = f"--draw {folder}: {place} is one of the pictures themselves"
            raise UsageError(msg, remedy="name another folder")
        if place.exists() and not force:
            msg = f"--draw {folder}: {place.name} exists already"
            raise UsageError(msg, remedy="choose another folder, or add --force to replace it")
    return found


def write(place: Path, picture: "Picture") -> None:
    """Write a picture as a JPEG.

    Raises:
        EdgefaceError: It cannot be written.
    """
    import cv2

    from edgeface import sealed

    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        msg = f"{place}: the picture cannot be written as a JPEG"
        raise EdgefaceError(msg)
    sealed.write_file(place, encoded.tobytes())
