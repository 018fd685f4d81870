"""The pictures that ``edgeface compare`` shows to files: photographs, or what a run held back."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.cli import output
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.bundle import Bundle
    from edgeface.comparison import Named, Needs, Pictures, Subject
    from edgeface.datasets.photos import Reading
    from edgeface.train.run import Run
    from edgeface.vision.detect import Detector


@dataclass(frozen=True, slots=True)
class Looking:
    """The options that are about photographs.

    Attributes:
        strangers: People whom nobody trained on.
        detector: Finds the faces in place of what the bundles say.
        detector_model: Its file.
        skip_broken: Leave broken pictures out.
    """

    strangers: Path | None
    detector: str | None
    detector_model: Path | None
    skip_broken: bool

    def check_unneeded(self, regression: Path) -> None:
        """Say that a regression looks at no pictures.

        Raises:
            UsageError: One of the options was given.
        """
        if self.strangers or self.detector or self.detector_model or self.skip_broken:
            msg = f"{regression} is the bundle of a regression: it looks at no pictures"
            remedy = f"edgeface compare {shlex.quote(str(regression))} POINTS.csv"
            raise UsageError(msg, remedy=remedy)


def pictures(
    subjects: "Sequence[Subject]",
    named: "Named",
    data: Path | None,
    run: Path | None,
    looking: Looking,
    reading: "Reading",
) -> "Pictures":
    """What all files are shown.

    Args:
        subjects: The files.
        named: The bundles that they are of.
        data: Photographs; None: what the run held back.
        run: Of ``--run``.
        looking: Options about photographs.
        reading: How arrays are meant.

    Raises:
        UsageError: There are no photographs, or no such detector.
        InputError: They cannot be used.
    """
    from edgeface.comparison import from_folder, needs_of, with_strangers

    needs = needs_of(subjects)
    if data is None and looking.strangers is None and (looking.detector or looking.detector_model):
        msg = "--detector, but no photographs: the faces of the run's own were found in training"
        raise UsageError(msg, remedy="name photographs too, or leave --detector out")
    searched = data is not None or looking.strangers is not None
    detectors = _detectors(needs, looking) if searched else {}
    if data is not None:
        found = from_folder(
            needs, data, detectors, _finding, skip_broken=looking.skip_broken, reading=reading
        )
    else:
        found = _held_back(needs, named, run)
    if looking.strangers is None:
        return found
    return with_strangers(
        found, needs, looking.strangers, detectors, _finding, skip_broken=looking.skip_broken
    )


def _finding(names: Sequence[str]) -> Iterable[str]:
    return output.track(names, "finding faces")


def _detectors(needs: "Needs", looking: Looking) -> "dict[str, Detector]":
    """For every detector that the files were trained with, what finds the faces in its place."""
    from edgeface.vision.detect import WITH_FILE, open_detector

    wanted = list(dict.fromkeys(cut.detector for cut in needs.cuts if cut.detector))
    model = looking.detector_model
    if looking.detector is not None:
        one = open_detector(looking.detector, model)
        return dict.fromkeys(wanted, one)
    several = len(wanted) > 1  # then the file is that of those that take one
    return {
        name: open_detector(name, None if several and name not in WITH_FILE else model)
        for name in wanted
    }


def _held_back(needs: "Needs", named: "Named", run: Path | None) -> "Pictures":
    """The validation side of the run that a bundle was made from."""
    from edgeface.comparison import from_entries
    from edgeface.datasets.photos import open_photos

    found = _run_of(named, run)
    try:
        with open_photos(Path(found.config.data), found.config.reading) as folder:
            return from_entries(
                needs,
                f"validation side of {found.folder}",
                folder,
                found.split.side("validation"),
                found.config.detector,
                lambda entries: output.track(entries, "reading pictures"),
            )
    except UsageError as error:
        msg = f"the photographs of {found.folder} are gone: {error}"
        raise UsageError(msg, remedy="put them back, or name photographs to compare on") from error


def _run_of(named: "Named", run: Path | None) -> "Run":
    """The run that was named, or that the first bundle was made from that has one.

    Raises:
        UsageError: It is not here, or it is another one.
    """
    from edgeface.bundle import Bundle
    from edgeface.train.run import Run

    bundles = [bundle for bundle, _ in named.bundles if isinstance(bundle, Bundle)]
    if not bundles and run is None:
        msg = "files that stand alone have no run, and no photographs were named"
        raise UsageError(msg, remedy="name photographs last: a folder per person; or --run RUN")
    if run is not None:
        found = Run.load(run)
        weights = {bundle.manifest.origin.weights_sha256 for bundle in bundles}
        if bundles and found.weights_sha256 not in weights:
            raise _another(run, bundles[0])
        return found
    trained = [bundle for bundle in bundles if bundle.manifest.origin.kind == "run"]
    if not trained:
        msg = f"{bundles[0].folder} was made from {bundles[0].manifest.origin.run}, not from a run"
        raise UsageError(msg, remedy="name photographs to compare on last: a folder per person")
    origin = trained[0].manifest.origin
    folder = Path(origin.run)
    if not folder.is_dir():
        msg = f"the run {folder} that {trained[0].folder} was made from is not here"
        raise UsageError(msg, remedy="name it with --run, or name a folder of photographs")
    found = Run.load(folder)
    if found.weights_sha256 != origin.weights_sha256:
        raise _another(folder, trained[0])
    return found


def _another(folder: Path, bundle: "Bundle") -> UsageError:
    msg = f"{folder} is not the run that {bundle.folder} was made from (other weights)"
    return UsageError(msg, remedy="name the right one with --run, or a folder of photographs")
