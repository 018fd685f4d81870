"""What layers cost, and how far files are from the network, as charts: PNGs."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from edgeface.train.explain.layers import Layer, totals
from edgeface.train.pictures import BLUE, FAINT, INK, ORANGE

MARKERS = ("o", "s", "^", "D", "v", "P")
COLOURS = (ORANGE, BLUE, "#2f855a", "#805ad5", "#b83280", "#718096")


def cost_chart(layers: Sequence[Layer]) -> bytes:
    """Parameters and multiply-adds of every layer that has any, as bars with their share."""
    shown = [layer for layer in layers if layer.parameters or layer.macs]
    whole = totals(layers)
    figure = Figure(figsize=(8, 1.1 + 0.24 * max(len(shown), 2)), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    numbers = [layer.parameters for layer in shown], [layer.macs or 0 for layer in shown]
    names = [layer.name for layer in shown]
    for axes, values, of, what, colour in (
        (left, numbers[0], whole.parameters, "parameters", BLUE),
        (right, numbers[1], whole.macs, "multiply-adds", ORANGE),
    ):
        bars = axes.barh(range(len(names)), values, color=colour, height=0.7)
        shares = [f"{100 * value / of:.1f} %" if of and value else "" for value in values]
        axes.bar_label(bars, shares, padding=3, fontsize=8, color=INK)
        axes.set_title(f"{of:,} {what}", fontsize=10, loc="left")
        axes.set_xlim(0, 1.18 * max([*values, 1]))
        axes.xaxis.set_major_formatter(_short)
        axes.tick_params(labelsize=8, color=FAINT)
        axes.spines[["top", "right"]].set_visible(False)
    left.set_yticks(range(len(names)), names)
    left.set_ylim(len(names) - 0.4, -0.6)
    return _png(figure)


def noise_chart(names: Sequence[str], by_file: Mapping[str, Sequence[float | None]]) -> bytes:
    """Signal-to-quantisation-noise ratio along the layers, a line for each file.

    Args:
        names: Of the layers, in order.
        by_file: File → decibels of each layer; None leaves a gap.
    """
    wide = max(8.0, 0.16 * len(names) + 1.5)
    figure = Figure(figsize=(wide, 3.4), dpi=120, layout="constrained")
    axes = figure.subplots()
    for number, (file, values) in enumerate(by_file.items()):
        there = [i for i, value in enumerate(values) if value is not None]
        axes.plot(
            there,
            [value for value in values if value is not None],
            label=file,
            linewidth=1,
            color=COLOURS[number % len(COLOURS)],
            marker=MARKERS[number % len(MARKERS)],
            # The first ones are drawn larger: files that agree lie upon each other.
            markersize=max(3, 8 - 2 * number),
        )
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 16 else 30, fontsize=8)
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("center" if len(names) > 16 else "right")
    axes.set_ylabel("SQNR in dB (higher is nearer)", fontsize=9)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def _short(value: float, _: Any) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()
