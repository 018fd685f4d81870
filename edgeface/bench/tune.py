"""Which file, on which backend, with how many threads, is the fastest on this board.

Every cell is looked at for a moment; those of which no call comes within three times the best
cell's median are out. The others race (see `edgeface.bench.elimination`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeface.bench.contenders import Contenders
from edgeface.bench.elimination import (
    NEAR,
    Clock,
    Dropped,
    Pace,
    Ratio,
    Standings,
    race,
)
from edgeface.errors import BackendError, BackendMissing
from edgeface.quantiles import quantile, quantile_interval
from edgeface.tuned import Ending, Fate, LeftOut, Objective, Tried

# A Raspberry Pi 4 that is held back to 600 MHz in the middle of it is 2.5 times slower.
FAR = 3.0
_LOOK_NS = 50_000_000
_ROUNDS = 60  # that a search should have time for
SHARES: dict[Objective, float] = {"p50": 0.5, "p90": 0.9}
# Where nothing else decides: cells that are as fast, taken for one of these.
Tie = Literal["", "threads", "error", "size"]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a search.

    Attributes:
        chosen: Number of the cell.
        runtime: Name and version of its backend.
        fastest: Number of the one with the lowest estimate.
        equals: Numbers of those that cannot be told apart from it, itself among them.
        tie: What decided among them.
        ended: Why the search ended.
        rounds: How many there were.
        seconds: What it took.
        tried: What came of the cells whose backend is there.
        left_out: The backends that are not.
    """

    chosen: int
    runtime: str
    fastest: int
    equals: tuple[int, ...]
    tie: Tie
    ended: Ending
    rounds: int
    seconds: float
    tried: tuple[Tried, ...]
    left_out: tuple[LeftOut, ...]


def tune(
    contenders: Contenders,
    *,
    objective: Objective,
    seconds: float,
    seed: int,
    clock: Clock,
    tell: Callable[[str, float, int], None] = lambda what, share, left: None,
) -> Found:
    """Search.

    Args:
        contenders: The cells.
        objective: What is to be least.
        seconds: For all of it; the first look and three rounds are always finished once begun.
        seed: Of the order.
        clock: Nanoseconds.
        tell: Is told how it goes on: what is done, the share of the time that is behind, and how
            many cells are left.

    Raises:
        BackendMissing: Nothing that runs the files is installed.
        BackendError: Every cell failed.
    """
    began = clock()
    until = began + int(seconds * 1e9)
    share = SHARES[objective]

    def gone() -> float:
        return min((clock() - began) / max(until - began, 1), 1.0)

    able = _look(contenders, until, clock, lambda left: tell("looking", gone(), left))
    if not able:
        raise _nothing(contenders)
    latency = {c: float(np.median(contenders.results[c].first_ns)) for c in able}
    best = min(latency, key=lambda c: latency[c])
    far = [c for c in able if min(contenders.results[c].first_ns) > FAR * latency[best]]
    standings = Standings([c for c in able if c not in far])
    for cell in far:
        contenders.close(cell)
        standings.dropped[cell] = Dropped(best, None, 0)
    latency |= {c: 1.0 * min(contenders.results[c].first_ns) for c in far}
    rounds = 0

    def after_round(now: Standings) -> None:
        nonlocal rounds
        rounds += 1
        for cell in now.dropped:
            contenders.close(cell)
        tell("timing", gone(), len(now.left))

    pace = Pace(share, until, int(seconds * 1e9 / _ROUNDS), seed)
    ended = race(standings, latency, contenders.window, pace, clock=clock, tell=after_round)
    if not standings.left:
        raise _nothing(contenders)
    equals, tie, chosen = choose(contenders, standings)
    return Found(
        chosen=chosen,
        runtime=contenders.results[chosen].runtime,
        fastest=standings.ranked()[0],
        equals=equals,
        tie=tie,
        ended=ended,
        rounds=rounds,
        seconds=(clock() - began) / 1e9,
        tried=tuple(
            _tried(contenders, standings, c, chosen, equals)
            for c in range(len(contenders.cells))
            if not (contenders.results[c].missing or contenders.results[c].unfit)
        ),
        left_out=_left_out(contenders),
    )


