"""The pictures that a run leaves: the learning curve and the contact sheet of its crops."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edgeface.evaluate import Roc
from edgeface.images import Pixels

INK, PAPER, FAINT, BLUE, ORANGE = "#1c1f24", "#ffffff", "#8a919c", "#2b6cb0", "#dd6b20"
MOST_ON_SHEET = 12


def learning_curve(path: Path, rows: Sequence[Mapping[str, float]], best: int) -> None:
    """Loss and accuracy per epoch, training and validation, the kept epoch marked: a PNG."""
    from matplotlib.figure import Figure

    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(8, 3.2), dpi=120, layout="constrained")
    for axes, key in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [r[key] for r in rows], color=BLUE, label="training (augmented)")
        axes.plot(epochs, [r[f"val_{key}"] for r in rows], color=ORANGE, label="validation")
        axes.axvline(best, color=FAINT, linewidth=1, linestyle=":", label=f"kept: epoch {best}")
        axes.set(xlabel="epoch", ylabel=key)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylim(bottom=0)
    figure.axes[1].set_ylim(top=1.02)
    figure.axes[1].legend(frameon=False, loc="lower right", fontsize=8)
    figure.savefig(path)


def roc_curve(path: Path, curve: Roc, label: str) -> None:
    """The ROC of the class ``label``, and beside it the part with few false positives: a PNG."""
    from matplotlib.figure import Figure

    # Between two dollar signs matplotlib reads a language of its own.
    name = (label if len(label) <= 30 else f"{label[:29]}…").replace("$", r"\$")
    # Of a good network the upper tenth alone; a poor one would not be seen there.
    low = 0.9 if curve.true_positives[curve.false_positives <= 0.1].max() > 0.9 else 0.0
    figure = Figure(figsize=(8, 3.8), dpi=120, layout="constrained")
    for axes, (right, bottom) in zip(figure.subplots(1, 2), ((1.0, 0.0), (0.1, low)), strict=True):
        axes.step(curve.false_positives, curve.true_positives, color=BLUE, where="post")
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=":")
        margin = right * 0.02
        axes.set(xlim=(-margin, right + margin), ylim=(bottom - margin, 1 + margin))
        axes.set(xlabel="others called so (false positives)", ylabel=f"{name} found")
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_title(f"{name}: area under the curve {curve.area:.4f}", fontsize=10)
    figure.axes[1].set_title("up to a tenth of false positives", fontsize=10)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # then a box stands for it
        figure.savefig(path)


def contact_sheet(path: Path, crops: Mapping[str, tuple[Pixels, int]], side: int = 64) -> None:
    """A row of crops for every person, as the network sees them: a PNG.

    Args:
        path: Where to.
        crops: Person → the first ones, (n, height, width, channels) uint8, and how many there are.
            Three channels are taken as red-green-blue.
        side: Pixels a crop on the sheet.
    """
    font = ImageFont.load_default(14)
    gap, label = 4, 150
    columns = max(1, min(MOST_ON_SHEET, max((len(c) for c, _ in crops.values()), default=1)))
    size = (label + columns * (side + gap) + gap, len(crops) * (side + gap) + gap)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for row, (person, (pixels, count)) in enumerate(crops.items()):
        top = gap + row * (side + gap)
        name = person if len(person) <= 18 else f"{person[:17]}…"
        draw.text((gap, top + side // 2 - 16), name, INK, font)
        draw.text((gap, top + side // 2 + 2), f"{count} crops", FAINT, font)
        for column, crop in enumerate(pixels[:columns]):
            shown = np.repeat(crop, 3, axis=2) if crop.shape[2] == 1 else crop
            tile = Image.fromarray(shown).resize((side, side), Image.Resampling.NEAREST)
            sheet.paste(tile, (label + gap + column * (side + gap), top))
    sheet.save(path)
