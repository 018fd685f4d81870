"""A network, what it makes of one picture, and beside it its files and another network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import Bundle, ModelFile
from edgeface.errors import UsageError
from edgeface.images import Colour, Pixels
from edgeface.train.explain.difference import Difference, difference
from edgeface.train.explain.files import tensors_of
from edgeface.train.explain.layers import Layer, Totals, layers_of, totals
from edgeface.train.explain.maps import FirstWeights, Maps, feature_maps, first_weights
from edgeface.train.explain.matching import Match, match
from edgeface.train.explain.subject import Subject
from edgeface.train.run import Run


@dataclass(frozen=True, slots=True)
class Explained:
    """One network and one picture.

    Attributes:
        run: Name of the run.
        network: As the command line calls it.
        labels: Of the answer, in order.
        colour: Order of the channels of `crop`.
        crop: (height, width, channels) uint8, what the network was shown.
        layers: In order.
        maps: What each of them made of the crop.
        first: Its first weights; None where they are not laid on a picture.
        accuracy: On the run's validation side, as it was measured when it was trained.
        pictures: How many stand there.
        confusion: Of them: a row for each class as it is, a column for each as it was answered.
    """

    run: str
    network: str
    labels: tuple[str, ...]
    colour: Colour
    crop: Pixels
    layers: tuple[Layer, ...]
    maps: Maps
    first: FirstWeights | None
    accuracy: float
    pictures: int
    confusion: tuple[tuple[int, ...], ...]

    @property
    def totals(self) -> Totals:
        """Its parameters and multiply-adds."""
        return totals(self.layers)

    @property
    def probs(self) -> NDArray[np.float32]:
        """Its answer: (classes,)."""
        return self.maps[self.layers[-1].name]

    @property
    def answer(self) -> str:
        """The answer in words: ``Ada 0.981``."""
        return answer_text(self.labels, self.probs)


@dataclass(frozen=True, slots=True)
class FileExplained:
    """What an exported file makes of the same crop.

    Attributes:
        file: As its bundle describes it.
        probs: Its answer: (classes,).
        disturbed: See `edgeface.train.explain.files.Tensors`.
        matches: One for each layer but the input, in order.
        differences: To the network, for each match; None where there is no tensor.
    """

    file: ModelFile
    probs: NDArray[np.float32]
    disturbed: float
    matches: tuple[Match, ...]
    differences: tuple[Difference | None, ...]

    def of(self, layer: str) -> tuple[Match, Difference | None]:
        """What it has of a layer."""
        place = [each.layer for each in self.matches].index(layer)
        return self.matches[place], self.differences[place]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that ``edgeface explain`` shows.

    Attributes:
        subject: The picture.
        main: The network that was asked about.
        files: Of its bundle.
        bundle: Name of that bundle; empty without one.
        beside: The network beside it; None without one.
        same_pictures: Whether both networks were measured on the same pictures.
        chosen: Layers that were asked for by name, all of whose maps are shown; empty: all layers.
    """

    subject: Subject
    main: Explained
    files: tuple[FileExplained, ...] = ()
    bundle: str = ""
    beside: Explained | None = None
    same_pictures: bool = True
    chosen: tuple[str, ...] = ()


def answer_text(labels: Sequence[str], probs: NDArray[np.float32]) -> str:
    """The best class and its probability: ``Ada 0.981``."""
    best = int(np.argmax(probs))
    return f"{labels[best]} {probs[best]:.3f}"


def explain(run: Run, subject: Subject) -> Explained:
    """Build a run's network and show it the picture."""
    model = run.model()
    crop = subject.crop(run)
    measured = run.metrics()["validation"]
    return Explained(
        run.folder.resolve().name,
        run.config.network,
        run.labels,
        run.config.preprocess.colour,
        crop,
        layers_of(model),
        feature_maps(model, crop),
        first_weights(model),
        float(measured["accuracy"]),
        int(measured["pictures"]),
        tuple(tuple(int(n) for n in row) for row in measured["confusion"]),
    )


def explain_file(path: Path, file: ModelFile, of: Explained) -> FileExplained:
    """Run a file on the crop that the network was shown, and hold its tensors against the layers.

    Raises:
        BackendError: It cannot be run, or takes other pictures.
    """
    told = tensors_of(path, of.crop)
    matches = match(of.layers, of.maps, told.tensors)
    apart = tuple(
        None if each.values is None else difference(each.values, of.maps[each.layer])
        for each in matches
    )
    return FileExplained(file, told.answer, told.disturbed, matches, apart)


def check_bundle(bundle: Bundle, run: Run) -> None:
    """Say before anything is computed that a bundle is another network's.

    Raises:
        UsageError: It was not exported from this run as it is now.
    """
    origin = bundle.manifest.origin
    if origin.weights_sha256 != run.weights_sha256:
        msg = f"{bundle.folder} was not exported from {run.folder}, but from {origin.run!r}"
        if origin.run == run.folder.resolve().name:
            msg = f"{bundle.folder} was exported from {run.folder} before that was trained again"
        raise UsageError(msg, remedy=f"edgeface export {run.folder} --int8")


def check_layers(chosen: Sequence[str], layers: Sequence[Layer]) -> None:
    """Say which layers there are.

    Raises:
        UsageError: One that was asked for is not there.
    """
    names = [layer.name for layer in layers if layer.kind != "InputLayer"]
    for name in chosen:
        if name not in names:
            shown = ", ".join(names[:24]) + (", …" if len(names) > 24 else "")
            msg = f"--layer {name}: the network has no layer of that name"
            raise UsageError(msg, remedy=f"its layers are: {shown}")


def same_pictures(run: Run, other: Run) -> bool:
    """Whether two runs hold back the same pictures."""
    mine, theirs = ({e.sha256 for e in r.split.side("validation")} for r in (run, other))
    return mine == theirs
