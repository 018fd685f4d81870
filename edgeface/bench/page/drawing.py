"""Distributions as SVG that stands in the page: no sample is averaged away or cut off."""

import html as escaping
from collections.abc import Sequence

import numpy as np

from edgeface.bench import words
from edgeface.bench.limits import QUANTILES
from edgeface.bench.page.axis import Axis
from edgeface.bench.page.style import PROCESSES
from edgeface.report import Cell, Window

MARKS = ("p50", "p90", "p95", "p99")
_WIDTH, _HEIGHT, _LEFT, _BELOW, _ABOVE, _RIGHT = 460, 200, 56, 40, 16, 14
_NAMES, _ROW, _CLOUD = 330, 46, 26
_BINS = 160
_MOST_POINTS = 600  # of a drawing over time; of more samples, each stroke stands for several
_APART_PX = 30  # labels of marks that are closer are set on lines of their own


def clouds(cells: Sequence[Cell]) -> str:
    """All cells on one axis: where their samples lie, with marks where the sample supports them."""
    values = [s / 1e6 for cell in cells for s in cell.samples_ns]
    axis = Axis.around(values, 2 * _WIDTH - _NAMES)
    height = _ROW * len(cells)
    parts = [_across(axis, height)]
    parts += [_cloud(cell, axis, _ROW * (at + 1)) for at, cell in enumerate(cells)]
    label = f"distributions of {len(cells)} cells on one axis of milliseconds"
    return _svg("".join(parts), label, (-_NAMES, -6, axis.length + _NAMES + 30, height + 46))


def _cloud(cell: Cell, axis: Axis, base: float) -> str:
    edges = np.geomspace(axis.low_ms, axis.high_ms, _BINS + 1)
    samples = np.maximum(np.asarray(cell.samples_ns) / 1e6, axis.low_ms)
    counts = np.histogram(samples, edges)[0]
    # The root keeps a single slow call visible beside thousands of usual ones.
    heights = np.sqrt(counts / max(int(counts.max()), 1)) * _CLOUD
    step = axis.length / _BINS
    steps = [
        f"L{at * step:.1f},{base - h:.1f}L{(at + 1) * step:.1f},{base - h:.1f}"
        for at, h in enumerate(heights.tolist())
    ]
    name, how = escaping.escape(cell.file), escaping.escape(_how(cell))
    marks = "".join(
        f'<line class="mark {mark}" x1="{axis.at(ms):.1f}" x2="{axis.at(ms):.1f}" '
        f'y1="{base - _CLOUD}" y2="{base + 4}">'
        f"<title>{mark} {words.milliseconds(ms)} ms</title></line>"
        for mark, ms in _marks(cell)
    )
    return (
        f'<text class=name x="-10" y="{base - 14}" text-anchor=end>{name}</text>'
        f'<text x="-10" y="{base + 1}" text-anchor=end>{how}</text>'
        f'<path class=cloud d="M0,{base}{"".join(steps)}L{axis.length:g},{base}Z"/>{marks}'
    )


def _how(cell: Cell) -> str:
    return ", ".join((words.runtime(cell), words.threads(cell.threads)))


