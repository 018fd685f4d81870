"""Whether a report keeps the limits of ``--fail-if``, and what cannot be judged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edgeface.bench import words
from edgeface.bench.limits import QUANTILES, TIMES, Limit
from edgeface.bench.ratio import Ratio
from edgeface.quantiles import LEAST, quantile
from edgeface.report import Cell, ColdStart, Memory, Report

_WANTS = {
    "cold": "--cold N measures it",
    "peak": "--memory measures it",
    "ratio": "--against FILE with cells of these files, backends and threads gives it",
}
_MORE = {"cold": f"--cold {LEAST[0.5]}, or more", "ratio": "measure for longer"}


@dataclass(frozen=True, slots=True)
class Missed:
    """A limit that something did not keep.

    Attributes:
        limit: As it was written.
        where: What did not keep it.
        said: What was measured there.
    """

    limit: str
    where: str
    said: str


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A limit that cannot be judged, which is no pass.

    Attributes:
        limit: As it was written.
        reason: Why.
        remedy: What would let it be judged.
    """

    limit: str
    reason: str
    remedy: str


@dataclass(slots=True)
class Kept:
    """What became of all limits; they are kept where both lists are empty."""

    missed: list[Missed] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)


def check(
    limits: Iterable[Limit], report: Report, ratios: Mapping[int, Ratio] | None = None
) -> Kept:
    """Hold a report against limits.

    Args:
        limits: Any number.
        report: What was measured.
        ratios: Of the cells that an older report has too, by index: median now over median then.

    Returns:
        Every limit that was not kept, and where; and every one that cannot be judged: its sample is
        too small for its quantile, nothing of that kind was measured, or its pattern is for
        nothing here. A cell whose verdict is INVALID keeps no limit.
    """
    kept = Kept()
    for limit in limits:
        held = _held(limit, report, ratios or {})
        chosen = [one for one in held if limit.is_for(one)]
        if not chosen:
            kept.unjudged.append(_nothing(limit, held))
        for one in chosen:
            _judge(limit, one, report, ratios or {}, kept)
    return kept


def _held(
    limit: Limit, report: Report, ratios: Mapping[int, Ratio]
) -> Sequence[Cell | ColdStart | Memory]:
    """All that has the quantity of a limit."""
    if limit.quantity == "cold":
        return report.cold
    if limit.quantity == "peak":
        return report.memory
    if limit.quantity == "ratio":
        return [cell for index, cell in enumerate(report.cells) if index in ratios]
    if limit.quantity in ("load", "first"):
        return [cell for cell in report.cells if words.opens_a_file(cell)]
    return report.cells


def _nothing(limit: Limit, held: Sequence[Cell | ColdStart | Memory]) -> Unjudged:
    if not held:
        remedy = _WANTS.get(limit.quantity, "measure it")
        return Unjudged(limit.text, f"{limit.quantity} was not measured", remedy)
    there = ", ".join(dict.fromkeys(one.file for one in held))
    remedy = f"name a file ({there}), a scheme, a format, a backend or a stage; * is anything"
    return Unjudged(limit.text, f"nothing that was measured is called {limit.pattern!r}", remedy)


def _judge(
    limit: Limit,
    one: Cell | ColdStart | Memory,
    report: Report,
    ratios: Mapping[int, Ratio],
    kept: Kept,
) -> None:
    where = words.called(one)
    invalid = report.verdict(one) if isinstance(one, Cell) else None
    value = _value(limit, one, report, ratios)
    if isinstance(value, str):
        remedy = _MORE.get(limit.quantity, "--official, or a longer --seconds, takes more")
        kept.unjudged.append(Unjudged(limit.text, f"{where}: {value}", remedy))
    elif limit.fails(value):
        kept.missed.append(Missed(limit.text, where, f"{limit.quantity} {_shown(limit, value)}"))
    elif invalid is not None and invalid.word == "INVALID":
        kept.missed.append(Missed(limit.text, where, f"INVALID: {invalid.reason}"))


def _value(
    limit: Limit, one: Cell | ColdStart | Memory, report: Report, ratios: Mapping[int, Ratio]
) -> float | str:
    """The quantity, or why there is none."""
    if isinstance(one, Memory):
        return one.peak_bytes
    if isinstance(one, ColdStart):
        return _quantile(one.totals_ns, "p50", "cold starts")
    if limit.quantity == "ratio":
        return next(r.value for i, r in ratios.items() if report.cells[i] is one)
    if limit.quantity in ("load", "first"):
        return one.load_ns if limit.quantity == "load" else one.first_ns
    return _quantile(one.samples_ns, limit.quantity, "samples")


def _quantile(samples: Sequence[int], name: str, called: str) -> float | str:
    share = QUANTILES[name]
    value = quantile(samples, share)
    if value is None:
        return f"{name} takes {LEAST[share]:,} {called}, there are {len(samples):,}"
    return value


def _shown(limit: Limit, value: float) -> str:
    if limit.quantity in TIMES:
        return f"{words.milliseconds(value / 1e6)} ms"
    return words.size(value) if limit.quantity == "peak" else f"{value:.3f}"
