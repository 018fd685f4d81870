"""What the bundle of a regression says to a person: ``report.md`` and ``report.html``."""

import html as escaping
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeface import residuals
from edgeface.markup import figure, table, whole
from edgeface.pointbundle import PointFile, PointManifest
from edgeface.pointcomparison import quantisation_cost
from edgeface.runtime import open_backend
from edgeface.train import pointpictures
from edgeface.train.pointrun import PointRun

HEAD = ("file", "L2 error", "against trained", "RMSE", "worst", "parity", "size")
NOTE = (
    "Errors are in the unit of y. The L2 error is the root of the sum of squared errors and grows "
    "with the number of points; the RMSE does not. The epoch that was kept may have been chosen on "
    "these same points, so they lean to the kind side. Parity is the largest difference of a value "
    "to the trained network, over all points of the run."
)


def rows(files: Sequence[PointFile], l2: float) -> list[tuple[str, ...]]:
    """A row a file, in the order of `HEAD`.

    Args:
        files: Of one bundle.
        l2: L2 error of the trained network on the same points.
    """
    return [
        (
            file.name,
            f"{file.measured.l2:.4g}",
            f"{file.measured.l2 - l2:+.3g}",
            f"{file.measured.rmse:.4g}",
            f"{file.measured.worst:.4g}",
            f"{file.measured.parity:.2g}",
            f"{file.size_bytes / 1000:,.0f} kB",
        )
        for file in files
    ]


def findings(files: Sequence[PointFile], l2: float) -> list[str]:
    """Sentences: what int8 costs, where it costs something, and what helps."""
    costs = (quantisation_cost(f.name, f.scheme, f.measured.l2, l2) for f in files)
    return [cost for cost in costs if cost]


def facts(manifest: PointManifest, l2: float) -> list[tuple[str, str]]:
    """What stands beside the table."""
    points = manifest.files[0].measured.points
    calibration = manifest.calibration
    drawn = "none: nothing was quantised"
    if calibration is not None:
        drawn = f"{len(calibration.points)} training points, the ends of every input among them"
    return [
        ("network", manifest.network),
        ("takes", f"{', '.join(manifest.inputs)}: raw numbers, float32"),
        ("answers", f"{manifest.output}, in its own unit, float32"),
        ("trained network", f"L2 error {l2:.4g} on the same {points} points"),
        ("measured on", f"{points} points that were held back; not trained or calibrated on"),
        ("calibration", drawn),
        ("run", manifest.origin.run),
        ("made", f"{manifest.created} by edgeface {manifest.edgeface}"),
    ]


def picture(folder: Path, manifest: PointManifest, run: PointRun) -> bytes:
    """The points, and the curve that each scheme answers: a PNG.

    Args:
        folder: Where the files of the manifest lie.
        manifest: Of the bundle; one file of every scheme is run, the first of its kind.
        run: Its points.
    """
    one = run.points.x.shape[1] == 1
    at = pointpictures.fine_x(run.points) if one else run.points.x
    lines: dict[str, NDArray[np.float32]] = {}
    for file in sorted(manifest.files, key=lambda f: f.scheme != "float32"):
        if file.scheme not in lines:
            lines[file.scheme] = residuals.answers(open_backend(folder / file.name).infer, at)
    drawn = io.BytesIO()
    title = f"{manifest.network}: what its files answer"
    pointpictures.fitted(drawn, run.points, run.held, lines, title)
    return drawn.getvalue()


def markdown(manifest: PointManifest, l2: float) -> str:
    """The report as Markdown."""
    lines = [f"# {_cell(manifest.name)}", "", "| " + " | ".join(HEAD) + " |"]
    lines.append("|---" * len(HEAD) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in rows(manifest.files, l2)]
    lines += ["", *(f"- {name}: {_cell(text)}" for name, text in facts(manifest, l2)), ""]
    lines += [f"{line}\n" for line in findings(manifest.files, l2)]
    return "\n".join([*lines, NOTE, ""])


def _cell(text: str) -> str:
    """Names of columns are anybody's: nothing in them is markup."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|" else c for c in text)


def html(manifest: PointManifest, l2: float, png: bytes) -> str:
    """The report as one page without scripts and without anything from elsewhere."""
    listed = "".join(
        f"<li>{escaping.escape(name)}: {escaping.escape(text)}</li>"
        for name, text in facts(manifest, l2)
    )
    said = "".join(f"<p>{escaping.escape(f)}</p>" for f in findings(manifest.files, l2))
    alt = "The points, and the curve that the float32 and int8 files answer"
    body = (
        f"<h1>{escaping.escape(manifest.name)}</h1>"
        f"<p class=lead>What every file of this bundle was measured to do.</p>"
        f"{table(HEAD, rows(manifest.files, l2))}{said}{figure(png, alt)}<ul>{listed}</ul>"
        f"<p class=faint>{escaping.escape(NOTE)}</p>"
    )
    return whole(manifest.name, body)
