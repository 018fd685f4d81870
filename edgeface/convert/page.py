"""What a bundle says to a person: ``report.md`` and ``report.html``."""

import html as escaping
from collections.abc import Sequence

from edgeface.bundle import Manifest, ModelFile
from edgeface.evaluate import wilson

HEAD = ("file", "accuracy", "95 %", "against trained", "agreement", "size", "unknown below")

STYLE = """
:root { color-scheme: light dark;
  --ink: #1c1f24; --paper: #fff; --faint: #667; --line: #dde; --accent: #2b6cb0; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e8eaf0; --paper: #15171b; --faint: #9aa; --line: #334; --accent: #63b3ed; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin-bottom: .25rem; }
h2 { font-size: 1.1rem; margin-top: 2.2rem; }
p.lead { font-size: 1.1rem; margin-top: 0; }
.faint, figcaption { color: var(--faint); font-size: .875rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .95rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .35rem 1rem .35rem 0; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; }
figure { margin: 1rem 0; }
img { max-width: 100%; height: auto; border-radius: 6px; background: #fff; }
code, pre { font: .9rem ui-monospace, monospace; }
pre { padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
strong.number { color: var(--accent); }
""".strip()


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


def facts(manifest: Manifest, accuracy: float) -> list[tuple[str, str]]:
    """What stands beside the table."""
    to = manifest.preprocess
    pictures = manifest.files[0].measured.pictures
    calibration = manifest.calibration
    framing = (
        f"squares around faces found by {manifest.detector}, margin {to.margin:g} a side"
        if to.framing == "face"
        else "whole pictures, the largest centred square"
    )
    drawn = "none: nothing was quantised"
    if calibration is not None:
        drawn = f"{len(calibration.pictures)} training pictures, a black and a white one"
    return [
        ("network", manifest.network),
        ("people", f"{len(manifest.labels)}: {', '.join(manifest.labels)}"),
        ("input", f"{to.height}x{to.width} {to.colour}, {framing}"),
        ("trained network", f"accuracy {accuracy:.3f} on the same {pictures} pictures"),
        (
            "measured on",
            f"{pictures} pictures of the validation side; not trained or calibrated on",
        ),
        ("calibration", drawn),
        ("run", manifest.origin.run),
        ("made", f"{manifest.created} by edgeface {manifest.edgeface}"),
    ]


NOTE = (
    "The epoch that was kept and the thresholds were chosen on these same validation pictures, so "
    "the accuracy leans to the kind side. How many strangers get a name is not in here: measure it "
    "with edgeface compare BUNDLE PHOTOS, where PHOTOS also holds people who were not enrolled."
)


def markdown(manifest: Manifest, accuracy: float) -> str:
    """The report as Markdown."""
    lines = [f"# {manifest.name}", "", "| " + " | ".join(HEAD) + " |"]
    lines.append("|---" * len(HEAD) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in rows(manifest.files, accuracy)]
    lines += ["", *(f"- {name}: {text}" for name, text in facts(manifest, accuracy)), "", NOTE, ""]
    return "\n".join(lines)


def html(manifest: Manifest, accuracy: float) -> str:
    """The report as one page without scripts and without anything from elsewhere."""
    listed = "".join(
        f"<li>{escaping.escape(name)}: {escaping.escape(text)}</li>"
        for name, text in facts(manifest, accuracy)
    )
    body = (
        f"<h1>{escaping.escape(manifest.name)}</h1>"
        f"<p class=lead>What every file of this bundle was measured to do.</p>"
        f"{table(HEAD, rows(manifest.files, accuracy))}<ul>{listed}</ul>"
        f"<p class=faint>{escaping.escape(NOTE)}</p>"
    )
    return whole(manifest.name, body)


def table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table; every cell is escaped."""
    top = "".join(f"<th scope=col>{escaping.escape(cell)}</th>" for cell in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escaping.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in body
    )
    whole_table = f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"
    return f"<div class=scroll>{whole_table}</div>"


def whole(title: str, body: str) -> str:
    """A page around a body that is HTML already."""
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escaping.escape(title)}</title><style>\n{STYLE}\n</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )
