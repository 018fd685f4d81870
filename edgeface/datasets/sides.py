"""The sides of a set that was split by whoever published it, told by the names of its folders."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from edgeface.errors import InputError

OfficialSide = Literal["training", "validation", "test"]

# ``train``, ``simpsons_trainset``, ``test_images``; the short ones only as words, because of
# Valerie and Devi.
_WORDS: tuple[tuple[OfficialSide, re.Pattern[str]], ...] = (
    ("training", re.compile("train")),
    ("test", re.compile("test|hold_?out")),
    (
        "validation",
        re.compile("validation|(?<![a-z])(val|valid|dev|eval)(set|data|images)?(?![a-z])"),
    ),
)


def side_of(name: str) -> OfficialSide | None:
    """The side of a split that a folder is called after; None where it is none, or two.

    >>> [side_of(name) for name in ("simpsons_trainset", "valImages", "Valerie", "train+test")]
    ['training', 'validation', None, None]
    """
    spaced = re.sub("[^a-z]+", "_", re.sub("(?<=[a-z])(?=[A-Z])", "_", name).casefold())
    if re.search("train_?val", spaced):  # both of them, beside a test side
        return "training"
    said: list[OfficialSide] = [side for side, word in _WORDS if word.search(spaced)]
    return said[0] if len(said) == 1 else None


def official_tops(pictures: Iterable[str], root: Path) -> dict[str, OfficialSide]:
    """The sides of a set that is split already.

    Args:
        pictures: Their names below ``root``, with forward slashes.
        root: For the errors.

    Returns:
        Top folder → side; empty where the folders are not called ``train`` and ``test`` or the
        like.

    Raises:
        InputError: They are, but a picture stands beside the folders of the people, or beside the
            sides.
    """
    names = [name for name in pictures if "/" in name]
    said = {top: side_of(top) for top in {name.split("/", 1)[0] for name in names}}
    sides = {top: side for top, side in said.items() if side is not None}
    if not {"training"} < set(sides.values()):
        return {}
    there = ", ".join(sorted(sides))
    for name in sorted(names):
        top = name.split("/", 1)[0]
        if top in sides and name.count("/") == 1:
            if len(sides) < len(said):  # the names are people's after all
                return {}
            msg = f"{root}: split into {there}, but {name} is in nobody's folder"
            remedy = "sort its pictures into a folder a person, or move them out of the data set"
            raise InputError(msg, remedy=remedy)
    others = sorted(set(said) - set(sides))
    if others:
        msg = f"{root}: split into {there}, but {others[0]} beside them is no side of a split"
        raise InputError(msg, remedy="move it out of the data set")
    return sides
