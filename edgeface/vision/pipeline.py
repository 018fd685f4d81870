"""One picture through every stage: detect, crop, infer, decide, each with the time it took."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edgeface.bundle import Bundle, Manifest, ModelFile
from edgeface.errors import DetectorError
from edgeface.images import Picture
from edgeface.modelfile import Facts, open_model
from edgeface.vision.classify import Classifier, check_needs, open_classifier
from edgeface.vision.decide import Decision
from edgeface.vision.detect import WITH_FILE, Detector, open_detector
from edgeface.vision.unknown import Rule
from edgeface.vision.window import Window

USUAL = "haar"  # the detector of training, where none is asked


@dataclass(frozen=True, slots=True)
class Face:
    """One face and what is said of it.

    Attributes:
        box: xyxy in pixels of the picture; it may reach over its edge.
        detection: The detector's score, comparable within one detector only.
        decision: A name, or `unknown`.
    """

    box: tuple[float, float, float, float]
    detection: float
    decision: Decision


@dataclass(frozen=True, slots=True)
class Stages:
    """How long each stage took for one picture, over all its faces, in nanoseconds."""

    detect_ns: int
    crop_ns: int = 0
    infer_ns: int = 0
    decide_ns: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen on one picture: its faces, the surest detection first, and the time it took."""

    faces: tuple[Face, ...]
    stages: Stages

    @property
    def nobody(self) -> bool:
        """Whether there was no face."""
        return not self.faces


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

    def look(self, picture: Picture) -> Seen:
        """Find and name every face of a picture.

        Args:
            picture: (height, width, 3) uint8, blue-green-red.

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
            t0 = clock()
            pixels = classifier.crop(picture, None if whole else box)
            t1 = clock()
            answers = classifier.infer(pixels)
            t2 = clock()
            decision = classifier.decide(answers)
            t3 = clock()
            crop_ns, infer_ns, decide_ns = (
                crop_ns + t1 - t0,
                infer_ns + t2 - t1,
                decide_ns + t3 - t2,
            )
            x0, y0, x1, y1 = (float(v) for v in box)
            if whole and classifier.preprocess.framing == "stretched":
                x0, y0, x1, y1 = 0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])
            faces.append(Face((x0, y0, x1, y1), float(score), decision))
        return Seen(tuple(faces), Stages(detect_ns, crop_ns, infer_ns, decide_ns))


def open_pipeline(
    bundle: Bundle,
    file: ModelFile,
    *,
    detector: str | None = None,
    detector_model: Path | None = None,
    threads: int = 1,
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

    Raises:
        UsageError: The detector is unknown, or was given a file that it does not take.
        DetectorError: It cannot be opened.
        BackendError: The file cannot be run here.
        BundleError: The file is another network than the manifest says.
    """
    opened = detector_of(bundle, detector, detector_model)
    return joined(opened, open_classifier(bundle, file, threads=threads), bundle.manifest)


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
