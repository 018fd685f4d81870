"""``--fail-if``: a limit on what is measured, in a line for the scripts that watch over a project.

::

    limit    = [ pattern ":" ] quantity operator number [ unit ]
    quantity = p50 | p90 | p95 | p99 | p99.9 | load | first | cold | peak | ratio
    operator = ">" | ">=" | "<" | "<="
    unit     = ns | us | ms | s     of a time
             | kB | MB | GB         of the peak of memory, decimal
                                    none for a ratio

The pattern is a glob for a file, a scheme, a format, a backend or a stage: without one the limit is
for all that was measured.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NoReturn

from edgeface.errors import UsageError
from edgeface.report import Cell, ColdStart, Memory

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
TIMES = (*QUANTILES, "load", "first", "cold")
QUANTITIES = (*TIMES, "peak", "ratio")
_NS = {"ns": 1.0, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9}
_BYTES = {"kB": 1e3, "MB": 1e6, "GB": 1e9}
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_LIMIT = re.compile(
    r"(?:(?P<pattern>.+)\s*:)?\s*(?P<quantity>[a-z][a-z0-9.]*)\s*(?P<operator>[<>]=?)\s*"
    r"(?P<number>[0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(?P<unit>[a-zA-Zµ]*)"
)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Limit:
    """One of ``--fail-if``.

    Attributes:
        text: As it was written.
        pattern: What it is for; empty: everything.
        quantity: One of `QUANTITIES`.
        operator: How the measured value may not stand
        number: to this: ns, bytes, or a ratio.
    """

    text: str
    pattern: str
    quantity: str
    operator: str
    number: float

    def fails(self, value: float) -> bool:
        """Whether a measured value is what was not to be."""
        return _OPERATORS[self.operator](value, self.number)

    def is_for(self, one: Cell | ColdStart | Memory) -> bool:
        """Whether it is for this."""
        if not self.pattern:
            return True
        names = {one.file, *one.file.split("."), one.backend, one.backend.split(" ")[0]}
        if isinstance(one, Cell):
            names |= {one.scheme or "", one.format, one.stage, one.device}
        return any(fnmatchcase(name, self.pattern) for name in names)


def parse(text: str) -> Limit:
    """Read one.

    Raises:
        UsageError: It does not follow the grammar above; says what would.
    """
    found = _LIMIT.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        _refuse(text, "it reads [PATTERN:] QUANTITY OPERATOR NUMBER UNIT")
    quantity, number, unit = found["quantity"], found["number"], found["unit"]
    if quantity not in QUANTITIES:
        _refuse(text, f"{quantity} is none of {', '.join(QUANTITIES)}")
    units = _NS if quantity in TIMES else _BYTES if quantity == "peak" else {"": 1.0}
    if unit not in units:
        wanted = ", ".join(u for u in units if u not in ("", "µs")) or "no unit"
        _refuse(text, f"{quantity} takes {wanted}, not {unit or 'a number alone'}")
    pattern = (found["pattern"] or "").strip()
    return Limit(text.strip(), pattern, quantity, found["operator"], float(number) * units[unit])


def _refuse(text: str, why: str) -> NoReturn:
    msg = f"--fail-if {text[:_LONGEST]!r}: {why}"
    raise UsageError(msg, remedy="for example --fail-if 'p90>20ms', or --fail-if 'int8: p50>=5ms'")
