"""The run of a regression: what training leaves on disk, and reading it back.

::

    runs/curve/
      config.toml            this module's `PointConfig`, schema 1, with task = "regress"
      points.csv             every point and its side, so that a run needs no other file
      model.weights.h5       what was learned; `PointRun.model` builds the network and loads it
      model.keras            the same as a Keras file, for other tools; edgeface does not read it
      history.csv            one row an epoch
      history.png            the same as a picture
      curve.png              the points and the fitted curve
      metrics.json           errors on each side, counts
      SHA256SUMS             the checksum of each of the above (see `edgeface.sealed`)

Nothing here imports TensorFlow until a model is built.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edgeface import records, sealed
from edgeface.bundlefolder import MANIFEST
from edgeface.datasets.pointfile import read_sides
from edgeface.datasets.points import Mask, Points, Standard
from edgeface.errors import BundleError, EdgefaceError, UsageError
from edgeface.train.networks import Variant
from edgeface.train.networks.points import PointDesign, PointPlan
from edgeface.train.networks.regressions import point_network

if TYPE_CHECKING:
    import keras

SCHEMA = 1
CONFIG, POINTS, WEIGHTS, METRICS = "config.toml", "points.csv", "model.weights.h5", "metrics.json"


@dataclass(frozen=True, slots=True)
class PointConfig:
    """``config.toml`` of a regression, schema 1.

    Attributes:
        schema: 1.
        task: ``regress``.
        edgeface: Version that wrote it.
        created: UTC, ISO 8601.
        network: A name in `edgeface.train.networks.regressions.POINT_NETWORKS`.
        data: The csv or npz file, as an absolute path.
        seed: Of split, weights and order.
        variant: ``documented`` or ``default``: whether its ends scale.
        validation: Share of the points that was held back.
        plan: How it was fitted.
        standard: Where the numbers of the training side lie.
    """

    schema: int
    task: Literal["regress"]
    edgeface: str
    created: str
    network: str
    data: str
    seed: int
    variant: Variant
    validation: float
    plan: PointPlan
    standard: Standard

    @property
    def design(self) -> PointDesign:
        """What `PointNetwork.build` built."""
        return PointDesign(len(self.standard.x_mean), self.variant, self.standard)


@dataclass(frozen=True, slots=True)
class PointRun:
    """A run of a regression whose checksums were found right when it was loaded.

    Attributes:
        folder: Where it lies.
        config: What was asked.
        points: All points of its data.
        held: (n,) which of them were held back.
    """

    folder: Path
    config: PointConfig
    points: Points
    held: Mask

    @classmethod
    def load(cls, folder: Path) -> "PointRun":
        """Read a run and hold every file against its checksum.

        Raises:
            BundleError: Anything in it is missing, changed or of an unknown schema, or it is a run
                of another task.
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
        if not is_regression(folder):
            msg = f"{folder} is a run of pictures, not of points"
            raise BundleError(msg, remedy="name a run of edgeface train curve")
        sealed.check(folder, "run", needs=(CONFIG, POINTS, WEIGHTS, METRICS))
        data = records.from_toml(path.read_text("utf-8"), str(path), BundleError)
        records.check_schema(data, SCHEMA, str(path), BundleError)
        config = records.build(PointConfig, data, str(path), BundleError)
        points, held = read_sides(folder / POINTS)
        if len(points.inputs) != config.design.inputs or held.all() or not held.any():
            msg = f"{folder}: {POINTS} does not go with {CONFIG}"
            raise BundleError(msg, remedy="train again")
        return cls(folder, config, points, held)

    @property
    def training(self) -> Points:
        """What it was fitted to."""
        return self.points.only(~self.held)

    @property
    def validation(self) -> Points:
        """What was held back."""
        return self.points.only(self.held)

    def model(self) -> "keras.Model":
        """The trained network, built by this project's code and given its weights.

        Raises:
            BundleError: The weights do not go with the network.
        """
        from edgeface.train import toolchain

        with toolchain.quiet():
            model = point_network(self.config.network).build(self.config.design)
        try:
            toolchain.load_weights(model, self.folder / WEIGHTS)
        except (ValueError, OSError, KeyError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())[:200]  # Keras prints the weights themselves
            msg = f"{self.folder}: {WEIGHTS} does not go with {self.config.network} ({reason})"
            raise BundleError(msg) from error
        return model

    @property
    def weights_sha256(self) -> str:
        """Of the weights, as it stands in the run's checksums."""
        return sealed.read_sums(self.folder, "run")[WEIGHTS]

    def metrics(self) -> dict[str, Any]:
        """``metrics.json`` as it is."""
        path = self.folder / METRICS
        data: dict[str, Any] = records.from_json(path.read_text("utf-8"), str(path), BundleError)
        return data


def is_regression(folder: Path) -> bool:
    """Whether the configuration of a run says so; what else is wrong with it, loading will say."""
    try:
        text = (folder / CONFIG).read_text("utf-8")
        return records.from_toml(text, "", EdgefaceError).get("task") == "regress"
    except (OSError, UnicodeDecodeError, EdgefaceError):
        return False
