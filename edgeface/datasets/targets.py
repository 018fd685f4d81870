"""From an array of targets to a label for every picture."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import InputError

# A class beyond this is more likely a measurement than a class.
MOST_CLASSES = 10_000
# Every one takes some hundred bytes for its name, its label and its side.
MOST_PICTURES = 1_000_000


def labels_of(targets: NDArray[Any], pictures: int, names: Sequence[str], where: str) -> list[str]:
    """A label for every picture.

    Args:
        targets: (n,), (n, 1) or (1, n) numbers or text; or (n, classes), one 1 in every row.
        pictures: n.
        names: Of the numbers 0, 1, …; none: the numbers are the labels.
        where: File and array, for the errors.

    Raises:
        InputError: There are not as many as pictures, or more than `MOST_PICTURES`; they are no
            class numbers, a number has no name, or a label cannot be a folder's name.
    """
    if not pictures:
        msg = f"{where}: there is not one picture"
        raise InputError(msg)
    if pictures > MOST_PICTURES:
        msg = f"{where}: {pictures} pictures; {MOST_PICTURES} are the most for arrays"
        raise InputError(msg, remedy="keep the pictures as files, in a folder per person")
    long = [n for n in targets.shape if n != 1]
    if targets.ndim == 2 and targets.shape[0] == pictures and targets.shape[1] > 1:
        flat = _from_one_hot(targets, where)
    elif targets.size == pictures and len(long) <= 1:
        flat = targets.reshape(-1)
    else:
        shape = "x".join(map(str, targets.shape)) or "single"
        msg = f"{where}: {shape} targets for {pictures} pictures; one each is needed"
        raise InputError(msg, remedy="name the array of targets with --targets")
    found = _texts(flat, names, where) if flat.dtype.kind in "US" else _numbers(flat, names, where)
    for label in dict.fromkeys(found):
        _check_label(label, where)
    return found


def _from_one_hot(targets: NDArray[Any], where: str) -> NDArray[np.intp]:
    remedy = "store one class number for every picture"
    if targets.dtype.kind not in "buif" or not ((targets == 0) | (targets == 1)).all():
        msg = f"{where}: {targets.shape[1]} columns that are not all 0 or 1"
        raise InputError(msg, remedy=remedy)
    ones = targets.sum(1, dtype=np.intp)
    if not (ones == 1).all():
        row = int(np.flatnonzero(ones != 1)[0])
        msg = f"{where}: row {row} has {ones[row]} ones; every picture is of one class"
        raise InputError(msg, remedy=remedy)
    return np.asarray(np.argmax(targets, 1), np.intp)


def _texts(flat: NDArray[Any], names: Sequence[str], where: str) -> list[str]:
    if names:
        msg = f"{where}: the targets are text ({flat[0]!s}, …), and --labels names numbers"
        raise InputError(msg, remedy="leave --labels out")
    try:
        texts = flat.astype("U") if flat.dtype.kind == "U" else np.char.decode(flat, "utf-8")
    except UnicodeDecodeError as error:
        msg = f"{where}: text that is not UTF-8"
        raise InputError(msg) from error
    return [str(text).strip() for text in texts]


def _numbers(flat: NDArray[Any], names: Sequence[str], where: str) -> list[str]:
    whole = np.isfinite(flat) & (flat == np.rint(flat)) if flat.dtype.kind == "f" else None
    if whole is not None and not whole.all():
        odd = flat[~whole][0]
        msg = f"{where}: {odd:g} is no class number; targets must be whole numbers or text"
        raise InputError(msg, remedy="name the array of class numbers with --targets")
    numbers = [int(v) for v in flat.tolist()]
    different = sorted(set(numbers))
    if len(different) > MOST_CLASSES:
        msg = f"{where}: {len(different)} different numbers are no classes"
        raise InputError(msg, remedy="name the array of class numbers with --targets")
    if not names:
        return [str(number) for number in numbers]
    if different[0] < 0 or different[-1] >= len(names):
        odd = different[0] if different[0] < 0 else different[-1]
        msg = f"{where}: class number {odd}, and --labels names 0 to {len(names) - 1}"
        some = ", ".join(map(str, different[:12])) + (", …" if len(different) > 12 else "")
        raise InputError(msg, remedy=f"name every number, in order; there are {some}")
    return [names[number] for number in numbers]


def _check_label(label: str, where: str) -> None:
    odd = any(c in "/\\" or unicodedata.category(c).startswith("C") for c in label)
    if odd or not label or label.startswith(".") or len(label.encode()) > 200:
        msg = f"{where}: {label[:60]!r} cannot be a label: it must do as the name of a folder"
        raise InputError(msg, remedy="rename it in the file, or store numbers and use --labels")
