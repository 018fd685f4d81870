"""Every file of a regression on the same points, and what is said of it."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface import records, residuals
from edgeface.comparison.naming import reference_first, told
from edgeface.errors import BackendMissing
from edgeface.pointcomparison.subjects import PointSubject, Shown
from edgeface.verdicts import Verdict

SCHEMA = 2  # of ``--json``
MOST_WORST = 10
_LEAST_GROWTH = 0.001  # of the reference's RMSE: another runtime alone makes less

# What a table shows: below this share of the error of float32, a scheme costs nothing worth a word.
_WORTH_SAYING = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One file on the points.

    Attributes:
        subject: The file.
        values: (n,) what it answered.
        compared: Its errors, and how they changed against the reference.
        verdict: What that means; None of the reference.
    """

    subject: PointSubject
    values: NDArray[np.float32]
    compared: residuals.Comparison
    verdict: Verdict | None

    def as_data(self) -> dict[str, Any]:
        """A file in ``--json``; null where it answered no number."""
        data = told(self.subject)
        found = records.plain(self.compared)
        data |= {key: value if math.isfinite(value) else None for key, value in found.items()}
        data["verdict"] = None if self.verdict is None else records.plain(self.verdict)
        return data


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    Attributes:
        homes: Bundles and files that were named.
        shown: What it was compared on.
        files: One a file that could be run, in the order in which they were named.
        reference: Name of the file that the others are held against.
        chosen: Whether the user named it, not this program.
        skipped: File → why it could not be run.
    """

    homes: tuple[Path, ...]
    shown: Shown
    files: tuple[Measured, ...]
    reference: str
    chosen: bool
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
        return {
            "schema": SCHEMA,
            "task": "regress",
            "compared": [str(home) for home in self.homes],
            "on": self.shown.what,
            "n": len(self.shown.points),
            "trained_on": self.shown.trained_on,
            "only_trained": self.shown.only_trained,
            "reference": self.reference,
            "files": [file.as_data() for file in self.files],
            "worst": [self._worst(file) for file in self.others],
            "skipped": dict(self.skipped),
            "findings": self.findings(),
        }

    def findings(self) -> list[str]:
        """Sentences: which quantised file is worse than the reference, by how much, what helps.

        They are about these points; whether others would show it too is what the verdict says.
        """
        base = self.base
        if base.subject.scheme != "float32":
            return []
        said = (
            quantisation_cost(
                file.subject.name,
                file.subject.scheme,
                _or_none(file.compared.l2),
                _or_none(base.compared.l2),
            )
            for file in self.files
        )
        return [line for line in said if line]

    def worst(self, file: Measured) -> NDArray[np.intp]:
        """Points whose error grew most, the largest growth first: numbers of rows."""
        y = self.shown.points.y
        before = np.abs(self.base.values.astype(np.float64) - y)
        growth = np.abs(file.values.astype(np.float64) - y) - before
        growth = np.where(np.isfinite(growth), growth, np.inf)
        rmse = self.base.compared.rmse
        least = _LEAST_GROWTH * rmse if math.isfinite(rmse) else 0.0
        rows = np.argsort(-growth, kind="stable")[:MOST_WORST]
        return np.asarray([row for row in rows if growth[row] > least], np.intp)

    def _worst(self, file: Measured) -> dict[str, Any]:
        points = self.shown.points
        listed = [
            {
                "x": points.x[row].tolist(),
                "y": float(points.y[row]),
                "expected": _or_none(float(self.base.values[row])),
                "answered": _or_none(float(file.values[row])),
            }
            for row in self.worst(file)
        ]
        return {"file": file.subject.name, "points": listed}


def _or_none(number: float) -> float | None:
    return number if math.isfinite(number) else None


def quantisation_cost(file: str, scheme: str, l2: float | None, reference: float | None) -> str:
    """What a scheme costs, in a sentence; empty where it costs nothing worth a word.

    Args:
        file: Name of the file.
        scheme: Of the file.
        l2: Its L2 error; None where it answered no number.
        reference: That of float32, on the same points.
    """
    if scheme == "float32" or reference is None:
        return ""
    if l2 is not None and l2 - reference <= _WORTH_SAYING * reference:
        return ""
    error = "no finite error" if l2 is None else f"an L2 error of {l2:.4g}"
    steps = "256 steps" if scheme == "int8" else f"the steps of {scheme}"
    return (
        f"{file} has {error}, float32 has {reference:.4g}: {steps} are coarse for a number; "
        "take the float32 file where that is too much"
    )


def compare(
    subjects: Sequence[PointSubject],
    shown: Shown,
    threads: int,
    track: Callable[[Sequence[PointSubject], str], Iterable[PointSubject]],
    *,
    against: Path | None = None,
    margin: float = residuals.MARGIN,
) -> Compared:
    """Run every file on the same points and hold each against one of them.

    Args:
        subjects: At least one, all with the same inputs.
        shown: The points.
        threads: Of the computation.
        track: Wraps the files, for a progress bar.
        against: The reference by its path or name; None takes the float32 file, as for pictures.
        margin: The loss that counts for nothing, as a share of the error of the reference.

    Raises:
        UsageError: ``against`` is none of them.
        BackendMissing: No file can be run here, or not the one that was asked for.
    """
    ordered = reference_first(subjects, against)
    answers: dict[str, NDArray[np.float32]] = {}
    skipped: dict[str, str] = {}
    for subject in track(ordered, "comparing"):
        try:
            backend = subject.open(threads)
        except BackendMissing as missing:
            skipped[subject.name] = f"{missing}; {missing.remedy}"
            continue
        answers[subject.name] = residuals.answers(backend.infer, shown.points.x)
    if not answers:
        name, why = next(iter(skipped.items()))
        msg = f"no file can be run here; {name}: {why}"
        raise BackendMissing(msg)
    reference = next(iter(answers))
    if against is not None and reference != ordered[0].name:
        msg = f"--against {against}: {skipped[ordered[0].name]}"
        raise BackendMissing(msg)
    return Compared(
        homes=tuple(dict.fromkeys(s.home for s in subjects)),
        shown=shown,
        files=tuple(
            _measure(s, answers[s.name], answers[reference], shown.points.y, margin)
            for s in subjects
            if s.name in answers
        ),
        reference=reference,
        chosen=against is not None,
        skipped=skipped,
    )


def _measure(
    subject: PointSubject,
    values: NDArray[np.float32],
    reference: NDArray[np.float32],
    y: NDArray[np.float64],
    margin: float,
) -> Measured:
    compared = residuals.compare(values, reference, y)
    itself = values is reference
    verdict = None if itself else residuals.judge(compared, margin)
    return Measured(subject, values, compared, verdict)
