"""What the commands that look at pictures share: which file of which bundle, which detector."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from edgeface.cli import foreign, output, targets, tuned
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeface.bundle import Bundle, ModelFile
    from edgeface.modelfile import Facts
    from edgeface.tuned import Tuned
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
        backend: That runs it; None is the default.
        threads: Of the computation.
        device: What computes.
        tuned: Whether ``device.json`` chose file and backend.
    """

    path: Path
    name: str
    home: Path
    bundle: "Bundle | None" = None
    file: "ModelFile | None" = None
    facts: "Facts | None" = None
    backend: str | None = None
    threads: int = 1
    device: Literal["cpu", "gpu"] = "cpu"
    tuned: bool = False


def choose(
    named: Path | None,
    format: str | None,
    scheme: str | None,
    told: "Mapping[str, Any]",
    threads: int | None = None,
    device_file: Path | None = None,
) -> Chosen:
    """The file that will answer, and what belongs to it.

    Args:
        named: A bundle, a file of one, or one that stands alone; None is the newest bundle.
        format: Chooses among the files of a bundle.
        scheme: The same.
        told: What a foreign file does not say (see `edgeface.cli.foreign`).
        threads: Of the computation; None is what `edgeface tune` found, or else 1.
        device_file: What it found; None is the file beside the bundle's manifest.

    Raises:
        UsageError: There is none such; or something was told of a file that says it itself.
        BundleError: The bundle is damaged.
        BackendError: The file is.
    """
    target = targets.resolve(named, format, scheme)
    if target.bundle is None:
        from edgeface.modelfile import complete, read_facts

        if device_file is not None:
            msg = f"--device-file: {target.path} stands alone, and tune chooses among a bundle's"
            raise UsageError(msg, remedy="leave it out, or name the bundle")
        facts = complete(read_facts(target.path), **told)
        return Chosen(target.path, target.path.name, target.path, facts=facts, threads=threads or 1)
    if told:
        msg = f"--{next(iter(told))}: {target.path} says that itself"
        raise UsageError(msg, remedy="leave it out; it is for files that edgeface did not make")
    bundle, files = targets.of_pictures(target.bundle, target.files)
    best = tuned.found_for(bundle, device_file)
    if best is not None:
        file = next((f for f in files if f.name == best.file), None)
        if file is not None:  # what was asked for does not exclude it
            _say_tuned(best, threads)
            return Chosen(
                target.path,
                file.name,
                bundle.folder,
                bundle,
                file,
                backend=best.backend,
                threads=threads or best.threads,
                device=best.device,
                tuned=True,
            )
        output.say(f"note: tuned for this board is {best.words}; another file was asked for")
    file = files[0] if target.path.is_file() else bundle.file(format, scheme)
    return Chosen(target.path, file.name, bundle.folder, bundle, file, threads=threads or 1)


def _say_tuned(best: "Tuned", threads: int | None) -> None:
    """What is taken, and why."""
    from edgeface.tuned import count

    figure = f"p50 {best.p50_ms:.3g} ms, {best.created[:10]}"
    other = threads not in (None, best.threads)
    asked = f"; {count(threads or 1)}, as asked" if other else ""
    output.say(f"tuned for this board: {best.reasons[0]} ({figure}){asked}")


def open_eyes(chosen: Chosen, *, detector: str | None, detector_model: Path | None) -> "Pipeline":
    """Open the pipeline, and say what looks and whether it is what the network was trained with."""
    from edgeface.vision.pipeline import open_alone, open_pipeline, usual_detector

    if chosen.facts is not None:
        eyes = open_alone(
            chosen.facts, detector=detector, detector_model=detector_model, threads=chosen.threads
        )
        _say_of_alone(eyes, chosen.facts)
        return eyes
    bundle, file = chosen.bundle, chosen.file
    assert bundle is not None
    assert file is not None
    eyes = open_pipeline(
        bundle,
        file,
        detector=detector,
        detector_model=detector_model,
        threads=chosen.threads,
        backend=chosen.backend,
        device=chosen.device,
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
