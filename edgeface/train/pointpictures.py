"""The pictures of a regression: the learning curve, and the points with what was fitted to them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.points import Mask, Numbers, Points

# As in the pictures of a classifier: what is trained on blue, what is held back orange.
INK, FAINT, BLUE, ORANGE = "#1c1f24", "#8a919c", "#2b6cb0", "#dd6b20"
LINES = (INK, "#c53030", FAINT)
FINE = 601
_MOST_DOTS = 3000


def error_curve(path: Path, rows: Sequence[Mapping[str, float]], kept: int, unit: str) -> None:
    """RMSE per epoch, training and validation, the kept epoch marked: a PNG.

    Args:
        path: Where to.
        rows: As in `edgeface.train.fitpoints.PointHistory`.
        kept: Number of the epoch whose weights were kept.
        unit: Name of y.
    """
    from matplotlib.figure import Figure

    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(8, 3.4), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.plot(epochs, [r["rmse"] for r in rows], color=BLUE, label="training, while it changes")
    axes.plot(epochs, [r["val_rmse"] for r in rows], color=ORANGE, label="validation")
    axes.axvline(kept, color=FAINT, linewidth=1, linestyle=":", label=f"kept: epoch {kept}")
    axes.set(xlabel="epoch", ylabel=f"RMSE, in the unit of {plain(unit)}", yscale="log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path)


def fine_x(points: Points) -> Numbers:
    """(n, 1) x along the whole curve, evenly, to draw a line of."""
    return np.linspace(points.x.min(), points.x.max(), FINE)[:, None]


def fitted(
    to: Path | IO[bytes],
    points: Points,
    held: Mask,
    lines: Mapping[str, NDArray[np.float32]],
    title: str,
) -> None:
    """The points, and what was fitted to them: a PNG.

    Args:
        to: Where to.
        points: All of them; at most 3,000 are drawn, evenly chosen.
        held: Which were held back.
        lines: Legend → values, three at most: of one input at `fine_x`, the others also as their
            difference to the first; of several inputs one, at the points themselves, where what
            was answered is drawn over y.
        title: Above it.
    """
    from matplotlib.figure import Figure

    shown = np.zeros(len(points), bool)
    shown[np.linspace(0, len(points) - 1, min(_MOST_DOTS, len(points))).astype(int)] = True
    apart = points.x.shape[1] == 1 and len(lines) > 1
    figure = Figure(figsize=(8, 6 if apart else 4.6), dpi=120, layout="constrained")
    both = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1)) if apart else None
    axes = figure.subplots() if both is None else both[0]
    if points.x.shape[1] == 1:
        _dots(axes, points.x[:, 0], points.y, held, shown)
        for (label, values), colour in zip(lines.items(), LINES, strict=False):
            axes.plot(fine_x(points)[:, 0], values, color=colour, lw=1.4, label=label)
        (axes if both is None else both[1]).set_xlabel(plain(points.inputs[0]))
        axes.set_ylabel(plain(points.output))
        if both is not None:
            _apart(both[1], fine_x(points)[:, 0], lines)
    else:
        values = next(iter(lines.values()))
        _dots(axes, points.y, values, held, shown)
        ends = [points.y.min(), points.y.max()]
        axes.plot(ends, ends, color=FAINT, lw=1, ls=":", label="right")
        axes.set(xlabel=f"{plain(points.output)}, as it is", ylabel="as the network answers")
    axes.set_title(plain(title), fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(to, format="png")


def _apart(axes: Any, x: NDArray[Any], lines: Mapping[str, NDArray[np.float32]]) -> None:
    (first, base), *others = lines.items()
    axes.axhline(0, color=LINES[0], lw=1)
    for (label, values), colour in zip(others, LINES[1:], strict=False):
        axes.plot(x, values - base, color=colour, lw=1, label=f"{label} minus {first}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)


def _dots(axes: Any, x: NDArray[Any], y: NDArray[Any], held: Mask, shown: Mask) -> None:
    for side, colour, label in ((~held, BLUE, "trained on"), (held, ORANGE, "held back")):
        some = side & shown
        axes.scatter(x[some], y[some], s=14, color=colour, alpha=0.75, lw=0, label=label)


def plain(text: str) -> str:
    """Text as it is: matplotlib reads what stands between dollars as a formula."""
    return text.replace("$", r"\$")
