"""What a bundle says to a person: ``report.md`` and ``report.html``."""

import html as escaping
from collections.abc import Sequence

from edgeface.bundle import Manifest, ModelFile
from edgeface.convert import unknownpage
from edgeface.convert.calibration import page as calibrated
from edgeface.convert.search.record import Searched
from edgeface.evaluate import wilson
from edgeface.markup import table, whole

HEAD = ("file", "accuracy", "95 %", "against trained", "agreement", "size", "unknown below")


def rows(files: Sequence[ModelFile], accuracy: float) -> list[tuple[str, ...]]:
    """A row a file, in the order of `HEAD`."""
    made: list[tuple[str, ...]] = []
    for file in files:
        measured = file.measured
        low, high = wilson(round(measured.accuracy * measured.pictures), measured.pictures)
        made.append(
            (
                file.name,
                f"{measured.accuracy:.3f}",
                f"{low:.3f} to {high:.3f}",
                f"{100 * (measured.accuracy - accuracy):+.1f} points",
                f"{measured.agreement:.3f}",
                f"{file.size_bytes / 1000:,.0f} kB",
                file.threshold_text,
            )
        )
    return made


def facts(
    manifest: Manifest, accuracy: float, searched: Searched | None = None
) -> list[tuple[str, str]]:
    """What stands beside the table."""
    to = manifest.preprocess
    pictures = manifest.files[0].measured.pictures
    calibration = manifest.calibration
    framing = {
        "face": f"squares around faces found by {manifest.detector}, margin {to.margin:g} a side",
        "whole": "whole pictures, the largest centred square",
        "stretched": "whole pictures, stretched to the input's shape",
    }[to.framing]
    drawn = "none: nothing was quantised"
    if calibration is not None:
        drawn = calibrated.fact(calibration)
    return [
        ("network", manifest.network),
        ("people", f"{len(manifest.labels)}: {', '.join(manifest.labels)}"),
        ("input", f"{to.height}x{to.width} {to.colour}, {framing}"),
        ("trained network", f"accuracy {accuracy:.3f} on the same {pictures} pictures"),
        (
            "measured on",
            f"{pictures} {_HELD[manifest.origin.kind]}"
            if searched is None
            else searched.halves.said,
        ),
        ("calibration", drawn),
        (_FROM[manifest.origin.kind], manifest.origin.run),
        ("made", f"{manifest.created} by edgeface {manifest.edgeface}"),
    ]


_FROM = {"run": "run", "keras": "network of one's own"}
_HELD = {
    "run": "pictures of the validation side; not trained or calibrated on",
    "keras": "of the photographs; not calibrated on, but whether trained on is not known here",
}
NOTES = {
    "run": "The epoch that was kept and the thresholds were chosen on these same validation "
    "pictures, so the accuracy leans to the kind side.",
    "keras": "The thresholds were chosen on these same photographs, and the accuracy leans to the "
    "kind side if the network was trained on some of them.",
}
SEARCHED = (
    "The files were searched on other pictures than these, and the thresholds chosen on these."
)
NO_STRANGERS = (
    "How many strangers get a name is not in here: export with --far 0.01 --strangers PHOTOS fits "
    "the thresholds to that, and edgeface compare BUNDLE PHOTOS --strangers PHOTOS measures it."
)


def _note(manifest: Manifest, searched: Searched | None, unknown: unknownpage.Told | None) -> str:
    note = NOTES[manifest.origin.kind] if searched is None else SEARCHED
    return f"{note} {NO_STRANGERS}" if unknown is None else note


def markdown(
    manifest: Manifest,
    accuracy: float,
    searched: Searched | None = None,
    unknown: unknownpage.Told | None = None,
) -> str:
    """The report as Markdown."""
    lines = [f"# {manifest.name}", "", "| " + " | ".join(HEAD) + " |"]
    lines.append("|---" * len(HEAD) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in rows(manifest.files, accuracy)]
    lines += ["", *(f"- {name}: {text}" for name, text in facts(manifest, accuracy, searched))]
    lines += ["", _note(manifest, searched, unknown)]
    if unknown is not None:
        lines += ["", *unknown.markdown()]
    if searched is not None:
        lines += ["", searched.markdown()]
    if manifest.calibration is not None:
        lines += calibrated.markdown(manifest.calibration)
    lines.append("")
    return "\n".join(lines)


def html(
    manifest: Manifest,
    accuracy: float,
    curve: bytes = b"",
    searched: Searched | None = None,
    layers: bytes = b"",
    unknown: unknownpage.Told | None = None,
) -> str:
    """The report as one page without scripts and without anything from elsewhere.

    Args:
        manifest: Of the bundle.
        accuracy: Of the trained network.
        curve: The picture of its calibration curve, a PNG; empty where there is none.
        searched: What was tried, where a search was asked.
        layers: The picture of how much each layer suffers, a PNG; empty where there is none.
        unknown: How often strangers get a name, where that was fitted.
    """
    listed = "".join(
        f"<li>{escaping.escape(name)}: {escaping.escape(text)}</li>"
        for name, text in facts(manifest, accuracy, searched)
    )
    note = _note(manifest, searched, unknown)
    body = (
        f"<h1>{escaping.escape(manifest.name)}</h1>"
        f"<p class=lead>What every file of this bundle was measured to do.</p>"
        f"{table(HEAD, rows(manifest.files, accuracy))}<ul>{listed}</ul>"
        f"<p class=faint>{escaping.escape(note)}</p>"
    )
    if unknown is not None:
        body += unknown.html()
    if searched is not None:
        body += searched.html(layers)
    if manifest.calibration is not None:
        body += calibrated.html(manifest.calibration, curve)
    return whole(manifest.name, body)