def _look(
    contenders: Contenders, until: int, clock: Clock, tell: Callable[[int], None]
) -> list[int]:
    """Those that can be raced, after a moment with each.

    Slow schemes come last, and few threads first: both let the slow ones be recognised after two
    calls.
    """
    able: list[int] = []
    missing: dict[str, int] = {}
    best = float("inf")
    order = sorted(
        range(len(contenders.cells)), key=lambda c: contenders.cells[c].scheme == "int16x8"
    )
    for number, cell in enumerate(order):
        tell(len(order) - number)
        backend, result = contenders.cells[cell].backend, contenders.results[cell]
        if backend in missing:
            contenders.results[cell] = contenders.results[missing[backend]]
            continue
        if able and clock() > until:
            continue
        contenders.look(cell, _LOOK_NS, FAR * best)
        if result.missing or result.unfit:
            missing[backend] = cell
        if not result.failed:
            able.append(cell)
            best = min(best, float(np.median(result.first_ns)))
    return able


def choose(contenders: Contenders, standings: Standings) -> tuple[tuple[int, ...], Tie, int]:
    """Of those left: which are as fast as the fastest, what decides among them, and which it is.

    Fewer threads leave more of the board to the camera; the better accuracy costs nothing then; and
    the smaller file loads sooner.
    """
    fastest, *others = standings.ranked()
    near = [c for c in others if _is_near(standings.ratio(c, fastest))]
    equals = (fastest, *near)
    cells = contenders.cells
    chosen = min(equals, key=lambda c: (cells[c].threads, cells[c].error, cells[c].size_bytes))
    tie: Tie = ""
    if chosen != fastest:
        one, other = cells[chosen], cells[fastest]
        tie = (
            "threads"
            if one.threads != other.threads
            else "error"
            if one.error != other.error
            else "size"
        )
    return equals, tie, chosen


def _is_near(ratio: Ratio | None) -> bool:
    return ratio is not None and ratio.middle <= NEAR


def _tried(
    contenders: Contenders, standings: Standings, cell: int, chosen: int, equals: tuple[int, ...]
) -> Tried:
    what, result = contenders.cells[cell], contenders.results[cell]
    samples = result.samples_ns or result.first_ns
    ratio = standings.ratio(cell, chosen)
    fate, reason = _fate(contenders, standings, cell, chosen, equals)
    interval = quantile_interval(samples, 0.5)
    p50, p90 = quantile(samples, 0.5), quantile(samples, 0.9)
    return Tried(
        file=what.file,
        scheme=what.scheme,
        backend=what.backend,
        threads=what.threads,
        fate=fate,
        calls=len(samples),
        rounds=standings.rounds_of(cell),
        p50_ms=None if p50 is None else p50 / 1e6,
        p50_interval_ms=None if interval is None else (interval[0] / 1e6, interval[1] / 1e6),
        p90_ms=None if p90 is None else p90 / 1e6,
        ratio=None if ratio is None else ratio.middle,
        reason=reason,
    )


def _fate(
    contenders: Contenders, standings: Standings, cell: int, chosen: int, equals: tuple[int, ...]
) -> tuple[Fate, str]:
    cells, result = contenders.cells, contenders.results[cell]
    if result.failed:
        return "failed", result.failed
    if cell == chosen:
        return "chosen", ""
    if cell in equals:
        return "as fast", "within 2 % of the fastest"
    why = standings.dropped.get(cell)
    if why is None and cell not in standings.left:
        return "not tried", "the time was up"
    if why is None:
        return "as fast", "not surely slower when the search ended"
    assert why.by is not None
    than = cells[why.by].words
    if why.ratio is None:
        return "far slower", f"no call within {FAR:g} times the median of {than}"
    return "slower", f"at least {why.ratio.low - 1:.0%} slower than {than}, after {why.rounds}"


def _left_out(contenders: Contenders) -> tuple[LeftOut, ...]:
    """Backends that are not there, each once."""
    pairs = zip(contenders.cells, contenders.results, strict=True)
    found = {c.backend: LeftOut(c.backend, r.failed, r.remedy) for c, r in pairs if r.missing}
    return tuple(found.values())


def _nothing(contenders: Contenders) -> BackendError:
    """The first reason, where no cell can be timed; what could be installed comes first."""
    failed = [result for result in contenders.results if result.failed]
    first = next((r for r in failed if r.missing), failed[0])
    lacking = all(r.missing or r.unfit for r in failed)
    kind = BackendMissing if lacking else BackendError
    return kind(f"nothing can be timed here: {first.failed}", remedy=first.remedy)