def shares(cell: Cell) -> str:
    """The empirical distribution: which share of the calls took no longer than so many ms."""
    samples = np.sort(np.asarray(cell.samples_ns)) / 1e6
    axis = Axis.around([float(samples[0]), float(samples[-1])], _WIDTH)
    parts = [_across(axis, _HEIGHT)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _HEIGHT * (1 - share)
        parts.append(f'<line class=grid x1="0" x2="{_WIDTH}" y1="{y:g}" y2="{y:g}"/>')
        parts.append(f'<text x="-8" y="{y + 4:g}" text-anchor=end>{share:.0%}</text>')
    parts += [_interval(cell, axis), _steps(samples.tolist(), axis), *_labelled(cell, axis)]
    label = f"share of the calls of {words.called(cell)} by their duration"
    return _svg("".join(parts), label, _box())


def _steps(samples: list[float], axis: Axis) -> str:
    """Corners of the stairs; steps that would share a pixel are drawn once, by the last of them."""
    n, points, last = len(samples), [f"0,{_HEIGHT}"], -1.0
    for rank, ms in enumerate(samples, start=1):
        x, y = axis.at(ms), _HEIGHT * (1 - rank / n)
        before = _HEIGHT * (1 - (rank - 1) / n)
        if rank in (1, n) or x - last >= 0.5:
            points += [f"{x:.1f},{before:.1f}", f"{x:.1f},{y:.1f}"]
            last = x
    return f'<polyline class=step points="{" ".join(points)} {_WIDTH},0"/>'


def _interval(cell: Cell, axis: Axis) -> str:
    found = cell.interval_ms(0.5)
    if found is None:
        return ""
    low, high = axis.at(found[0]), axis.at(found[1])
    said = f"95 % of p50: {words.interval_ms(found)} ms"
    return (
        f'<rect class=interval x="{low:.1f}" y="0" width="{max(high - low, 1):.1f}" '
        f'height="{_HEIGHT}"><title>{said}</title></rect>'
    )


def _labelled(cell: Cell, axis: Axis) -> list[str]:
    parts, last, line = [], -float("inf"), 0
    for mark, ms in _marks(cell):
        x, y = axis.at(ms), _HEIGHT * (1 - QUANTILES[mark])
        line = line + 1 if x - last < _APART_PX else 0
        last = x
        right = x < _WIDTH - 2 * _APART_PX
        parts.append(
            f'<line class="mark {mark}" x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{_HEIGHT}">'
            f"<title>{mark} {words.milliseconds(ms)} ms</title></line>"
            f'<text class=at x="{x + (5 if right else -5):.1f}" y="{_HEIGHT - 8 - 15 * line}" '
            f"text-anchor={'start' if right else 'end'}>{mark}</text>"
        )
    return parts


def _marks(cell: Cell) -> list[tuple[str, float]]:
    pairs = ((mark, cell.quantile_ms(QUANTILES[mark])) for mark in MARKS)
    return [(mark, ms) for mark, ms in pairs if ms is not None]


def over_time(cell: Cell, started_ns: int) -> str:
    """Every window at its time, coloured by process: drift and jumps are seen.

    Args:
        cell: With samples.
        started_ns: When the first window of the whole run began.
    """
    low, high = min(cell.samples_ns) / 1e6, max(cell.samples_ns) / 1e6
    axis = Axis.around([low, high], _HEIGHT)
    end = max(w.started_ns - started_ns + sum(w.samples_ns) for w in cell.windows)
    scale = _WIDTH / max(end, 1)
    parts = []
    for tick in axis.ticks():
        y = _HEIGHT - axis.at(tick)
        parts.append(f'<line class=grid x1="0" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="-8" y="{y + 4:.1f}" text-anchor=end>{tick:.4g}</text>')
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, seconds = _WIDTH * share, end * share / 1e9
        parts.append(f'<text x="{x:g}" y="{_HEIGHT + 18}" text-anchor=middle>{seconds:.3g}</text>')
    parts.append(_named("seconds since the first window", _HEIGHT))
    each = max(-(-len(cell.samples_ns) // _MOST_POINTS), 1)
    parts += [
        _turn(window, number, each, started_ns, scale, axis)
        for number, window in enumerate(cell.windows)
    ]
    if (middle := cell.quantile_ms(0.5)) is not None:
        y = _HEIGHT - axis.at(middle)
        parts.append(f'<line class=middle x1="0" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
    return _svg("".join(parts), f"every call of {words.called(cell)} over time, in ms", _box())


def _turn(window: Window, number: int, each: int, started_ns: int, scale: float, axis: Axis) -> str:
    """A window; a stroke from the least to the largest of ``each`` samples, a dot at the median."""
    parts, at = [], window.started_ns - started_ns
    for begin in range(0, len(window.samples_ns), each):
        some = window.samples_ns[begin : begin + each]
        x = (at + sum(some) / 2) * scale
        at += sum(some)
        y = [_HEIGHT - axis.at(float(s) / 1e6) for s in (min(some), np.median(some), max(some))]
        if each > 1:
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y[0]:.1f}" y2="{y[2]:.1f}"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y[1]:.1f}" r="2"/>')
    odd = " odd" * (number % 2)
    said = f"window {number + 1}, process {window.process}"
    if window.state is not None and window.state.clock_mhz is not None:
        said += f", {window.state.clock_mhz:.0f} MHz"
    colour = window.process % PROCESSES
    return f'<g class="turn p{colour}{odd}"><title>{said}</title>{"".join(parts)}</g>'


def _across(axis: Axis, height: float) -> str:
    parts = []
    for tick in axis.ticks():
        x = axis.at(tick)
        parts.append(f'<line class=grid x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height:g}"/>')
        parts.append(f'<text x="{x:.1f}" y="{height + 18:g}" text-anchor=middle>{tick:.4g}</text>')
    return "".join(parts) + _named("ms", height, axis.length)


def _named(text: str, height: float, length: float = _WIDTH) -> str:
    return f'<text x="{length / 2:g}" y="{height + 35:g}" text-anchor=middle>{text}</text>'


def _box() -> tuple[float, float, float, float]:
    return -_LEFT, -_ABOVE, _WIDTH + _LEFT + _RIGHT, _HEIGHT + _ABOVE + _BELOW


def _svg(inside: str, label: str, box: tuple[float, float, float, float]) -> str:
    name, sides = escaping.escape(label, quote=True), " ".join(f"{side:g}" for side in box)
    return f'<svg role=img aria-label="{name}" viewBox="{sides}">{inside}</svg>'
