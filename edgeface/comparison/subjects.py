"""What is compared: model files, each with the labels, the crops and the rule that belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeface.bundle import Bundle, ModelFile
from edgeface.comparison.cutting import Cut
from edgeface.comparison.named import Named
from edgeface.comparison.naming import distinct
from edgeface.comparison.pictures import Needs, same
from edgeface.errors import UsageError
from edgeface.modelfile import Facts, open_model, read_facts
from edgeface.runtime import Backend, open_backend
from edgeface.vision.unknown import Rule

DETECTOR = "haar"  # of a file that stands alone and was trained on faces: what train takes first


@dataclass(frozen=True, slots=True)
class Subject:
    """A file that names what a picture shows.

    Attributes:
        name: What results call it.
        path: Where it lies.
        format: ``tflite`` or ``onnx``.
        scheme: ``float32`` and the like; empty where nothing says it.
        size_bytes: Of the file.
        labels: Class names, in the order of its output.
        cut: How it wants a photograph cut.
        home: The bundle that it belongs to, or the file itself.
        sha256: Of the file.
        weights_sha256: Of the weights that it was made from, where that is known.
        rule: What earns a name, where that is known.
        seen: First digits of the SHA-256 of what it was trained on; None where nobody knows.
        facts: Of a file that is opened by what it says of itself.
    """

    name: str
    path: Path
    format: str
    scheme: str
    size_bytes: int
    labels: tuple[str, ...]
    cut: Cut
    home: Path
    sha256: str
    weights_sha256: str | None = None
    rule: Rule | None = None
    seen: frozenset[str] | None = None
    facts: Facts | None = None

    def open(self, threads: int) -> Backend:
        """Load it: uint8 pixels in, float32 probabilities out.

        Raises:
            BackendMissing: What would run it is not installed.
            BackendError: The runtime does not take it.
        """
        if self.facts is not None:
            return open_model(self.facts, threads)
        return open_backend(self.path, threads=threads)


def subjects_of(named: Named) -> tuple[Subject, ...]:
    """The files to compare.

    Args:
        named: Bundles and files that look at pictures.

    Raises:
        UsageError: They do not tell the same classes apart, or a file does not say what it needs.
    """
    found: list[Subject] = []
    for bundle, names in named.bundles:
        assert isinstance(bundle, Bundle)
        found += [_held(bundle, bundle_file(bundle, name)) for name in names]
    for facts in named.lone:
        found.append(_alone(facts, _usual(facts, found)))
    _check_labels(found)
    paths = [subject.path for subject in found]
    return tuple(replace(s, name=n) for s, n in zip(found, distinct(paths), strict=True))


def bundle_file(bundle: Bundle, name: str) -> ModelFile:
    """The file of that name."""
    return next(file for file in bundle.manifest.files if file.name == name)


def _held(bundle: Bundle, file: ModelFile) -> Subject:
    manifest, path = bundle.manifest, bundle.path(file)
    under_contract = (file.input.dtype, file.output.dtype) == ("uint8", "float32")
    return Subject(
        name=file.name,
        path=path,
        format=file.format,
        scheme=file.scheme,
        size_bytes=file.size_bytes,
        labels=manifest.labels,
        cut=Cut.of(manifest.preprocess, manifest.detector),
        home=bundle.folder,
        sha256=file.sha256,
        weights_sha256=manifest.origin.weights_sha256,
        rule=Rule(file.threshold, file.score, bundle.means() if file.score == "distance" else None),
        seen=bundle.trained_on(),
        facts=None if under_contract else read_facts(path),
    )


def _alone(facts: Facts, detector: str) -> Subject:
    if facts.labels is None or facts.preprocess is None:
        open_model(facts)  # says what is missing, or what it is that it cannot be compared
        msg = f"{facts.path} does not say what it tells apart"
        raise UsageError(msg)
    return Subject(
        name=facts.path.name,
        path=facts.path,
        format=facts.format,
        scheme=facts.scheme or "",
        size_bytes=facts.size_bytes,
        labels=facts.labels,
        cut=Cut.of(facts.preprocess, detector),
        home=facts.path,
        sha256=facts.sha256,
        weights_sha256=facts.weights_sha256,
        rule=_rule_of(facts),
        facts=facts,
    )


def _rule_of(facts: Facts) -> Rule | None:
    """What a file says of itself."""
    if facts.threshold is None:
        return None
    return Rule(facts.threshold, facts.score, facts.means)


def _usual(facts: Facts, others: Sequence[Subject]) -> str:
    """The file's own detector; of a bundle of the same weights, or of any; or training's first."""
    if facts.detector is not None:
        return facts.detector
    ranked = sorted(others, key=lambda s: s.weights_sha256 != facts.weights_sha256)
    return next((s.cut.detector for s in ranked if s.cut.detector), DETECTOR)


def _check_labels(found: Sequence[Subject]) -> None:
    first = found[0]
    if len(first.labels) != len({same(label) for label in first.labels}):
        msg = f"{first.path}: a label stands twice; it cannot be told which is meant"
        raise UsageError(msg, remedy="name the classes differently with --labels")
    for other in found[1:]:
        if {same(label) for label in other.labels} != {same(label) for label in first.labels}:
            msg = (
                f"{first.path} and {other.path} do not tell the same apart: {_differ(first, other)}"
            )
            raise UsageError(msg, remedy="only files with the same labels can be compared")


def _differ(one: Subject, other: Subject) -> str:
    """Labels that only one of two has."""
    sets = {same(label) for label in one.labels}, {same(label) for label in other.labels}
    said = []
    for subject, only in ((one, sets[0] - sets[1]), (other, sets[1] - sets[0])):
        if only:
            some = ", ".join(sorted(only)[:5]) + (", …" if len(only) > 5 else "")
            said.append(f"only {subject.path.name} has {some}")
    return "; ".join(said)


def needs_of(subjects: Sequence[Subject]) -> Needs:
    """What they have to be shown."""
    homes = list(dict.fromkeys(str(s.home) for s in subjects))
    who = homes[0] if len(homes) == 1 else f"{homes[0]} and {len(homes) - 1} more"
    seen: frozenset[str] = frozenset().union(*(s.seen or () for s in subjects))
    return Needs(who, subjects[0].labels, tuple(dict.fromkeys(s.cut for s in subjects)), seen)


def unknown_training(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """Names of the files of which nobody knows what they were trained on.

    Of a file alone a bundle of the same weights knows it.
    """
    known = {s.weights_sha256 for s in subjects if s.seen is not None}
    return tuple(s.name for s in subjects if s.seen is None and s.weights_sha256 not in known)
