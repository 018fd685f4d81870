"""What the commands that look at pictures share: which file of which bundle, which detector."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import output, targets
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.bundle import Bundle, ModelFile
    from edgeface.vision.pipeline import Pipeline

Detector = Annotated[
    str | None,
    typer.Option(
        "--detector",
        help="haar (comes with OpenCV), yunet, window (by file), none. [the bundle's own]",
    ),
]


def choose(
    named: Path | None, format: str | None, scheme: str | None
) -> "tuple[Bundle, ModelFile, Path]":
    """The bundle, the file of it that will answer, and how the bundle was named.

    Raises:
        UsageError: There is none such; or a file that stands alone was named.
        BundleError: The bundle is damaged.
    """
    target = targets.resolve(named, format, scheme)
    if target.bundle is None:
        msg = (
            f"{target.path} stands alone: without its bundle nobody knows the names and thresholds"
        )
        raise UsageError(msg, remedy="name the folder that edgeface export wrote")
    bundle, files = targets.of_pictures(target.bundle, target.files)
    file = files[0] if target.path.is_file() else bundle.file(format, scheme)
    return bundle, file, target.path


def open_eyes(
    bundle: "Bundle",
    file: "ModelFile",
    *,
    detector: str | None,
    detector_model: Path | None,
    threads: int,
) -> "Pipeline":
    """Open the pipeline, and say what looks and whether it is what the network was trained with."""
    from edgeface.vision.pipeline import open_pipeline, usual_detector

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
