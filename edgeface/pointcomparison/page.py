"""A comparison of regressions as a page without scripts, and as Markdown."""

import html as escaping

import numpy as np
from numpy.typing import NDArray

from edgeface.comparison import marked
from edgeface.comparison.style import LOOKS, STYLE
from edgeface.markup import table, whole
from edgeface.pointcomparison import words
from edgeface.pointcomparison.result import Compared

MOST_DOTS = 2000
_WIDTH, _HEIGHT, _LEFT = 320, 180, 56


def html(result: Compared) -> str:
    """The whole page."""
    title = "Compared: " + ", ".join(str(home) for home in result.homes)
    lead, *more = words.shown(result)
    lines = [
        f"<li class={LOOKS[file.verdict.kind]}><b>{escaping.escape(file.subject.name)}</b> "
        f"{escaping.escape(said)}</li>"
        for file, said in words.verdicts(result)
        if file.verdict is not None
    ]
    parts = [
        f"<h1>{escaping.escape(title)}</h1>",
        f"<p class=lead>{escaping.escape(lead[:1].upper() + lead[1:])}.</p>",
        *(f"<p class=faint>{escaping.escape(line)}</p>" for line in (*more, *_skipped(result))),
        f"<ul class=verdicts>{''.join(lines)}</ul>",
        table(*words.summary(result)),
        f"<p class=faint>{escaping.escape(words.note(result))}</p>",
        *(f"<p>{escaping.escape(line)}</p>" for line in result.findings()),
        "<h2>Errors, point by point</h2>",
        _errors(result),
    ]
    for file in result.others:
        head, rows = words.worst(result, file)
        if rows:
            name = escaping.escape(file.subject.name)
            parts.append(f"<h2>{name}: where the error grew most</h2>{table(head, rows)}")
    return whole(title, "\n".join(parts), STYLE)


def markdown(result: Compared) -> str:
    """The whole report."""
    homes = ", ".join(str(home) for home in result.homes)
    facts = [*words.shown(result), words.note(result), *_skipped(result), *result.findings()]
    parts = [
        f"# Compared: {marked.plain(homes)}",
        "\n".join(f"- {marked.plain(line)}" for line in facts),
        "\n".join(
            f"- **{marked.plain(file.subject.name)}**: {marked.plain(said)}"
            for file, said in words.verdicts(result)
        ),
        marked.table(*words.summary(result)),
    ]
    for file in result.others:
        head, rows = words.worst(result, file)
        if rows:
            parts.append(f"## {marked.plain(file.subject.name)}: where the error grew most")
            parts.append(marked.table(head, rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def _skipped(result: Compared) -> list[str]:
    return [f"not compared: {name}: {why}" for name, why in result.skipped.items()]


def _errors(result: Compared) -> str:
    """The error of every file at every point, over the right value, on one scale."""
    y = result.shown.points.y
    every = max(1, -(-len(y) // MOST_DOTS))
    errors = {
        file.subject.name: file.values.astype(np.float64)[::every] - y[::every]
        for file in result.files
    }
    sound = [e[np.isfinite(e)] for e in errors.values()]
    most = max((float(np.abs(e).max()) for e in sound if len(e)), default=0.0) or 1.0
    drawn = "".join(_dots(name, y[::every], e, most) for name, e in errors.items())
    output = escaping.escape(result.shown.points.output)
    note = f"Across: {output}, from {y.min():.4g} to {y.max():.4g}; up: answer minus {output}."
    if every > 1:
        note += f" Every {every}th point is drawn."
    return f"<div class=drawings>{drawn}</div><p class=faint>{note}</p>"


def _dots(name: str, y: NDArray[np.float64], error: NDArray[np.float64], most: float) -> str:
    span = float(np.ptp(y)) or 1.0
    dots = []
    for right, off in zip(y.tolist(), error.tolist(), strict=True):
        if np.isfinite(off):
            across, up = _WIDTH * (right - float(y.min())) / span, _HEIGHT / 2 * (1 - off / most)
            dots.append(f'<circle class=dot cx="{across:.1f}" cy="{up:.1f}" r="1.8"/>')
    middle = _HEIGHT / 2
    marks = "".join(
        f'<text x="-6" y="{at + 4:g}" text-anchor=end>{label}</text>'
        for at, label in ((0.0, f"{most:+.3g}"), (middle, "0"), (_HEIGHT, f"{-most:+.3g}"))
    )
    return (
        f"<figure class=drawn><svg role=img "
        f'aria-label="errors of {escaping.escape(name, quote=True)}" '
        f'viewBox="{-_LEFT} -10 {_WIDTH + _LEFT + 8} {_HEIGHT + 20}" '
        f'width="{_WIDTH + _LEFT + 8}" height="{_HEIGHT + 20}">'
        f'<line class=grid x1="0" y1="{middle:g}" x2="{_WIDTH}" y2="{middle:g}"/>'
        f"{''.join(dots)}{marks}</svg>"
        f"<figcaption><b>{escaping.escape(name)}</b></figcaption></figure>"
    )
