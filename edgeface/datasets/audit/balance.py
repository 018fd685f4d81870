"""How many pictures there are of each label, and whether that is too few or too uneven."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeface.datasets.audit.findings import Finding, Item
from edgeface.datasets.audit.survey import Survey
from edgeface.datasets.split import Side

FEW = 10  # pictures to train on: below it nobody's looks are covered
UNEVEN = 5  # times as many of one label as of another: accuracy then hides the rare one


@dataclass(frozen=True, slots=True)
class Count:
    """How many readable pictures there are of a label.

    Attributes:
        label: The label.
        pictures: On all sides, and on none.
        training: On that side; None where there is no split.
        validation: Likewise.
        test: Likewise.
    """

    label: str
    pictures: int
    training: int | None = None
    validation: int | None = None
    test: int | None = None

    @property
    def to_train_on(self) -> int:
        """On the training side, where there is one."""
        return self.pictures if self.training is None else self.training


def count(
    labels: Sequence[str], survey: Survey, sides: Mapping[str, Side] | None
) -> tuple[Count, ...]:
    """Count, of every label, also of those without a readable picture.

    Args:
        labels: All of them.
        survey: The pictures.
        sides: Name → side; None: there is no split.
    """
    pictures = Counter(seen.photo.label for seen in survey.seen)
    if sides is None:
        return tuple(Count(label, pictures[label]) for label in labels)
    on = Counter((seen.photo.label, sides.get(seen.photo.name)) for seen in survey.seen)
    return tuple(
        Count(
            label,
            pictures[label],
            on[label, "training"],
            on[label, "validation"],
            on[label, "test"],
        )
        for label in labels
    )


def of_labels(counts: Sequence[Count]) -> list[Finding]:
    """What is wrong with the numbers."""
    found = []
    few = sorted((c.to_train_on, c.label) for c in counts if c.to_train_on < FEW)
    if few:
        items = tuple(Item((label,), f"{n} to train on, fewer than {FEW}") for n, label in few)
        found.append(Finding("few", sum(n for n, _ in few), items))
    least = min(counts, key=lambda c: (c.to_train_on, c.label))
    most = max(counts, key=lambda c: (c.to_train_on, c.label))
    if most.to_train_on >= UNEVEN * max(least.to_train_on, 1):
        said = f"{least.to_train_on} to train on, {most.to_train_on} of {most.label}"
        total = sum(c.to_train_on for c in counts)
        found.append(Finding("uneven", total, (Item((least.label,), said),)))
    return found
