"""Comparing, and the whole of what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeface import evaluate
from edgeface.comparison import measure
from edgeface.comparison.answers import Progress, run_all
from edgeface.comparison.measure import Measured
from edgeface.comparison.naming import reference_first
from edgeface.comparison.pictures import Pictures
from edgeface.comparison.subjects import Subject
from edgeface.errors import BackendMissing

SCHEMA = 2  # of ``--json``


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    Attributes:
        homes: Bundles and files that were named.
        labels: Class names, in the order of confusions.
        pictures: What was compared on.
        files: One a file that could be run, in the order in which they were named.
        reference: Name of the file that the others are held against.
        chosen: Whether the user named it, not this program.
        margin: The loss that counts for nothing, in points.
        agreement: For every pair of files the share of pictures that both answer alike.
        skipped: File → why it could not be run.
    """

    homes: tuple[Path, ...]
    labels: tuple[str, ...]
    pictures: Pictures
    files: tuple[Measured, ...]
    reference: str
    chosen: bool
    margin: float
    agreement: Mapping[tuple[str, str], float]
    skipped: Mapping[str, str]

    @property
    def base(self) -> Measured:
        """The reference."""
        return next(file for file in self.files if file.subject.name == self.reference)

    @property
    def others(self) -> tuple[Measured, ...]:
        """All but the reference."""
        return tuple(file for file in self.files if file.subject.name != self.reference)

    def as_data(self) -> dict[str, Any]:
        """For ``--json``; schema 2."""
        pictures = self.pictures
        names = [file.subject.name for file in self.files]
        return {
            "schema": SCHEMA,
            "task": "classify",
            "compared": [str(home) for home in self.homes],
            "on": pictures.what,
            "n": len(pictures.truth),
            "labels": list(self.labels),
            "strangers": len(pictures.stranger_people),
            "trained_on": pictures.trained_on,
            "only_trained": pictures.only_trained,
            "left_out": dict(pictures.left_out),
            "chosen_on": pictures.chosen_on,
            "reference": self.reference,
            "margin_points": self.margin,
            "files": [measure.as_data(file) for file in self.files],
            "agreements": [[self.agreement[a, b] for b in names] for a in names],
            "skipped": dict(self.skipped),
        }


def compare(
    subjects: Sequence[Subject],
    pictures: Pictures,
    threads: int,
    progress: Progress,
    *,
    against: Path | None = None,
    margin: float = evaluate.MARGIN,
) -> Compared:
    """Run every file on the same pictures and hold each against one of them.

    Args:
        subjects: All with the same labels, at least one.
        pictures: Cut for each of them.
        threads: Of the computation.
        progress: Wraps the numbers of the pictures, and is told what goes on.
        against: The reference by its path or name; None takes the float32 file.
        margin: The loss that counts for nothing, in points.

    Raises:
        UsageError: ``against`` is none of them.
        BackendMissing: No file can be run here, or not the one that was asked for.
        BackendError: A runtime does not take a file.
    """
    ordered = reference_first(subjects, against)
    labels = subjects[0].labels
    answered, skipped = run_all(ordered, labels, pictures, threads, progress)
    reference = answered[0]
    if against is not None and reference.subject is not ordered[0]:
        msg = f"--against {against}: {skipped[ordered[0].name]}"
        raise BackendMissing(msg)
    answers = {a.subject.name: a for a in answered}
    here = [answers[s.name] for s in subjects if s.name in answers]
    return Compared(
        homes=tuple(dict.fromkeys(s.home for s in subjects)),
        labels=labels,
        pictures=pictures,
        files=tuple(measure.measure(a, reference, pictures, labels, margin) for a in here),
        reference=reference.subject.name,
        chosen=against is not None,
        margin=margin,
        agreement={
            (a.subject.name, b.subject.name): evaluate.agreement(a.probs, b.probs)
            for a in here
            for b in here
        },
        skipped=skipped,
    )
