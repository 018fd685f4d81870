"""What a comparison says in sentences and tables, the same on a terminal, in Markdown and HTML."""

from collections.abc import Sequence

import numpy as np

from edgeface.comparison.measure import Measured
from edgeface.comparison.result import Compared
from edgeface.comparison.subjects import unknown_training
from edgeface.evaluate import Paired

NONE = "–"  # where there is nothing to say
_LEVEL = 0.05

Table = tuple[Sequence[str], list[Sequence[str]]]


def shown(result: Compared) -> list[str]:
    """What was compared on, and what stands against taking the figures for more than they are."""
    pictures = result.pictures
    said = [f"on {pictures.what}: {len(pictures.truth):,} pictures of enrolled people"]
    if pictures.trained_on and pictures.only_trained:
        said.append(
            "CAUTION: all of them are pictures that the network was trained on; "
            "the accuracy below says nothing about others"
        )
    elif pictures.trained_on:
        said.append(f"{pictures.trained_on:,} more were trained on and are not counted")
    said += [f"{count:,} left out: {reason}" for reason, count in pictures.left_out.items()]
    if pictures.chosen_on:
        said.append(
            "the epoch that was kept and the thresholds were chosen on these pictures: accuracies "
            "lean to the kind side, differences do not"
        )
    strange = unknown_training([file.subject for file in result.files])
    if strange:
        said.append(
            f"not known: what {', '.join(strange)} learned from; these pictures may be among it"
        )
    return said


def reference(result: Compared) -> str:
    """Which file the others are held against, and why that one."""
    if result.chosen:
        why = "as asked"
    elif result.base.subject.scheme == "float32":
        why = "the float32 file"
    else:
        why = "the first; none of them is float32"
    return f"held against {result.reference} ({why})"


def verdicts(result: Compared) -> list[tuple[Measured, str]]:
    """Every other file with what is said of it."""
    return [(file, verdict(file)) for file in result.others]


def verdict(file: Measured) -> str:
    """``no loss found (the data could have shown 0.4 points)`` and the counts behind it."""
    paired, said = file.paired, file.verdict
    if paired is None or said is None:
        return "the others are held against it"
    if " lost and " in said.words:  # the counts are what it is about
        return said.words
    counts = f"{paired.lost} lost, {paired.gained} gained, p = {p_value(paired.p)}"
    return f"{said.words}; {counts}"


def p_value(p: float) -> str:
    """``0.03``, ``< 0.001``, ``1``."""
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2g}"


def points(paired: Paired | None) -> tuple[str, str]:
    """A difference and its interval, in percentage points."""
    if paired is None:
        return NONE, NONE
    low, high = signed(paired.low, 1), signed(paired.high, 1)
    return signed(paired.difference, 1), f"{low} to {high}"


def signed(value: float, decimals: int) -> str:
    """A number with its sign, and none where it rounds to 0."""
    text = number(value, f"+.{decimals}f")
    return text[1:] if text.strip("+-0.") == "" else text


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
                *points(paired),
                NONE if paired is None else p_value(paired.p),
                NONE if paired is None else f"{against.agreement:.3f}",
                *([NONE] * 3 if paired is None else counts),
                size(file),
            )
        )
    return head, rows


def size(file: Measured) -> str:
    """``183 kB``."""
    return f"{file.subject.size_bytes / 1000:,.0f} kB"


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
            [NONE] * 4
            if moved is None
            else [
                number(moved.mean),
                signed(moved.shift, 4),
                number(moved.right_mean),
                number(moved.right_largest),
            ]
        )
        rows.append(
            (
                file.subject.name,
                number(sure.mean, ".3f"),
                *(number(n) for n in (sure.ece, sure.ece_by_chance, sure.brier)),
                *drifts,
            )
        )
    return head, rows


def number(value: float, form: str = ".4f") -> str:
    """A number, or that it is none."""
    return format(value, form) if abs(value) < float("inf") else "no number"


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
                    changed(found.right_change),
                    f"{100 * (named - right):.1f} %",
                    f"{100 * (1 - named):.1f} %",
                )
            )
    return head, rows


def strangers(result: Compared) -> Table:
    """How many strangers get a name; empty where there are none."""
    rows: list[Sequence[str]] = [
        (file.subject.name, found.strangers.text, changed(found.strangers_change))
        for file in result.files
        if (found := file.accepting) is not None and found.strangers is not None
    ]
    return ("file", "strangers named", "change"), rows


def changed(paired: Paired | None) -> str:
    """``+1.2 (-0.3 to +2.7)``: points with their interval."""
    if paired is None:
        return NONE
    difference, interval = points(paired)
    return f"{difference} ({interval})"


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


def agreements(result: Compared) -> Table:
    """Which share of the pictures any two files answer alike."""
    names_ = [file.subject.name for file in result.files]
    return ["", *names_], [[a, *(f"{result.agreement[a, b]:.3f}" for b in names_)] for a in names_]


def areas(result: Compared) -> Table:
    """The area under the ROC curve of every file that has one."""
    rows: list[Sequence[str]] = []
    for file in result.files:
        if file.roc is not None:
            change = file.area
            moved = (
                (NONE, NONE)
                if change is None
                else (
                    signed(change.difference, 4),
                    f"{signed(change.low, 4)} to {signed(change.high, 4)}",
                )
            )
            rows.append((file.subject.name, f"{file.roc.area:.4f}", *moved))
    return ("file", f"AUC ({result.labels[-1]})", "difference", "95 % of it"), rows


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


def strangers_note(result: Compared) -> str:
    """What the strangers' column is about."""
    people = result.pictures.stranger_people
    return f"strangers: {len(people):,} faces of people who were not enrolled" + (
        f" ({len(set(people))} people)" if people else ""
    )
