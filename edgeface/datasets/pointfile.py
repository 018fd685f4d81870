"""Reading points from csv and npz files, and writing them with their sides.

A csv file has one point a line: every column but the last is an input, the last is the output. Its
columns are separated by commas, semicolons or tabs; the first line may name them; empty lines and
lines that begin with ``#`` are passed over. An npz file has the arrays ``x``, (n,) or (n, inputs),
and ``y``, (n,) or (n, 1).
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.npzfile import NpzFile
from edgeface.datasets.points import LEAST, MOST, Mask, Numbers, Points
from edgeface.errors import BundleError, InputError, UsageError

SUFFIXES = (".csv", ".tsv", ".txt", ".npz")
SIDES = ("training", "validation")
MAX_BYTES = 200 * 2**20

_DELIMITERS = ("\t", ";", ",")  # a comma may stand in the numbers of the other two
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_LARGEST = float(np.finfo(np.float32).max)
_MOST_INPUTS = 1000

Row = tuple[int, list[str]]


def open_points(path: Path) -> Points:
    """Read the points of a file.

    Raises:
        UsageError: There is no such file, or it is of another kind.
        InputError: It is broken, or holds too few points, too many, or anything but numbers.
    """
    if path.suffix.lower() not in SUFFIXES or path.is_dir():
        msg = f"{path}: points come in a csv or npz file"
        raise UsageError(msg, remedy="name one, or draw one: edgeface data draw-points points.csv")
    if not path.is_file():
        msg = f"{path}: no such file"
        remedy = "name a csv or npz file, or draw one: edgeface data draw-points points.csv"
        raise UsageError(msg, remedy=remedy)
    points = _from_npz(path) if path.suffix.lower() == ".npz" else _from_csv(path)
    if len(points) < LEAST:
        msg = f"{path}: {len(points)} points, {LEAST} are the least that a curve is fitted to"
        raise InputError(msg)
    return points


def _from_csv(path: Path) -> Points:
    names, rows = _rows(path)
    if len(rows[0][1]) < 2:
        msg = f"{path}: one column; x and y are needed"
        remedy = "separate them by a comma, a semicolon or a tab, the output last"
        raise InputError(msg, remedy=remedy)
    table = _numbers(rows, names, path)
    return Points(table[:, :-1], table[:, -1], names[:-1], names[-1])


def _rows(path: Path) -> tuple[tuple[str, ...], list[Row]]:
    """The names of the columns, and every line of cells with its number; at least one."""
    text = _text(path)
    first = next((line for line in text.splitlines() if _says_something(line)), "")
    delimiter = next((d for d in _DELIMITERS if d in first), ",")
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        msg = f"{path}, line {reader.line_num}: no csv ({error})"
        raise InputError(msg, remedy="save it again as CSV in UTF-8") from error
    rows = [(number, cells) for number, cells in lines if _says_something("".join(cells))]
    names = _default_names(len(rows[0][1]) if rows else 0)
    if rows and all(_number(cell) is None for cell in rows[0][1]):
        head = rows.pop(0)[1]
        names = tuple(_name(cell) or own for cell, own in zip(head, names, strict=True))
    if not rows:
        msg = f"{path}: there is not one point in it"
        raise InputError(msg, remedy="one point a line: x, then y, separated by a comma")
    if len(rows) > MOST:
        raise _too_many(path, len(rows))
    return names, rows


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            msg = f"{path}: {size / 2**20:.0f} MiB, over the limit of {MAX_BYTES // 2**20} MiB"
            raise InputError(msg, remedy="keep every tenth point, or save it as npz")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise InputError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not text in UTF-8"
        raise InputError(msg, remedy="save it again as CSV in UTF-8, or as npz") from error


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _default_names(columns: int) -> tuple[str, ...]:
    if columns <= 2:
        return ("x", "y")[:columns]
    return (*(f"x{i}" for i in range(1, columns)), "y")


def _name(cell: str) -> str:
    """The name of a column: on one line, and no longer than a table bears."""
    return " ".join("".join(c if c.isprintable() else " " for c in cell).split())[:40]


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # Python reads 1_000 as a thousand
    except ValueError:
        return None


def _numbers(rows: Sequence[Row], names: Sequence[str], path: Path) -> Numbers:
    table = np.empty((len(rows), len(names)))
    for at, (line, cells) in enumerate(rows):
        where = f"{path}, line {line}"
        if len(cells) != len(names):
            count = f"{len(cells)} column{'s'[: len(cells) != 1]}"
            msg = f"{where}: {count}, where the first line has {len(names)}"
            raise InputError(msg, remedy="give every line the same columns, or remove it")
        for column, cell in enumerate(cells):
            number = _number(cell)
            if number is None:
                raise _no_number(cell, f"{where}: {names[column]}")
            table[at, column] = number
    wrong = np.argwhere(~(np.abs(table) <= _LARGEST))  # true for NaN
    if len(wrong):
        row, column = wrong[0]
        line, cells = rows[row]
        where = f"{path}, line {line}: {names[column]}"
        raise _not_finite(where, cells[column], len(wrong))
    return table


def _no_number(cell: str, where: str) -> InputError:
    if not cell:
        return InputError(f"{where} is empty", remedy="fill it in, or remove the line")
    msg = f"{where}: {cell[:40]!r} is no number"
    if _DECIMAL_COMMA.fullmatch(cell):
        return InputError(msg, remedy="write decimals with a point: 1.5")
    return InputError(msg, remedy="correct it, or remove the line")


def _not_finite(where: str, value: object, count: int) -> InputError:
    others = f" ({count} such numbers in all)" if count > 1 else ""
    msg = f"{where} is {value}: every number has to be finite, and at most {_LARGEST:.1e}{others}"
    return InputError(msg, remedy="remove those points, or correct them")


def _too_many(path: Path, count: int) -> InputError:
    msg = f"{path}: {count:,} points, over the limit of {MOST:,}"
    return InputError(msg, remedy="keep every tenth of them")


def _from_npz(path: Path) -> Points:
    file = NpzFile(path)
    listed = ", ".join(f"{name} ({header})" for name, header in file.headers.items())
    found: dict[str, NDArray[np.float64]] = {}
    for wanted in ("x", "y"):
        names = [name for name in file.headers if name.casefold() == wanted]
        if len(names) != 1:
            msg = f"{path}: the arrays x and y are needed; it has {listed or 'none at all'}"
            raise InputError(msg, remedy="write it with numpy.savez(FILE, x=x, y=y)")
        header = file.headers[names[0]]
        if header.kind == "text":
            msg = f"{path}: {names[0]} is text ({header}); numbers are needed"
            raise InputError(msg)
        if (header.shape or (0,))[0] > MOST:
            raise _too_many(path, header.shape[0])
        found[wanted] = file.read(names[0]).astype(np.float64)
    return _of_arrays(found["x"], found["y"], path)


def _of_arrays(x: Numbers, y: Numbers, path: Path) -> Points:
    table = x[:, None] if x.ndim == 1 else x
    shapes = f"x of shape {x.shape}, y of shape {y.shape}"
    if table.ndim != 2 or not 1 <= table.shape[1] <= _MOST_INPUTS:
        msg = f"{path}: {shapes}: x is (n,) or (n, inputs), with at most {_MOST_INPUTS} inputs"
        raise InputError(msg)
    if y.shape not in ((len(table),), (len(table), 1)):
        msg = f"{path}: {shapes}: one y for every x is needed"
        raise InputError(msg)
    names = _default_names(table.shape[1] + 1)
    for name, column in zip(names, [*table.T, y.reshape(-1)], strict=True):
        wrong = np.flatnonzero(~(np.abs(column) <= _LARGEST))
        if len(wrong):
            where = f"{path}: {name} of point {wrong[0]}"
            raise _not_finite(where, column[wrong[0]], len(wrong))
    return Points(table, y.reshape(-1), names[:-1], names[-1])


def to_csv(points: Points, held: Mask | None = None) -> str:
    """The points as a csv file that reads back to the last bit; with ``held``, their sides too."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*points.inputs, points.output, *(["side"] * (held is not None))])
    for i in range(len(points)):
        cells = [repr(float(v)) for v in (*points.x[i], points.y[i])]
        writer.writerow(cells if held is None else [*cells, SIDES[int(held[i])]])
    return text.getvalue()


def read_sides(path: Path) -> tuple[Points, Mask]:
    """What `to_csv` wrote with sides: the points, and which of them are held back.

    Raises:
        BundleError: It is not such a file.
    """
    try:
        names, rows = _rows(path)
        sides = [cells.pop() for _, cells in rows]
        table = _numbers(rows, names[:-1], path)
    except (InputError, IndexError) as error:
        msg = f"{path}: not the points of a run ({error})"
        raise BundleError(msg, remedy="train again") from error
    if not set(sides) <= set(SIDES) or len(names) < 3:
        msg = f"{path}: the last column is no side"
        raise BundleError(msg, remedy="train again")
    points = Points(table[:, :-1], table[:, -1], names[:-2], names[-2])
    return points, np.asarray([side == SIDES[1] for side in sides], bool)
