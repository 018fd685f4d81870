"""What a bundle gets when its files are there: manifest, golden values, checksums seen, report."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeface import __version__, records
from edgeface import bundle as bundles
from edgeface.convert import page, unknownpage
from edgeface.convert.calibration.curve import PNG
from edgeface.convert.files import Made
from edgeface.convert.search.record import Searched
from edgeface.convert.sides import Sides
from edgeface.convert.source import Source
from edgeface.gates import GateResult, held
from edgeface.recipe import Recipe
from edgeface.verify import tolerances_of

GOLDEN_CROPS = 16


def finish(
    folder: Path,
    name: str,
    source: Source,
    recipe: Recipe,
    sides: Sides,
    made: Sequence[Made],
    windows: Sequence[bundles.WindowFile],
    gates: Sequence[GateResult],
    searched: Searched | None = None,
) -> None:
    """Write what stands beside the files of a bundle.

    Args:
        folder: Where the files lie.
        name: Of the bundle.
        source: What was exported.
        recipe: What was asked.
        sides: The pictures.
        made: The files.
        windows: Those of the window detector.
        gates: What the recipe asked of the files, and whether they keep it.
        searched: What was tried, where a search was asked.
    """
    manifest = _manifest(folder, name, source, recipe, sides, made, windows, gates)
    spread = np.linspace(0, len(sides.pixels) - 1, min(GOLDEN_CROPS, len(sides.pixels)))
    chosen = np.unique(spread.round().astype(int))
    # Arrays by file name: keyword arguments of savez take any text.
    outputs: dict[str, Any] = {one.file.name: one.probs[chosen] for one in made}
    np.savez(folder / bundles.GOLDEN, pixels=sides.pixels[chosen], **outputs)
    seen = sorted(digest[: bundles.SEEN_DIGITS] for digest in source.seen)
    (folder / bundles.SEEN).write_text("".join(f"{digest}\n" for digest in seen), "ascii")
    if sides.unknown is not None and sides.unknown.means is not None:
        np.savez(folder / bundles.MEANS, means=sides.unknown.means)
    (folder / bundles.MANIFEST).write_text(records.to_json(records.plain(manifest)), "utf-8")
    considered = sides.unknown.considered if sides.unknown else ()
    unknown = unknownpage.of(manifest.files, considered)
    (folder / "report.md").write_text(
        page.markdown(manifest, sides.accuracy, searched, unknown), "utf-8"
    )
    layers = b"" if searched is None else searched.write(folder)
    curve = (folder / PNG).read_bytes() if (folder / PNG).is_file() else b""
    (folder / "report.html").write_text(
        page.html(manifest, sides.accuracy, curve, searched, layers, unknown), "utf-8"
    )


def _manifest(
    folder: Path,
    name: str,
    source: Source,
    recipe: Recipe,
    sides: Sides,
    made: Sequence[Made],
    windows: Sequence[bundles.WindowFile],
    gates: Sequence[GateResult],
) -> bundles.Manifest:
    files = tuple(
        replace(f, tolerances=tolerances_of(folder / f.name, f.scheme))
        for f in (one.file for one in made)
    )
    calibrated = any(file.scheme in bundles.CALIBRATED for file in files)
    return bundles.Manifest(
        schema=bundles.SCHEMA,
        name=name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        edgeface=__version__,
        network=source.network,
        labels=source.labels,
        preprocess=source.preprocess,
        detector=source.detector,
        files=files,
        calibration=sides.record if calibrated else None,
        origin=source.origin,
        windows=tuple(windows),
        gates=held(gates),
    )
