"""Frozen dataclasses ⇄ the plain dictionaries of JSON and TOML, strictly.

Files that edgeface reads may come from anybody: an unknown key, a missing one or a wrong type is an
error that says where it stands, never a default.
"""

import dataclasses
import json
import math
import re
import reprlib
import sys
import tomllib
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from edgeface.errors import EdgefaceError

T = TypeVar("T")

MAX_TOML = 10_000  # the parser takes minutes for a hundred thousand dots in one key
_LARGEST = 2**63 - 1  # what other readers of JSON and TOML hold
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: it can be neither shown nor written
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def build(cls: type[T], data: Any, where: str, error: type[EdgefaceError]) -> T:
    """Make a dataclass from a dictionary.

    Args:
        cls: The dataclass; its fields may be str, int, float, bool, Literal, ``X | None``,
            ``tuple[X, ...]``, ``dict[str, X]`` and further dataclasses.
        data: What JSON or TOML gave.
        where: File and place, for the errors.
        error: The class to raise.
    """
    if not isinstance(data, Mapping):
        msg = f"{where}: expected a table, found {_name(data)}"
        raise error(msg)
    known = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in data:
        if key not in known:
            msg = f"{where}: unknown key {_quoted(key)}; known keys: {', '.join(sorted(known))}"
            raise error(msg)
    hints = get_type_hints(cls)
    values = {}
    for name, field in known.items():
        if name in data:
            values[name] = _value(hints[name], data[name], f"{where}: {name}", error)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            msg = f'{where}: key "{name}" is missing'
            raise error(msg)
    try:
        return cls(**values)
    except EdgefaceError as wrong:
        msg = f"{where}: {wrong}"
        raise error(msg, remedy=wrong.remedy) from wrong


def _value(hint: Any, value: Any, where: str, error: type[EdgefaceError]) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        if value is None and type(None) in args:
            return None
        return _value(next(a for a in args if a is not type(None)), value, where, error)
    if origin is Literal:
        if value in args and isinstance(value, str):
            return value
        msg = f"{where}: {_name(value)} is none of {', '.join(map(str, args))}"
        raise error(msg)
    if origin is tuple and isinstance(value, list | tuple):
        if args == (int, ...) and _are_small(value):
            return tuple(value)
        kinds = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
        if len(kinds) == len(value):
            pairs = enumerate(zip(kinds, value, strict=True))
            return tuple(_value(k, v, f"{where}[{i}]", error) for i, (k, v) in pairs)
    if origin is dict and isinstance(value, Mapping):
        return {str(k): _value(args[1], v, f"{where}: {k}", error) for k, v in value.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return build(hint, value, where, error)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) <= sys.float_info.max:  # false for NaN; a whole number may be larger still
            return float(value)
    elif hint is int and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) <= _LARGEST:
            return value
    elif hint is str and isinstance(value, str):
        if not _SURROGATE.search(value):
            return value
    elif hint is bool and isinstance(value, bool):
        return value
    msg = f"{where}: expected {_plain(hint)}, found {_name(value)}"
    raise error(msg)


def _are_small(values: list[Any] | tuple[Any, ...]) -> bool:
    """Whether all are whole numbers of 64 bits: of a latency report there are a million."""
    return all(type(v) is int for v in values) and all(abs(v) <= _LARGEST for v in values)


def _plain(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return "a list"
    names = {str: "text", int: "a whole number", float: "a finite number", bool: "true or false"}
    return names.get(hint, "a table")


def _quoted(key: object) -> str:
    """A key for an error line: short, and on one line."""
    text = str(key)
    return json.dumps(text if len(text) <= 60 else f"{text[:57]}...", ensure_ascii=False)


def _name(value: Any) -> str:
    """A value for an error line: short, whatever it is."""
    try:
        text = _SHORT.repr(value)
    except ValueError:  # Python prints no whole number of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) < 60 else f"{text[:57]}..."


def plain(record: Any) -> dict[str, Any]:
    """The dictionary of a dataclass, ready for JSON."""
    return dataclasses.asdict(record)


def to_json(data: Any) -> str:
    """JSON as edgeface writes it: indented, one trailing newline, no NaN."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, where: str, error: type[EdgefaceError]) -> Any:
    """JSON as edgeface reads it: no NaN, no infinity, no repeated key."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            msg = f"{where}: a key stands twice"
            raise error(msg)
        return found

    def no_constant(name: str) -> Any:
        msg = f"{where}: {name} is no number"
        raise error(msg)

    def finite(digits: str) -> float:
        number = float(digits)
        return number if math.isfinite(number) else no_constant(f"{digits[:20]} (infinite)")

    try:
        return json.loads(
            text, object_pairs_hook=unique, parse_constant=no_constant, parse_float=finite
        )
    except (ValueError, RecursionError) as wrong:  # ValueError: also a number of 4300 digits
        msg = f"{where}: not valid JSON ({wrong})"
        raise error(msg) from wrong


def to_toml(data: Mapping[str, Any], table: str = "") -> str:
    """TOML of text, numbers, booleans, lists of those, and tables; None is left out.

    A JSON string is a TOML basic string (TOML 1.0, "String"), and so are JSON's lists and numbers.
    """
    flat = {k: v for k, v in data.items() if not isinstance(v, Mapping) and v is not None}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in flat.items()]
    for key, value in data.items():
        if isinstance(value, Mapping):
            path = f"{table}.{key}" if table else key
            lines += ["", f"[{path}]", *to_toml(value, path).splitlines()]
    return "\n".join(lines) + "\n"


def from_toml(text: str, where: str, error: type[EdgefaceError]) -> dict[str, Any]:
    """TOML as edgeface reads it: at most `MAX_TOML` characters."""
    if len(text) > MAX_TOML:
        msg = f"{where}: {len(text)} characters; at most {MAX_TOML} are read"
        raise error(msg)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as wrong:  # ValueError: also a number of 4300 digits
        msg = f"{where}: not valid TOML ({wrong})"
        raise error(msg) from wrong


def check_schema(data: Any, supported: int, where: str, error: type[EdgefaceError]) -> None:
    """Every format carries a schema number; a newer one needs a newer edgeface."""
    schema = data.get("schema") if isinstance(data, Mapping) else None
    if schema != supported or isinstance(schema, bool):
        msg = f"{where}: schema {_name(schema)} is not one that this edgeface reads ({supported})"
        raise error(msg, remedy="update edgeface, or make the file again with this one")
