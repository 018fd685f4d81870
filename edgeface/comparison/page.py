"""The page of a comparison: one file without scripts and without anything from elsewhere."""

import html as escaping
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeface.comparison import drawing, tables, words
from edgeface.comparison.cards import cards
from edgeface.comparison.measure import Measured
from edgeface.comparison.result import Compared
from edgeface.comparison.style import LOOKS, STYLE
from edgeface.markup import table, whole

MOST_FLIPS = 30  # that are shown of a file; the others are counted, and stand in --json
LARGEST_MATRIX = 12  # classes; with more only the commonest mix-ups are shown


def html(result: Compared) -> str:
    """The whole page."""
    title = "Compared: " + ", ".join(str(home) for home in result.homes)
    parts = [
        f"<h1>{escaping.escape(title)}</h1>",
        _shown(result),
        _verdicts(result),
        table(*tables.summary(result)),
        "<p class=faint>Accuracy: share answered rightly, without unknown, with Wilson's interval. "
        "Difference: percentage points, with Tango's interval for the same pictures. McNemar p: "
        "exact, two-sided. Flips: pictures with another answer, of which lost were right before "
        "and gained are right now.</p>",
        *(_flips(file, result) for file in result.others if file.flips),
        _unflipped(result),
        _names(result),
        _classes(result),
        _curves(result),
        _confidence(result),
        *(_worst(file, result) for file in result.others),
        _agreements(result),
    ]
    return whole(title, "\n".join(part for part in parts if part), STYLE)


def _shown(result: Compared) -> str:
    lead, *more = words.shown(result)
    said = [f"<p class=lead>{escaping.escape(_sentence(lead))}</p>"]
    for line in more:
        look = "caution" if line.startswith("CAUTION") else "faint"
        said.append(f"<p class={look}>{escaping.escape(_sentence(line))}</p>")
    said += [
        f"<p class=caution>{escaping.escape(f'not compared: {name}: {why}')}</p>"
        for name, why in result.skipped.items()
    ]
    said.append(f"<p class=faint>{escaping.escape(_sentence(words.reference(result)))}</p>")
    return "".join(said)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _verdicts(result: Compared) -> str:
    if not result.others:
        return "<p>There is no other file to hold against it.</p>"
    lines = []
    for file, said in words.verdicts(result):
        look = "unsure" if file.verdict is None else LOOKS[file.verdict.kind]
        name = escaping.escape(file.subject.name)
        lines.append(f"<li class={look}><b>{name}</b> {escaping.escape(said)}</li>")
    return f"<ul class=verdicts>{''.join(lines)}</ul>"


def _flips(file: Measured, result: Compared) -> str:
    count = len(file.flips)
    name, pictures = escaping.escape(file.subject.name), "picture" if count == 1 else "pictures"
    shown = cards(file.flips[:MOST_FLIPS], file, result.base, result.pictures, result.labels)
    rest = count - MOST_FLIPS
    more = f"<p class=faint>{rest:,} more are not shown; --json lists them.</p>" if rest > 0 else ""
    return f"<h2>{name}: {count:,} {pictures} flipped</h2>{shown}{more}"


def _unflipped(result: Compared) -> str:
    names = [file.subject.name for file in result.others if not file.flips]
    if not names:
        return ""
    return f"<p>No picture flipped with {escaping.escape(', '.join(names))}.</p>"


def _worst(file: Measured, result: Compared) -> str:
    if not file.worst:
        return ""
    return (
        f"<details><summary>{escaping.escape(file.subject.name)}: where the right class lost most "
        f"probability ({len(file.worst)} pictures)</summary>"
        f"{cards(file.worst, file, result.base, result.pictures, result.labels)}</details>"
    )


def _names(result: Compared) -> str:
    head, rows = tables.names(result)
    if not rows:
        return ""
    parts = [
        f"<h2>Who gets a name</h2>{table(head, rows)}",
        "<p class=faint>Enrolled people at the threshold of each file, shares of all their "
        "pictures. Changes in points, with 95 % intervals.</p>",
    ]
    head, rows = tables.strangers(result)
    if rows:
        note = words.strangers_note(result)
        parts.append(
            f"{table(head, rows)}<p class=faint>{escaping.escape(_sentence(note))} The interval of "
            "the share allows for several pictures of one person, that of the change does not.</p>"
        )
    return "".join(parts)


