"""From a picture and a box to a decision: crop, infer, decide."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import Bundle, ModelFile
from edgeface.errors import BackendError, BundleError
from edgeface.images import Picture, Pixels, Preprocess, crop
from edgeface.runtime import Backend, Device, open_backend
from edgeface.vision.decide import Decision, decide_by
from edgeface.vision.unknown import PROBS, Outputs, Rule


class Classifier:
    """A loaded model file with what belongs to it. Not safe for use by two threads at once.

    Args:
        backend: The loaded file: uint8 pixels in, float32 probabilities out.
        preprocess: From a picture to its pixels.
        labels: Class names in the order of its output.
        rule: What earns a name; every file has its own. A number is the least probability that
            does.
    """

    def __init__(
        self, backend: Backend, preprocess: Preprocess, labels: Sequence[str], rule: Rule | float
    ) -> None:
        self.backend = backend
        self.preprocess = preprocess
        self.labels = tuple(labels)
        self.rule = rule if isinstance(rule, Rule) else Rule(rule)

    @property
    def threshold(self) -> float:
        """The least score that earns a name, in the unit of the rule's score."""
        return self.rule.threshold

    def classify(self, picture: Picture, box: NDArray[Any] | None) -> Decision:
        """Name one face.

        Args:
            picture: (height, width, 3) uint8, blue-green-red.
            box: (4,) xyxy in pixels; None takes the whole picture (see `edgeface.images.crop`).

        Raises:
            BackendError: The runtime failed.
        """
        return self.decide(self.infer(self.crop(picture, box)))

    def crop(self, picture: Picture, box: NDArray[Any] | None) -> Pixels:
        """The first stage: (height, width, channels) uint8 as the network wants it."""
        return crop(picture, box, self.preprocess)

    def infer(self, pixels: Pixels) -> dict[str, NDArray[np.float32]]:
        """The second stage: ``probs`` (classes,) float32, and what the rule needs beside it.

        Raises:
            BackendError: The runtime failed.
        """
        try:
            if self.rule.needs is None:
                return {PROBS: self.backend.infer(pixels)}
            return self.backend.infer_all(pixels)
        except (
            Exception
        ) as error:  # runtimes raise whatever they like, ONNX Runtime types of its own
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            msg = f"{self.backend.name} failed on one input ({reason})"
            raise BackendError(msg) from error

    def decide(self, outputs: Outputs) -> Decision:
        """The third stage: a name or `unknown`."""
        return decide_by(self.rule, outputs, self.labels)


def open_classifier(
    bundle: Bundle,
    file: ModelFile,
    *,
    threads: int = 1,
    backend: str | None = None,
    device: Device = "cpu",
) -> Classifier:
    """Load a model file of a bundle.

    Args:
        bundle: A bundle that was loaded, so that its checksums are right.
        file: One of its files.
        threads: For the computation.
        backend: A name in `edgeface.runtime.BACKENDS`; None takes the format's default.
        device: What computes.

    Raises:
        BackendError: It cannot be run here.
        BundleError: The file is another network than the manifest says.
    """
    loaded = open_backend(bundle.path(file), backend=backend, threads=threads, device=device)
    manifest = bundle.manifest
    right_input = loaded.input.shape == file.input.shape and loaded.input.dtype == "uint8"
    if not right_input or loaded.output.shape != (1, len(manifest.labels)):
        msg = (
            f"{bundle.path(file)} takes {loaded.input.dtype} {loaded.input.shape} and answers"
            f" {loaded.output.shape}; the manifest says {file.input.shape} and {file.output.shape}"
        )
        raise BundleError(msg, remedy="make the bundle again with edgeface export")
    rule = rule_of(bundle, file)
    check_needs(rule, loaded, len(manifest.labels), str(bundle.path(file)))
    return Classifier(loaded, manifest.preprocess, manifest.labels, rule)


def rule_of(bundle: Bundle, file: ModelFile) -> Rule:
    """What earns a name in a file of a bundle.

    Raises:
        BundleError: Its class means are missing.
    """
    means = bundle.means() if file.score == "distance" else None
    return Rule(file.threshold, file.score, means)


def check_needs(rule: Rule, loaded: Backend, classes: int, where: str) -> None:
    """Hold what a file answers against what its rule needs.

    Args:
        rule: What earns a name.
        loaded: The file.
        classes: How many people it knows.
        where: The file, for the error.

    Raises:
        BundleError: It does not answer it.
    """
    shapes = {tensor.name: tensor.shape for tensor in loaded.outputs}
    if rule.needs is None:
        return
    expected = (1, classes if rule.means is None else rule.means.shape[1])
    if PROBS not in shapes or shapes.get(rule.needs) != expected:
        msg = (
            f"{where} answers {', '.join(shapes)}; its score {rule.score} needs "
            f"{rule.needs} {expected} beside {PROBS}"
        )
        raise BundleError(msg, remedy="make the bundle again with edgeface export")
