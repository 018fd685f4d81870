"""Running what is compared: every answer of every file, with the classes in one order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface.comparison.pictures import Pictures, same
from edgeface.comparison.subjects import Subject
from edgeface.datasets.crops import CropStore
from edgeface.errors import BackendError, BackendMissing
from edgeface.evaluate import Probs
from edgeface.runtime import Backend
from edgeface.vision.unknown import PROBS, one

Progress = Callable[[Sequence[int], str], Iterable[int]]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answered:
    """What one file answered.

    Attributes:
        subject: The file.
        probs: (n, classes) of the pictures, in the order of the common labels.
        scores: (n,) what is held against the threshold; None of a file without one.
        strangers: (m,) the same of the strangers.
    """

    subject: Subject
    probs: Probs
    scores: Scores | None
    strangers: Scores | None


def run_all(
    subjects: Sequence[Subject],
    labels: Sequence[str],
    pictures: Pictures,
    threads: int,
    progress: Progress,
) -> tuple[list[Answered], dict[str, str]]:
    """Run files on the same pictures, one after the other; one crop at a time is in memory.

    Args:
        subjects: In the order in which they are run.
        labels: The order that classes are brought to.
        pictures: What they are shown.
        threads: Of the computation.
        progress: Wraps the numbers of the pictures, and is told what goes on.

    Returns:
        The answers; and for files that cannot be run here name → why.

    Raises:
        BackendMissing: None of them can be run here.
        BackendError: A runtime does not take a file, or fails on a picture.
    """
    answered: list[Answered] = []
    skipped: dict[str, str] = {}
    for subject in subjects:
        try:
            backend = subject.open(threads)
        except BackendMissing as missing:
            skipped[subject.name] = f"{missing}; {missing.remedy}"
            continue
        _check_ends(subject, backend)
        doing = f"running {subject.name}"
        probs, scores = _answers(subject, backend, pictures.crops[subject.cut], doing, progress)
        strangers = pictures.strangers.get(subject.cut)
        others = None
        if strangers is not None and subject.rule is not None:
            _, others = _answers(subject, backend, strangers, f"{doing}, strangers", progress)
        answered.append(Answered(subject, probs[:, _order(subject, labels)], scores, others))
    if not answered:
        name, why = next(iter(skipped.items()))
        msg = f"no file can be run here; {name}: {why}"
        raise BackendMissing(msg)
    return answered, skipped


def _order(subject: Subject, labels: Sequence[str]) -> list[int]:
    """Where each of the common labels stands in the answer of a file."""
    place = {same(label): i for i, label in enumerate(subject.labels)}
    return [place[same(label)] for label in labels]


def _check_ends(subject: Subject, backend: Backend) -> None:
    shapes = (1, *subject.cut.preprocess.shape), (1, len(subject.labels))
    if (backend.input.shape, backend.output.shape) != shapes:
        msg = (
            f"{subject.path} takes {backend.input.shape} and answers {backend.output.shape}; "
            f"{shapes[0]} and {shapes[1]} were announced"
        )
        raise BackendError(msg, remedy="make the file again with edgeface export")


def _answers(
    subject: Subject, backend: Backend, crops: CropStore, doing: str, progress: Progress
) -> tuple[Probs, Scores | None]:
    """Every answer with the classes in the order of the file, and its score by the file's rule."""
    rule = subject.rule
    found = np.empty((len(crops), len(subject.labels)), np.float32)
    scores = np.empty(len(crops))
    for row in progress(range(len(crops)), doing):
        try:
            if rule is not None and rule.needs is not None:
                outputs = backend.infer_all(crops[row])
                found[row] = outputs[PROBS]
                scores[row] = rule.of(one(outputs))[0]
            else:
                found[row] = backend.infer(crops[row])
        except Exception as error:  # runtimes raise whatever they like
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            msg = f"{backend.name} failed on one picture ({doing}: {reason})"
            raise BackendError(msg) from error
    if rule is None:
        return found, None
    return found, scores if rule.needs is not None else rule.of({PROBS: found})
