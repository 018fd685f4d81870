"""The run: what training leaves on disk, and reading it back.

::

    runs/mine/
      config.toml            this module's `Config`, schema 1
      labels.txt             one class a line, in the order of the output
      split.json             every photograph, its checksum, its side, its box
      model.weights.h5       what was learned; `Run.model` builds the network and loads it
      model.keras            the same as a Keras file, for other tools; edgeface does not read it
      history.csv            one row an epoch
      history.png            the same as a picture
      crops.png              what the network was shown
      metrics.json           accuracy, confusion, counts
      roc.png                of a network with two classes
      SHA256SUMS             the checksum of each of the above (see `edgeface.sealed`)

Nothing here imports TensorFlow until a model is built.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeface import records, sealed
from edgeface.bundle import MANIFEST
from edgeface.datasets.faces import class_numbers, recut
from edgeface.datasets.photos import Reading, open_photos
from edgeface.datasets.split import FILE as SPLIT
from edgeface.datasets.split import Entry, Side, Split
from edgeface.errors import BundleError, UsageError
from edgeface.images import Pixels, Preprocess
from edgeface.train.augment import Augmentation
from edgeface.train.networks import Design, Variant, network
from edgeface.train.plan import Schedule, Tuning
from edgeface.train.pointrun import is_regression

if TYPE_CHECKING:
    import keras

SCHEMA = 1
CONFIG = "config.toml"
LABELS = "labels.txt"
WEIGHTS = "model.weights.h5"
METRICS = "metrics.json"


@dataclass(frozen=True, slots=True)
class Config:
    """``config.toml``, schema 1: all that a run can be made again from.

    Attributes:
        schema: 1.
        edgeface: Version that wrote it.
        created: UTC, ISO 8601.
        network: A name in `edgeface.train.networks.NETWORKS`.
        data: The folder, zip, npz or mat file of pictures, as an absolute path.
        detector: What found the faces; ``none`` for whole pictures.
        seed: Of split, weights, order and augmentation.
        preprocess: From a photograph to the network's input.
        schedule: How it was fitted; of a network on a base, how its head was.
        variant: ``documented`` or ``default``: which layers and start weights it has.
        alpha: Its width multiplier; 0 where it has none.
        weights: What its base began with: ``none``, or a name and SHA-256; empty without a base.
        devices: On how many devices it was trained.
        mixed: Whether in mixed precision.
        augmentation: What the training pictures went through; None: it was not recorded.
        tuning: The second phase; None where there was none.
        reading: How arrays were read.
    """

    schema: int
    edgeface: str
    created: str
    network: str
    data: str
    detector: str
    seed: int
    preprocess: Preprocess
    schedule: Schedule
    variant: Variant = "default"
    alpha: float = 0.0
    weights: str = ""
    devices: int = 1
    mixed: bool = False
    augmentation: Augmentation | None = None
    tuning: Tuning | None = None
    reading: Reading = Reading()  # noqa: RUF009 - frozen

    def design(self, classes: int) -> Design:
        """What `Network.build` built for so many classes."""
        p = self.preprocess
        return Design(p.height, p.width, p.channels, classes, self.variant, self.alpha)


@dataclass(frozen=True, slots=True)
class Run:
    """A run whose checksums were found right when it was loaded."""

    folder: Path
    config: Config
    labels: tuple[str, ...]
    split: Split

    @classmethod
    def load(cls, folder: Path) -> "Run":
        """Read a run and hold every file against its checksum.

        Raises:
            BundleError: Anything in it is missing, changed or of an unknown schema.
            UsageError: There is no such folder.
        """
        if not folder.is_dir():
            msg = f"{folder}: no such folder"
            raise UsageError(msg, remedy="name a run that edgeface train wrote")
        path = folder / CONFIG
        if not path.is_file():
            msg = f"{folder} is no run: it has no {CONFIG}"
            is_bundle = (folder / MANIFEST).is_file()
            remedy = "it is a bundle: name the run that it was made from"
            raise BundleError(msg, remedy=remedy if is_bundle else "make one with edgeface train")
        if is_regression(folder):
            msg = f"{folder} is a run of points, not of pictures"
            raise BundleError(msg, remedy="name a run of pictures; this one answers numbers")
        sealed.check(folder, "run", needs=(CONFIG, LABELS, WEIGHTS, METRICS, SPLIT))
        data = records.from_toml(path.read_text("utf-8"), str(path), BundleError)
        records.check_schema(data, SCHEMA, str(path), BundleError)
        config = records.build(Config, data, str(path), BundleError)
        labels = tuple((folder / LABELS).read_text("utf-8").split("\n")[:-1])
        split = Split.load(folder)
        used = {e.label for e in split.files if e.side != "left out"}
        if used != set(labels) or len(used) != len(labels):
            msg = f"{folder}: {LABELS} and {SPLIT} name other people"
            raise BundleError(msg, remedy="train again")
        return cls(folder, config, labels, split)

    def model(self) -> "keras.Model":
        """The trained network, built by this project's code and given its weights.

        Raises:
            BundleError: The weights do not go with the network.
        """
        from edgeface.train import toolchain

        with toolchain.quiet():
            model = network(self.config.network).build(self.config.design(len(self.labels)))
        try:
            toolchain.load_weights(model, self.folder / WEIGHTS)
        except (ValueError, OSError, KeyError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())[:200]  # Keras prints the weights themselves
            msg = f"{self.folder}: {WEIGHTS} does not go with {self.config.network} ({reason})"
            raise BundleError(msg) from error
        return model

    def crops(
        self, side: Side, track: Callable[[Sequence[Entry]], Iterable[Entry]] = iter
    ) -> tuple[Pixels, NDArray[np.intp]]:
        """The crops of one side, cut again from the photographs, and their class numbers.

        Raises:
            InputError: The photographs are no longer there, or no longer the same.
        """
        entries = self.split.side(side)
        try:
            with open_photos(Path(self.config.data), self.config.reading) as folder:
                pixels = recut(folder, entries, self.config.preprocess, track=track)
        except UsageError as error:
            msg = f"the photographs of {self.folder} are gone: {error}"
            raise UsageError(msg, remedy="put them back, or train again") from error
        return pixels, class_numbers(entries, self.labels)

    @property
    def weights_sha256(self) -> str:
        """Of the weights, as it stands in the run's checksums."""
        return sealed.read_sums(self.folder, "run")[WEIGHTS]

    def metrics(self) -> dict[str, Any]:
        """``metrics.json`` as it is."""
        path = self.folder / METRICS
        data: dict[str, Any] = records.from_json(path.read_text("utf-8"), str(path), BundleError)
        return data
