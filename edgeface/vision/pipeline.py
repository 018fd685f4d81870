"""One picture through every stage: detect, crop, infer, decide, each with the time it took."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgeface.bundle import Bundle, Manifest, ModelFile
from edgeface.errors import DetectorError
from edgeface.images import Picture, Pixels
from edgeface.modelfile import Facts, open_model
from edgeface.runtime import Device
from edgeface.vision.classify import Classifier, check_needs, open_classifier
from edgeface.vision.decide import Decision
from edgeface.vision.detect import WITH_FILE, Detector, open_detector
from edgeface.vision.unknown import Rule
from edgeface.vision.window import Window

USUAL = "haar"  # the detector of training, where none is asked


@dataclass(frozen=True, slots=True)
class Tracked:
    """What is known of a face that is followed from frame to frame.

    Attributes:
        id: Of its track, from 1; never given twice in a run.
        settled: Whether enough was seen to say anything. Before that its decision is `unknown`
            because nothing is known yet, not because it is nobody enrolled.
        seen: Whether it was found in this frame; otherwise the box is where it is expected.
        votes: Looks that counted so far.
        refused: Looks that did not, by reason (see `edgeface.vision.quality`).
        single: What this frame alone says; None where it was not looked at.
        seconds: Since it was first found.
    """

    id: int
    settled: bool
    seen: bool
    votes: int
    refused: Mapping[str, int]
    single: Decision | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Face:
    """One face and what is said of it.

    Attributes:
        box: xyxy in pixels of the picture; it may reach over its edge.
        detection: The detector's score, comparable within one detector only.
        decision: A name, or `unknown`; of a face that is followed what its track says.
        tracked: Of a face that is followed.
    """

    box: tuple[float, float, float, float]
    detection: float
    decision: Decision
    tracked: Tracked | None = None


@dataclass(frozen=True, slots=True)
class Stages:
    """How long each stage took for one picture, over all its faces, in nanoseconds.

    ``motion`` is where to search, ``track`` the tracks and the quality of the faces.
    """

    detect_ns: int
    crop_ns: int = 0
    infer_ns: int = 0
    decide_ns: int = 0
    motion_ns: int = 0
    track_ns: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen on one picture: its faces, the surest detection first, and the time it took.

    Attributes:
        faces: The surest detection first; of faces that are followed the longest known first.
        stages: The time it took.
        ended: Faces whose tracks ended, as they were last.
        searched: Whether a detector looked at it, or at a part of it.
        others: Tracks that are not told: found once only, or missed for a while.
    """

    faces: tuple[Face, ...]
    stages: Stages
    ended: tuple[Face, ...] = ()
    searched: bool = True
    others: int = 0

    @property
    def nobody(self) -> bool:
        """Whether there was no face."""
        return not self.faces


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one face: what it says, and the nanoseconds of each stage."""

    decision: Decision
    infer_ns: int
    decide_ns: int


class Pipeline:
    """Detector and classifier together. Not safe for use by two threads at once.

    Args:
        detector: Finds the faces.
        classifier: Names them.
        clock: Monotonic, in nanoseconds.
    """

    def __init__(
        self,
        detector: Detector,
        classifier: Classifier,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self.detector = detector
        self.classifier = classifier
        self._clock = clock

    def look(self, picture: Picture, at_ns: int | None = None) -> Seen:
        """Find and name every face of a picture.

        Args:
            picture: (height, width, 3) uint8, blue-green-red.
            at_ns: When it was taken: of no account here, where every picture stands by itself.

        Raises:
            DetectorError: The detector failed on it.
            BackendError: The runtime failed on one of its faces.
        """
        clock, classifier = self._clock, self.classifier
        start = clock()
        found = self.detector.detect(picture)
        detect_ns = clock() - start
        crop_ns = infer_ns = decide_ns = 0
        faces = []
        # Without a detector the network was trained on whole pictures, which have no margin.
        whole = self.detector.name == "none"
        for box, score in zip(found.boxes, found.scores, strict=True):
            pixels, took_ns = self.cut(picture, None if whole else box)
            look = self.recognise(pixels)
            crop_ns += took_ns
            infer_ns += look.infer_ns
            decide_ns += look.decide_ns
            x0, y0, x1, y1 = (float(v) for v in box)
            if whole and classifier.preprocess.framing == "stretched":
                x0, y0, x1, y1 = 0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])
            faces.append(Face((x0, y0, x1, y1), float(score), look.decision))
        return Seen(tuple(faces), Stages(detect_ns, crop_ns, infer_ns, decide_ns))

    def cut(self, picture: Picture, box: NDArray[Any] | None) -> tuple[Pixels, int]:
        """What the network is shown of a face, and how long that took; see `Classifier.crop`."""
        start = self._clock()
        pixels = self.classifier.crop(picture, box)
        return pixels, self._clock() - start

    def recognise(self, pixels: Pixels) -> Look:
        """Name what was cut.

        Raises:
            BackendError: The runtime failed.
        """
        clock = self._clock
        t0 = clock()
        answers = self.classifier.infer(pixels)
        t1 = clock()
        decision = self.classifier.decide(answers)
        return Look(decision, t1 - t0, clock() - t1)


def open_pipeline(
    bundle: Bundle,
    file: ModelFile,
    *,
    detector: str | None = None,
    detector_model: Path | None = None,
    threads: int = 1,
    backend: str | None = None,
    device: Device = "cpu",
) -> Pipeline:
    """Open everything that a bundle needs in order to look at pictures.

    Args:
        bundle: A loaded bundle.
        file: One of its files.
        detector: A name; None takes the one that the bundle was trained with. Where that is none,
            because it was trained on whole pictures, it is the bundle's own window detector, or
            else ``none``.
        detector_model: Of the detector; the window detector's may be in the bundle.
        threads: For the computation of the network.
        backend: That runs it: a name in `edgeface.runtime.BACKENDS`; None takes the default.
        device: What computes it.

    Raises:
        UsageError: The detector is unknown, or was given a file that it does not take.
        DetectorError: It cannot be opened.
        BackendError: The file cannot be run here.
        BundleError: The file is another network than the manifest says.
    """
    opened = detector_of(bundle, detector, detector_model)
    classifier = open_classifier(bundle, file, threads=threads, backend=backend, device=device)
    return joined(opened, classifier, bundle.manifest)


def detector_of(
    bundle: Bundle, detector: str | None = None, detector_model: Path | None = None
) -> Detector:
    """Open the detector of a bundle, or the one that is named; see `open_pipeline`."""
    manifest = bundle.manifest
    named = detector or usual_detector(manifest)
    if named == "window" and manifest.windows:
        detector_model = detector_model or bundle.folder
    elif named in WITH_FILE and detector is None and detector_model is None:
        msg = f"{bundle.folder} was trained on faces found by {named}, whose file is not in it"
        raise DetectorError(msg, remedy="add --detector-model FILE, or --detector haar")
    return open_detector(named, detector_model)


def joined(detector: Detector, classifier: Classifier, manifest: Manifest) -> Pipeline:
    """Detector and classifier of a bundle as one; see `open_pipeline`."""
    if isinstance(detector, Window) and manifest.windows:
        # Of a network whose pictures are windows: it is shown the window again, not the face alone.
        classifier.preprocess = replace(manifest.preprocess, margin=detector.margin)
    return Pipeline(detector, classifier)


def open_alone(
    facts: Facts,
    *,
    detector: str | None = None,
    detector_model: Path | None = None,
    threads: int = 1,
) -> Pipeline:
    """Open what a model file that stands alone needs in order to look at pictures.

    Args:
        facts: Of the file, complete.
        detector: A name; None takes what the file says, and where it says nothing what training
            takes where nothing is asked.
        detector_model: Of the detector.
        threads: For the computation of the network.

    Raises:
        UsageError: Something that only its user knows is missing, or the detector is unknown.
        DetectorError: The detector cannot be opened.
        BackendError: The file names no pictures, or cannot be run here.
    """
    loaded = open_model(facts, threads)
    assert facts.preprocess is not None
    assert facts.labels is not None
    usual = facts.detector or USUAL if facts.preprocess.framing == "face" else "none"
    named = detector or usual
    if named in WITH_FILE and detector_model is None:
        msg = f"{facts.path} was trained on faces found by {named}, whose file is needed"
        raise DetectorError(msg, remedy="add --detector-model FILE, or --detector haar")
    rule = Rule(0.0)
    if facts.threshold is not None:
        rule = Rule(facts.threshold, facts.score, facts.means)
    check_needs(rule, loaded, len(facts.labels), str(facts.path))
    classifier = Classifier(loaded, facts.preprocess, facts.labels, rule)
    return Pipeline(open_detector(named, detector_model), classifier)


def usual_detector(manifest: Manifest) -> str:
    """What a bundle's crops come from: the detector it was trained with, or one it makes itself."""
    if manifest.preprocess.framing == "face":
        return manifest.detector
    return "window" if manifest.windows else "none"
