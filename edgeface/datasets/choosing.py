"""Which arrays of a file are the pictures and which the targets, by their names and shapes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edgeface.datasets.arrayfile import ArrayFile, Header
from edgeface.datasets.photos import Reading
from edgeface.datasets.sides import OfficialSide
from edgeface.errors import InputError, UsageError

# In the order in which an error lists them; two of a kind in one file are one too many.
PIXEL_NAMES = ("x", "images", "image", "imgs", "img", "pixels", "pictures", "data", "faces")
TARGET_NAMES = ("y", "labels", "label", "target", "targets", "classes", "class")
# Of text: the pictures are files. They are looked for where no array holds the pictures themselves.
PATH_NAMES = ("paths", "path", "files", "file", "filenames", "filename", "file_names", "names")

_SIDES: dict[str, OfficialSide] = {
    "train": "training",
    "training": "training",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
_SIDE = "|".join(sorted(_SIDES, key=len, reverse=True))
_BEHIND = re.compile(rf"(.+?)[_\-. ]?({_SIDE})")
_BEFORE = re.compile(rf"({_SIDE})[_\-. ]?(.+)")


@dataclass(frozen=True, slots=True)
class Part:
    """Arrays that belong together.

    Attributes:
        side: Of the split that the file comes with; None where it comes with none.
        pixels: Name of the pictures.
        targets: Name of their targets; None where the file has none.
    """

    side: OfficialSide | None
    pixels: str
    targets: str | None


def choose(file: ArrayFile, reading: Reading) -> list[Part]:
    """The arrays to read: one part, or one a side where the file is split already.

    A name that was given is an array's, or what the arrays of all sides have in common (``x`` of
    ``x_train`` and ``x_test``). Otherwise one of the usual names is taken, with any case, or the
    only array that can be meant.

    Raises:
        UsageError: There is no array of a name that was given.
        InputError: None, or more than one, can be meant; they are listed.
    """
    sets = _sets(file.headers)
    pixels = _named(file, sets, reading.pixels, "pixels") or _pixels(file, sets)
    parts = sets[pixels]
    targets = _named(file, sets, reading.targets, "targets") or _targets(file, sets, pixels)
    if targets is None:
        return [Part(side, name, None) for side, name in parts.items()]
    if not set(parts) <= set(sets[targets]):
        have = [", ".join(sets[name].values()) for name in (pixels, targets)]
        msg = f"{file.path}: {have[1]} cannot be the targets of {have[0]}: they are split otherwise"
        raise InputError(msg, remedy="name arrays that belong together with --pixels and --targets")
    return [Part(side, name, sets[targets][side]) for side, name in parts.items()]


_Sides = Mapping[OfficialSide | None, str]


def _sets(headers: Mapping[str, Header]) -> dict[str, _Sides]:
    """Base name → side → array, of arrays that come in sides; name → {None: name} of all."""
    sets: dict[str, _Sides] = {name: {None: name} for name in headers}
    sided: dict[str, dict[OfficialSide | None, str]] = {}
    for name in headers:
        low = name.casefold()
        if behind := _BEHIND.fullmatch(low):
            sided.setdefault(behind[1], {})[_SIDES[behind[2]]] = name
        elif before := _BEFORE.fullmatch(low):
            sided.setdefault(before[2], {})[_SIDES[before[1]]] = name
    for base, sides in sided.items():
        if "training" in sides and len(sides) > 1 and base not in sets:
            sets[base] = sides
    return sets


def _named(file: ArrayFile, sets: Mapping[str, _Sides], name: str, option: str) -> str | None:
    if not name or name in sets:
        return name or None
    if name.casefold() in sets:  # what sides have in common is known in small letters only
        return name.casefold()
    msg = f"{file.path}: no array called {name!r}"
    raise UsageError(msg, remedy=f"--{option} one of: {_listed(file, list(file.headers))}")


def _pixels(file: ArrayFile, sets: Mapping[str, _Sides]) -> str:
    parts = {array for sides in sets.values() if len(sides) > 1 for array in sides.values()}
    whole = {
        name: file.headers[next(iter(sets[name].values()))] for name in sets if name not in parts
    }
    numbers = [n for n, header in whole.items() if header.kind == "number"]
    texts = [n for n, header in whole.items() if header.kind == "text" and header.shape]
    found = (
        _called(PIXEL_NAMES, [n for n in numbers if len(whole[n].shape) > 1])
        or [n for n in numbers if len(whole[n].shape) > 2]
        or _called((*PIXEL_NAMES, *PATH_NAMES), texts)
        # So that what is wrong with it is said when it is read.
        or _called(PIXEL_NAMES, [n for n, header in whole.items() if header.kind == "other"])
    )
    if len(found) == 1:
        return found[0]
    listed = _listed(file, [name for base in found for name in sets[base].values()])
    msg = f"{file.path}: more than one array may hold the pictures: {listed}"
    if not found:
        listed = _listed(file, list(file.headers)) or "none at all"
        msg = f"{file.path}: no array that may hold pictures; it has {listed}"
    raise InputError(msg, remedy="name it with --pixels (and --targets for what they show)")


def _called(usual: tuple[str, ...], names: list[str]) -> list[str]:
    """Those of the usual names, in that order."""
    found = [name for name in names if name.casefold() in usual]
    return sorted(found, key=lambda name: usual.index(name.casefold()))


def _targets(file: ArrayFile, sets: Mapping[str, _Sides], pixels: str) -> str | None:
    sides = set(sets[pixels])
    if sides == {None} and (twin := _twin(sets, sets[pixels][None])):
        return twin
    others = [n for n in sets if n != pixels and sides <= set(sets[n])]
    ends = (0, -1) if file.column_major else (0,)
    shapes = [file.headers[array].shape for array in sets[pixels].values()]
    counts = {shape[end] for shape in shapes for end in ends if shape}
    found = _called(TARGET_NAMES, others) or [
        n for n in others if all(_may_count(file.headers[a], counts) for a in sets[n].values())
    ]
    if len(found) > 1:
        listed = _listed(file, [name for base in found for name in sets[base].values()])
        msg = f"{file.path}: more than one array may hold the targets: {listed}"
        raise InputError(msg, remedy="name it with --targets")
    return found[0] if found else None


def _twin(sets: Mapping[str, _Sides], array: str) -> str | None:
    """The targets of the same side, where the pictures of one side alone were asked for."""
    sides = {side for of in sets.values() for side, name in of.items() if name == array}
    for side in sides - {None}:
        for name in _called(TARGET_NAMES, list(sets)):
            if side in sets[name]:
                return sets[name][side]
    return None


def _may_count(header: Header, counts: set[int]) -> bool:
    long = [n for n in header.shape if n != 1]
    return header.kind != "other" and len(long) == 1 and long[0] in counts


def _listed(file: ArrayFile, names: list[str]) -> str:
    some = ", ".join(f"{name} ({file.headers[name]})" for name in names[:12])
    return some + (", …" if len(names) > 12 else "")
