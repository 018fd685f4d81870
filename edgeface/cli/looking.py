"""What the commands that look at pictures share: which file of which bundle, which detector."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import foreign, output, targets
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeface.bundle import Bundle, ModelFile
    from edgeface.modelfile import Facts
    from edgeface.vision.pipeline import Pipeline

Detector = Annotated[
    str | None,
    typer.Option(
        "--detector",
        help="haar (comes with OpenCV), yunet, window (by file), none. [the bundle's own]",
    ),
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What will answer.

    Attributes:
        path: As it was named.
        name: Of the file.
        home: The bundle's folder, or the file that stands alone.
        bundle: None for a file that stands alone.
        file: Of the bundle.
        facts: Of a file that stands alone.
    """

    path: Path
    name: str
    home: Path
    bundle: "Bundle | None" = None
    file: "ModelFile | None" = None
    facts: "Facts | None" = None


def choose(
    named: Path | None, format: str | None, scheme: str | None, told: "Mapping[str, Any]"
) -> Chosen:
    """The file that will answer, and what belongs to it.

    Args:
        named: A bundle, a file of one, or one that stands alone; None is the newest bundle.
        format: Chooses among the files of a bundle.
        scheme: The same.
        told: What a foreign file does not say (see `edgeface.cli.foreign`).

    Raises:
        UsageError: There is none such; or something was told of a file that says it itself.
        BundleError: The bundle is damaged.
        BackendError: The file is.
    """
    target = targets.resolve(named, format, scheme)
    if target.bundle is None:
        from edgeface.modelfile import complete, read_facts

        facts = complete(read_facts(target.path), **told)
        return Chosen(target.path, target.path.name, target.path, facts=facts)
    if told:
        msg = f"--{next(iter(told))}: {target.path} says that itself"
        raise UsageError(msg, remedy="leave it out; it is for files that edgeface did not make")
    bundle, files = targets.of_pictures(target.bundle, target.files)
    file = files[0] if target.path.is_file() else bundle.file(format, scheme)
    return Chosen(target.path, file.name, bundle.folder, bundle, file)


def open_eyes(
    chosen: Chosen, *, detector: str | None, detector_model: Path | None, threads: int
) -> "Pipeline":
    """Open the pipeline, and say what looks and whether it is what the network was trained with."""
    from edgeface.vision.pipeline import open_alone, open_pipeline, usual_detector

    if chosen.facts is not None:
        eyes = open_alone(
            chosen.facts, detector=detector, detector_model=detector_model, threads=threads
        )
        _say_of_alone(eyes, chosen.facts)
        return eyes
    bundle, file = chosen.bundle, chosen.file
    assert bundle is not None
    assert file is not None
    eyes = open_pipeline(
        bundle, file, detector=detector, detector_model=detector_model, threads=threads
    )
    used, backend = eyes.detector.name, eyes.classifier.backend.name
    output.say(
        f"model: {file.name} on {backend}; detector: {used}; threshold {file.threshold_text}"
    )
    trained = usual_detector(bundle.manifest)
    if used != trained:
        output.say(
            f"note: trained on faces found by {trained}, {used} cuts them a little otherwise"
        )
    return eyes


def _say_of_alone(eyes: "Pipeline", facts: "Facts") -> None:
    used, backend = eyes.detector.name, eyes.classifier.backend.name
    threshold = facts.threshold_text or "none: every face gets a name"
    output.say(f"model: {facts.path} alone, on {backend}; detector: {used}; threshold {threshold}")
    foreign.say_notes([facts])
