"""The tables of a comparison, the same on a terminal, in Markdown and HTML."""

from collections.abc import Sequence

import numpy as np

from edgeface.comparison import words
from edgeface.comparison.result import Compared

_LEVEL = 0.05

Table = tuple[Sequence[str], list[Sequence[str]]]


def summary(result: Compared) -> Table:
    """Accuracy, difference and agreement, a row a file."""
    head = (
        *("file", "accuracy", "95 %", "difference", "95 % of it", "McNemar p"),
        *("agreement", "flips", "lost", "gained", "size"),
    )
    rows: list[Sequence[str]] = []
    for file in result.files:
        against, paired = file.against, file.paired
        counts = [str(n) for n in (against.flips, against.lost, against.gained)]
        rows.append(
            (
                file.subject.name,
                f"{against.accuracy:.3f}",
                f"{against.accuracy_low:.3f} to {against.accuracy_high:.3f}",
                *words.points(paired),
                words.NONE if paired is None else words.p_value(paired.p),
                words.NONE if paired is None else f"{against.agreement:.3f}",
                *([words.NONE] * 3 if paired is None else counts),
                words.size(file),
            )
        )
    return head, rows


def names(result: Compared) -> Table:
    """Which enrolled people get a name at the threshold of each file; empty without thresholds."""
    head = ["file", "score", "threshold", "named rightly", "change", "wrongly", "unknown"]
    rows: list[Sequence[str]] = []
    for file in result.files:
        found = file.accepting
        if found is not None:
            right, named = found.named_right.mean(), found.named.mean()
            rows.append(
                (
                    file.subject.name,
                    found.score,
                    f"{found.threshold:.6g}",
                    f"{100 * right:.1f} %",
                    words.changed(found.right_change),
                    f"{100 * (named - right):.1f} %",
                    f"{100 * (1 - named):.1f} %",
                )
            )
    return head, rows


def strangers(result: Compared) -> Table:
    """How many strangers get a name; empty where there are none."""
    rows: list[Sequence[str]] = [
        (file.subject.name, found.strangers.text, words.changed(found.strangers_change))
        for file in result.files
        if (found := file.accepting) is not None and found.strangers is not None
    ]
    return ("file", "strangers named", "change"), rows


def classes(result: Compared) -> Table:
    """Every class: how many are right with the reference, and how that changed; a row a class.

    A change that is more than chance, given how many classes there are, has a star.
    """
    head = ["class", "pictures", "right before", *(file.subject.name for file in result.others)]
    rows: list[Sequence[str]] = []
    for row, own in enumerate(result.base.classes):
        cells = [own.label, f"{own.n:,}", f"{own.right:,}"]
        for file in result.others:
            change = file.classes[row]
            star = " *" if change.p <= _LEVEL else ""
            less = change.right - change.expected
            said = f"{change.right:,}"
            cells.append(f"{said} ({less:+d}{star})" if change.lost or change.gained else said)
        rows.append(cells)
    return head, rows


def mix_ups(result: Compared, most: int) -> Table:
    """The commonest wrong answers, most first over all files; a row a pair of classes."""
    counts = {file.subject.name: file.confusion for file in result.files}
    labels = [*result.labels, "no number"]
    total = np.sum(list(counts.values()), axis=0)
    wrong = [
        (int(total[row, column]), int(row), int(column))
        for row, column in np.argwhere(total)
        if row != column
    ]
    wrong.sort(key=lambda found: (-found[0], found[1], found[2]))
    rows: list[Sequence[str]] = [
        (labels[row], labels[column], *(f"{c[row, column]:,}" for c in counts.values()))
        for _, row, column in wrong[:most]
    ]
    return ("shows", "taken for", *counts), rows


def areas(result: Compared) -> Table:
    """The area under the ROC curve of every file that has one."""
    rows: list[Sequence[str]] = []
    for file in result.files:
        if file.roc is not None:
            change = file.area
            moved = (
                (words.NONE, words.NONE)
                if change is None
                else (
                    words.signed(change.difference, 4),
                    f"{words.signed(change.low, 4)} to {words.signed(change.high, 4)}",
                )
            )
            rows.append((file.subject.name, f"{file.roc.area:.4f}", *moved))
    return ("file", f"AUC ({result.labels[-1]})", "difference", "95 % of it"), rows


def confidences(result: Compared) -> Table:
    """How sure the files are, and whether they may be; a row a file."""
    head = (
        *("file", "mean score", "calibration error", "by chance", "Brier score"),
        *("score moved by", "shift", "right class moved by", "at most"),
    )
    rows: list[Sequence[str]] = []
    for file in result.files:
        sure, moved = file.confidence, file.drift
        drifts = (
            [words.NONE] * 4
            if moved is None
            else [
                words.number(moved.mean),
                words.signed(moved.shift, 4),
                words.number(moved.right_mean),
                words.number(moved.right_largest),
            ]
        )
        rows.append(
            (
                file.subject.name,
                words.number(sure.mean, ".3f"),
                *(words.number(n) for n in (sure.ece, sure.ece_by_chance, sure.brier)),
                *drifts,
            )
        )
    return head, rows


def agreements(result: Compared) -> Table:
    """Which share of the pictures any two files answer alike."""
    names_ = [file.subject.name for file in result.files]
    return ["", *names_], [[a, *(f"{result.agreement[a, b]:.3f}" for b in names_)] for a in names_]
