"""How much each layer suffers from int8, alone: the rest of the file stays in float."""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeface import evaluate
from edgeface.bundlefolder import Format
from edgeface.convert.search.quantiser import Quantiser
from edgeface.convert.search.tries import divergence
from edgeface.convert.sides import Sides
from edgeface.runtime import open_backend

MOST_PICTURES = 128
Track = Callable[[Sequence[str], str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What becomes of the answers when one layer alone is in int8, its input and output with it.

    Attributes:
        layer: Its name.
        divergence: Mean Kullback-Leibler divergence from the trained network's answers, in nats.
        sqnr_db: Signal-to-quantisation-noise ratio of the answers; None where they are the same.
        agreement: Share answered as the trained network answers, 0 to 1.
    """

    layer: str
    divergence: float
    sqnr_db: float | None
    agreement: float


def measure(
    quantiser: Quantiser, sides: Sides, folder: Path, track: Track
) -> tuple[Sensitivity, ...]:
    """Quantise every layer alone; a conversion a layer.

    Args:
        quantiser: Of one format.
        sides: The pictures that are searched on; `MOST_PICTURES` of them are taken, evenly.
        folder: Where a file may lie while it is measured.
        track: Layers, with progress.

    Returns:
        In the order of the network.
    """
    chosen = np.unique(
        np.linspace(0, len(sides.truth) - 1, min(MOST_PICTURES, len(sides.truth))).round()
    ).astype(np.intp)
    pixels, reference = sides.pixels[chosen], sides.probs[chosen]
    path = folder / f"layer.{quantiser.format}"
    found = []
    doing = f"{quantiser.format}: each of {len(quantiser.layers)} layers alone in int8"
    for layer in track(quantiser.layers, doing):
        path.write_bytes(quantiser.only(layer))
        backend = open_backend(path)
        probs = evaluate.answers(backend.infer, pixels, reference.shape[1])
        found.append(
            Sensitivity(
                layer,
                divergence(reference, probs),
                _sqnr_db(reference, probs),
                evaluate.agreement(probs, reference),
            )
        )
    path.unlink(missing_ok=True)
    return tuple(found)


def sorted_by_harm(found: Sequence[Sensitivity]) -> tuple[str, ...]:
    """Layers, the one that suffers most first; of equal ones, the one that comes first."""
    return tuple(one.layer for one in sorted(found, key=lambda one: -one.divergence))


def _sqnr_db(reference: evaluate.Probs, probs: evaluate.Probs) -> float | None:
    noise = float(((probs.astype(np.float64) - reference) ** 2).sum())
    if not noise:
        return None
    return float(10 * np.log10(float((reference.astype(np.float64) ** 2).sum()) / noise))


def chart(
    by_format: Mapping[Format, Sequence[Sensitivity]], in_float: Mapping[Format, Sequence[str]]
) -> bytes:
    """How far every layer alone moves the answers, as bars, a panel a format: a PNG.

    Args:
        by_format: What was measured.
        in_float: Format → layers that were left in float.
    """
    from matplotlib.figure import Figure

    from edgeface.train.pictures import BLUE, FAINT, INK, ORANGE

    rows = max(len(found) for found in by_format.values())
    figure = Figure(
        figsize=(4.2 * len(by_format) + 1.2, 1.4 + 0.24 * max(rows, 3)),
        dpi=120,
        layout="constrained",
    )
    panels = figure.subplots(1, len(by_format), squeeze=False)[0]
    sound = [one.divergence for f in by_format.values() for one in f if one.divergence > 0]
    sound = [value for value in sound if np.isfinite(value)] or [1.0]
    least, most = max(min(sound), 1e-9) / 3, max(sound) * 10
    for axes, (format, found) in zip(panels, by_format.items(), strict=True):
        kept = in_float.get(format, ())
        values = [
            max(one.divergence, least) if np.isfinite(one.divergence) else most for one in found
        ]
        colours = [ORANGE if one.layer in kept else BLUE for one in found]
        axes.barh(range(len(found)), values, left=0, color=colours, height=0.7)
        axes.set_xscale("log")
        axes.set_xlim(least, most)
        texts = [f"{100 * (1 - one.agreement):.1f} %" for one in found]
        for i, (value, text) in enumerate(zip(values, texts, strict=True)):
            axes.text(value * 1.3, i, text, va="center", fontsize=7, color=INK)
        axes.set_yticks(range(len(found)), [one.layer for one in found], fontsize=8)
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_title(format, fontsize=10, loc="left")
        axes.set_xlabel("divergence from float, nats (longer suffers more)", fontsize=8)
        axes.tick_params(axis="x", labelsize=8, color=FAINT)
        axes.spines[["top", "right"]].set_visible(False)
    title = "each layer alone in int8; beside the bar: answers that become others"
    if any(in_float.values()):
        title += "; orange: left in float"
    figure.suptitle(title, fontsize=9, x=0.01, ha="left")
    content: Any = io.BytesIO()
    figure.savefig(content, format="png")
    return bytes(content.getvalue())
