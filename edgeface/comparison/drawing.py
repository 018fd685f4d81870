"""Drawings of the page as SVG that stands in it: ROC curves and reliability diagrams.

Colours are CSS variables of the page (`edgeface.comparison.style`), so that a drawing follows the
light and the dark look; curves also differ by their dashes, for whoever sees no colours or prints.
"""

import html as escaping
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeface.evaluate import Roc, wilson

COLOURS = 6  # --c0 to --c5
_DASHES = ("", "7 4", "2 3", "10 3 2 3", "4 2", "1 2")
_GOOD_AREA, _CORNER = 0.97, 0.1
_SIDE, _LEFT, _ABOVE, _BELOW = 300, 54, 12, 44


def roc_curves(curves: Sequence[tuple[str, Roc]], positive: str) -> str:
    """The ROC curves of some files in one square, and their best corner where all are good.

    Args:
        curves: Name of the file → its curve.
        positive: The class that is to be found.
    """
    label = "ROC curves of " + ", ".join(name for name, _ in curves)
    axes = f"share of the others taken for {positive}", f"share of {positive} found"
    drawn = [_frame(_chance() + _curves(curves, 1.0), *axes, label)]
    if min(curve.area for _, curve in curves) >= _GOOD_AREA:
        inside = f"<svg width={_SIDE} height={_SIDE}>{_curves(curves, _CORNER)}</svg>"
        drawn.append(_frame(inside, *axes, f"{label}: the corner", _CORNER))
    legend = "".join(
        f"<li>{_sample(number)} {escaping.escape(name)}: {curve.area:.4f}</li>"
        for number, (name, curve) in enumerate(curves)
    )
    figures = "".join(f"<figure class=drawn>{drawing}</figure>" for drawing in drawn)
    return f"{figures}<ul class=legend><li>area under the curve</li>{legend}</ul>"


def _curves(curves: Sequence[tuple[str, Roc]], corner: float) -> str:
    lines = []
    for number, (_, curve) in enumerate(curves):
        x, y = _thinned(curve.false_positives, curve.true_positives)
        lines.append(_line(x / corner, 1 - (1 - y) / corner, number))
    return "".join(reversed(lines))  # the first, the reference, is drawn over the others


def _chance() -> str:
    return f'<line class=chance x1="0" y1="{_SIDE}" x2="{_SIDE}" y2="0"/>'


def reliability(
    name: str,
    confidence: NDArray[np.float64],
    right: NDArray[np.intp],
    count: NDArray[np.intp],
    caption: str,
) -> str:
    """A reliability diagram: how often a file is right where it is so and so sure of its answer.

    Args:
        name: Of the file.
        confidence: (bins,) mean score of the answers of a bin, 0 to 1.
        right: (bins,) how many of them are right.
        count: (bins,) how many there are; empty bins are left out.
        caption: Below it.
    """
    parts = [_chance()]
    most = int(count.max()) if len(count) else 0
    for mean, hits, n in zip(confidence.tolist(), right.tolist(), count.tolist(), strict=True):
        if not n:
            continue
        low, high = wilson(hits, n)
        x, y = _SIDE * mean, _SIDE * (1 - hits / n)
        said = f"{n} answers with a score near {mean:.2f}: {hits} right"
        parts.append(
            f'<g><title>{escaping.escape(said)}</title><line class=whisker x1="{x:.1f}" '
            f'y1="{_SIDE * (1 - low):.1f}" x2="{x:.1f}" y2="{_SIDE * (1 - high):.1f}"/>'
            f'<circle class=bin cx="{x:.1f}" cy="{y:.1f}" r="{2.5 + 6.5 * (n / most) ** 0.5:.1f}"/>'
            "</g>"
        )
    drawn = _frame(
        "".join(parts), "score of the answer", "share that is right", f"reliability of {name}"
    )
    return (
        f"<figure class=drawn>{drawn}<figcaption><b>{escaping.escape(name)}</b><br>"
        f"{escaping.escape(caption)}</figcaption></figure>"
    )


def _frame(inside: str, across: str, up: str, label: str, corner: float = 1.0) -> str:
    """A square around what is drawn in 0 to 300 px: from 0 to 1 on both axes, or its best corner.

    Args:
        inside: The drawing.
        across: What the axis to the right is.
        up: What the axis upwards is.
        label: For those who do not see it.
        corner: How much of either axis there is: from 0 to the right, up to 1 upwards.
    """
    grid, marks = [], []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = _SIDE * tick
        grid.append(f'<line class=grid x1="{at:g}" y1="0" x2="{at:g}" y2="{_SIDE}"/>')
        grid.append(f'<line class=grid x1="0" y1="{at:g}" x2="{_SIDE}" y2="{at:g}"/>')
        right, above = tick * corner, 1 - (1 - tick) * corner
        marks.append(f'<text x="{at:g}" y="{_SIDE + 16}" text-anchor=middle>{right:g}</text>')
        marks.append(f'<text x="-7" y="{_SIDE - at + 4:g}" text-anchor=end>{above:.4g}</text>')
    middle, width = _SIDE / 2, _SIDE + _LEFT + 14
    marks.append(
        f'<text x="{middle:g}" y="{_SIDE + 36}" text-anchor=middle>{escaping.escape(across)}</text>'
    )
    marks.append(
        f'<text transform="translate(-40 {middle:g}) rotate(-90)" text-anchor=middle>'
        f"{escaping.escape(up)}</text>"
    )
    return (
        f'<svg role=img aria-label="{escaping.escape(label, quote=True)}" '
        f'viewBox="{-_LEFT} {-_ABOVE} {width} {_SIDE + _ABOVE + _BELOW}" '
        f'width="{width}" height="{_SIDE + _ABOVE + _BELOW}">'
        f"{''.join(grid)}{inside}{''.join(marks)}</svg>"
    )


def _line(x: NDArray[np.float64], y: NDArray[np.float64], number: int) -> str:
    points = " ".join(
        f"{_SIDE * a:.1f},{_SIDE * (1 - b):.1f}"
        for a, b in zip(x.tolist(), y.tolist(), strict=True)
    )
    return f'<polyline {_look(number)} points="{points}"/>'


def _look(number: int) -> str:
    dashes = _DASHES[number % len(_DASHES)]
    return f'class="curve c{number % COLOURS}"' + (
        f' stroke-dasharray="{dashes}"' if dashes else ""
    )


def _sample(number: int) -> str:
    return (
        '<svg width="34" height="10" aria-hidden=true>'
        f'<line {_look(number)} x1="0" y1="5" x2="34" y2="5"/></svg>'
    )


def _thinned(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The corners of a curve: points between two others on one line draw nothing."""
    if len(x) < 3:
        return x, y
    before = (x[1:-1] - x[:-2]) * (y[2:] - y[1:-1])
    after = (y[1:-1] - y[:-2]) * (x[2:] - x[1:-1])
    kept = np.r_[True, np.abs(before - after) > 1e-12, True]
    return x[kept], y[kept]
