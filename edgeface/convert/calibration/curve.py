"""Accuracy and agreement of int8 over the number of calibration pictures: how many are enough?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeface import evaluate, records
from edgeface.bundlefolder import Format
from edgeface.convert.calibration.candidates import Candidates
from edgeface.convert.calibration.draw import with_black_and_white
from edgeface.convert.calibration.trials import Trials
from edgeface.convert.source import Teller

SCHEMA = 1
JSON, PNG = "calibration-curve.json", "calibration-curve.png"
SIZES = (2, 5, 10, 20, 50, 100, 200, 500)
SEEDS = 3
HEAD = ("file", "calibrated on", "draws", "accuracy", "least", "agreement", "least")


@dataclass(frozen=True, slots=True)
class Point:
    """One file, calibrated on one draw.

    Attributes:
        format: ``tflite`` or ``onnx``.
        size: Pictures that it was calibrated on, without black and white.
        seed: Of the draw.
        accuracy: On the validation side, 0 to 1.
        agreement: Share of it that is answered as the trained network does.
    """

    format: Format
    size: int
    seed: int
    accuracy: float
    agreement: float


@dataclass(frozen=True, slots=True)
class Curve:
    """``calibration-curve.json``, schema 1.

    Attributes:
        schema: 1.
        pictures: Of the validation side, that every point is measured on.
        float_accuracy: Of the trained network on them.
        points: Format by format, size by size, seed by seed.
    """

    schema: int
    pictures: int
    float_accuracy: float
    points: tuple[Point, ...]

    def rows(self) -> list[tuple[str, ...]]:
        """A row a format and size, under `HEAD`."""
        made = []
        for format, size in dict.fromkeys((p.format, p.size) for p in self.points):
            own = [p for p in self.points if (p.format, p.size) == (format, size)]
            accuracy, agreement = [p.accuracy for p in own], [p.agreement for p in own]
            figures = (np.mean(accuracy), min(accuracy), np.mean(agreement), min(agreement))
            cells = [f"{figure:.4f}" for figure in figures]
            made.append((f"{format} int8", str(size), str(len(own)), *cells))
        return made


def measure(
    trials: Trials,
    formats: Sequence[Format],
    offered: Candidates,
    truth: np.ndarray[tuple[int], np.dtype[np.intp]],
    probs: evaluate.Probs,
    seed: int,
    teller: Teller,
) -> Curve:
    """Calibrate on more and more pictures.

    Args:
        trials: Makes and asks the files, on the validation side.
        formats: Which.
        offered: What may be drawn.
        truth: (n,) class numbers of the validation side.
        probs: (n, classes) what the trained network answers.
        seed: The first of `SEEDS`.
        teller: Is told how it goes on.
    """
    asked = [
        (format, size, draw)
        for format in formats
        for size in sizes(len(offered.pixels))
        # All of them can be drawn in one way only.
        for draw in range(seed, seed + (SEEDS if size < len(offered.pixels) else 1))
    ]
    points = []
    for format, size, draw in teller.track(asked, "sizes of calibration"):
        chosen = with_black_and_white(offered.drawn(size, draw).pixels)
        own = trials.answers(format, chosen)
        figures = evaluate.accuracy(own, truth), evaluate.agreement(own, probs)
        points.append(Point(format, size, draw, *figures))
    return Curve(SCHEMA, len(truth), evaluate.accuracy(probs, truth), tuple(points))


def sizes(most: int) -> tuple[int, ...]:
    """Those of `SIZES` that there are pictures for; all of them too, where they are fewer."""
    possible = tuple(size for size in SIZES if size <= most)
    return possible if not most or most > SIZES[-1] or most in possible else (*possible, most)


def write(folder: Path, curve: Curve) -> None:
    """`JSON` and `PNG`, into a folder."""
    (folder / JSON).write_text(records.to_json(records.plain(curve)), "utf-8")
    draw_picture(folder / PNG, curve)


def draw_picture(path: Path, curve: Curve) -> None:
    """Every draw as a point, their means as a line, over the size: a PNG."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import ScalarFormatter

    from edgeface.train.pictures import BLUE, FAINT, ORANGE

    figure = Figure(figsize=(8, 3.6), dpi=120, layout="constrained")
    looks = {"tflite": (BLUE, "-"), "onnx": (ORANGE, "--")}  # they often lie on each other
    labelled = _apart(sorted({point.size for point in curve.points}))
    for axes, key in zip(figure.subplots(1, 2), ("accuracy", "agreement"), strict=True):
        for format in dict.fromkeys(point.format for point in curve.points):
            own = [point for point in curve.points if point.format == format]
            at = sorted({point.size for point in own})
            means = [np.mean([getattr(p, key) for p in own if p.size == size]) for size in at]
            colour, line = looks[format]
            axes.plot(at, means, line, color=colour, label=f"{format} int8, mean of its draws")
            values = [getattr(point, key) for point in own]
            axes.plot([p.size for p in own], values, ".", color=colour, alpha=0.5)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.set_xticks(labelled)
        axes.minorticks_off()
        # One picture of a hundred is no cliff.
        axes.set_ylim(min(0.9, axes.get_ylim()[0]), 1.01)
        axes.set(xlabel="calibration pictures", ylabel=key)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].axhline(
        curve.float_accuracy, color=FAINT, linewidth=1, linestyle=":", label="trained network"
    )
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.savefig(path)


def _apart(sizes: Sequence[int]) -> list[int]:
    """Those whose labels do not run into each other on a logarithmic axis."""
    kept: list[int] = []
    for size in sizes:
        if not kept or size >= 1.5 * kept[-1]:
            kept.append(size)
    return kept