def _classes(result: Compared) -> str:
    parts = ["<h2>Class by class</h2>", table(*tables.classes(result))]
    parts.append(
        "<p class=faint>Pictures that are answered rightly, and the change. A star: more than "
        "chance at 5 %, given how many classes there are (McNemar, Holm).</p>"
    )
    if len(result.labels) <= LARGEST_MATRIX:
        parts.append(f"<h3>Confusion</h3><div class=drawings>{_matrices(result)}</div>")
        parts.append("<p class=faint>Row: what a picture shows; column: what is answered.</p>")
        return "".join(parts)
    head, rows = tables.mix_ups(result, 20)
    if rows:
        parts.append(f"<h3>The commonest mix-ups</h3>{table(head, rows)}")
    return "".join(parts)


def _matrices(result: Compared) -> str:
    """A matrix for each; files that confuse alike share one."""
    alike: dict[bytes, list[Measured]] = {}
    for file in result.files:
        alike.setdefault(file.confusion.tobytes(), []).append(file)
    return "".join(
        _matrix(files[0], ", ".join(f.subject.name for f in files), result.labels)
        for files in alike.values()
    )


def _matrix(file: Measured, names: str, labels: Sequence[str]) -> str:
    unanswered = bool(file.confusion[:, -1].any())
    columns = [*labels, "no number"] if unanswered else list(labels)
    top = "".join(f"<th scope=col>{escaping.escape(label)}</th>" for label in columns)
    lines = []
    for number, label in enumerate(labels):
        cells = "".join(_cell(file.confusion, number, column) for column in range(len(columns)))
        lines.append(f"<tr><th scope=row>{escaping.escape(label)}</th>{cells}</tr>")
    return (
        f"<figure class=scroll><figcaption>{escaping.escape(names)}</figcaption>"
        f"<table class=confusion><thead><tr><th></th>{top}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></figure>"
    )


def _cell(confusion: NDArray[np.int64], row: int, column: int) -> str:
    count = int(confusion[row, column])
    look = "nil" if not count else "hit" if row == column else "miss"
    return f"<td class={look}>{count:,}</td>"


def _curves(result: Compared) -> str:
    curves = [(file.subject.name, file.roc) for file in result.files if file.roc is not None]
    if not curves:
        return ""
    drawn = drawing.roc_curves(curves, result.labels[-1])
    note = "Intervals of DeLong, DeLong and Clarke-Pearson, for the same pictures."
    return (
        f"<h2>ROC</h2><div class=drawings>{drawn}</div>{table(*tables.areas(result))}"
        f"<p class=faint>{note}</p>"
    )


def _confidence(result: Compared) -> str:
    diagrams = "".join(
        drawing.reliability(
            file.subject.name,
            file.bins.score,
            file.bins.right,
            file.bins.count,
            f"calibration error {words.number(file.confidence.ece, '.3f')}, "
            f"by chance {words.number(file.confidence.ece_by_chance, '.3f')}",
        )
        for file in result.files
    )
    return (
        f"<h2>How sure</h2>{table(*tables.confidences(result))}"
        "<p class=faint>Score: the largest probability. Calibration error: the mean distance of "
        "score and accuracy over groups of one size; by chance: what a file with true scores would "
        "show on so many pictures. Moved: against the reference, picture by picture.</p>"
        f"<div class='drawings small'>{diagrams}</div>"
        "<p class=faint>Each dot is a group of answers, from the least sure to the surest; on the "
        "dashed line the score is what it says. Whiskers: 95 %.</p>"
    )


def _agreements(result: Compared) -> str:
    if len(result.files) < 3:
        return ""
    return (
        f"<h2>Agreement</h2>{table(*tables.agreements(result))}"
        "<p class=faint>Share of the pictures that two files answer alike, rightly or not.</p>"
    )
