"""What is asked of a training job; it stands beside its checkpoints, so that it can be resumed."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from edgeface import records
from edgeface.datasets.faces import CropMode
from edgeface.datasets.photos import Reading, lasting
from edgeface.errors import BundleError, UsageError
from edgeface.images import LARGEST_SIDE_PX, Colour
from edgeface.train.checkpoint import REQUEST, unfinished
from edgeface.train.networks import Design, Network, Variant, network
from edgeface.train.plan import Plan

IMAGENET, NONE = "imagenet", "none"  # what a base may begin with, besides a file
MAX_WEIGHTS_BYTES = 1 << 30

SplitMode = Literal["auto", "official", "drawn"]
SPLIT_MODES: tuple[SplitMode, ...] = ("auto", "official", "drawn")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a training job.

    Attributes:
        network: A name in `edgeface.train.networks.NETWORKS`.
        data: The folder, zip, npz or mat file of pictures.
        people: Which classes; empty takes all.
        size: Side of the network's input in pixels; None takes the documented one.
        colour: Of the network's input; None takes the documented one.
        alpha: Width multiplier; 0 takes the network's own.
        positive: The class that a binary network's unit answers for; empty takes the network's own
            where there is one of that name, else the last.
        variant: ``default`` or ``documented``.
        plan: How it is fitted; None takes the network's for the variant.
        weights: What a network on a base begins with: ``imagenet``, ``none`` or a file; empty for a
            network without one.
        crop: ``auto``, ``never``, ``stretched`` or ``always``.
        detector: What finds faces.
        detector_model: Its file, where it needs one; else empty.
        split: ``official`` keeps the sides of folders that are split already, ``drawn`` draws them,
            ``auto`` keeps them where there are any.
        validation: Share of every class that is held back; None: 0.3, or 0.1 of the training side
            where an official test side is there.
        test: Share that is held back a second time, and not looked at while training.
        drop_leaks: Leave training pictures out that are near-duplicates of the official test side.
        skip_broken: Leave broken pictures out and go on.
        seed: Of everything.
        reading: How arrays are read.
    """

    network: str
    data: str
    people: tuple[str, ...] = ()
    size: int | None = None
    colour: Colour | None = None
    alpha: float = 0.0
    positive: str = ""
    variant: Variant = "default"
    plan: Plan | None = None
    weights: str = ""
    crop: CropMode = "auto"
    detector: str = "haar"
    detector_model: str = ""
    split: SplitMode = "auto"
    validation: float | None = None
    test: float = 0.0
    drop_leaks: bool = False
    skip_broken: bool = False
    seed: int = 0
    reading: Reading = Reading()  # noqa: RUF009 - frozen

    @property
    def net(self) -> Network:
        """The network.

        Raises:
            UsageError: There is none of that name.
        """
        return network(self.network)

    def check_weights(self) -> None:
        """Say before pictures are read that a base would begin with nothing, or with nonsense.

        Raises:
            UsageError: It has a base and nothing was said, or the other way round; or there is no
                such file, or it does not go with the network.
        """
        if self.net.top and not self.weights:
            msg = f"{self.network} begins with weights, and none were named"
            remedy = (
                "--weights FILE (.h5 or .weights.h5), --weights imagenet (Keras downloads them, a "
                "few megabytes), or --weights none"
            )
            raise UsageError(msg, remedy=remedy)
        if self.weights and not self.net.top:
            msg = f"--weights: {self.network} has no base, it begins with fresh weights"
            raise UsageError(msg, remedy="leave it out")
        if self.weights not in ("", NONE) and (self.colour or self.net.colour) == "gray":
            msg = f"--weights {self.weights}: made for pictures in colour, the network takes gray"
            raise UsageError(msg, remedy="leave --model-colour gray out, or add --weights none")
        if self.weights not in ("", NONE, IMAGENET):
            _check_weights(Path(self.weights))

    @property
    def followed(self) -> Plan:
        """The plan that is followed."""
        return self.plan or self.net.plan(self.variant)

    def changed(
        self,
        *,
        epochs: int | None = None,
        head_epochs: int | None = None,
        patience: int | None = None,
        batch: int | None = None,
        rate: float | None = None,
        unfreeze: str = "",
    ) -> "Request":
        """The same with another plan where something of it was asked for.

        Of a network in two phases ``epochs``, ``patience`` and ``rate`` are the second one's.

        Raises:
            UsageError: A value cannot be meant, or the network has no second phase.
        """
        plan = self.net.plan(self.variant)
        if (head_epochs or unfreeze) and plan.tuning is None:
            msg = f"--unfreeze and --head-epochs: {self.network} is trained in one phase"
            raise UsageError(msg, remedy="leave them out; mobilenet has two")
        asked = {"epochs": epochs, "patience": patience, "batch": batch, "rate": rate}
        given: dict[str, Any] = {k: v for k, v in asked.items() if v is not None}
        if plan.tuning is None:
            made = replace(plan, schedule=replace(plan.schedule, **given))
        else:
            head: dict[str, Any] = {"epochs": head_epochs, "batch": batch}
            head = {k: v for k, v in head.items() if v is not None}
            tuned = replace(plan.tuning.schedule, **given)
            made = replace(
                plan,
                schedule=replace(plan.schedule, **head),
                tuning=replace(
                    plan.tuning, unfreeze=unfreeze or plan.tuning.unfreeze, schedule=tuned
                ),
            )
        return replace(self, plan=None if made == plan else made)

    def design(self, classes: int) -> Design:
        """The network that is built for so many classes.

        Raises:
            UsageError: It cannot be built that small, that large, or that wide.
        """
        net = self.net
        size = net.size if self.size is None else self.size
        if not net.smallest <= size <= LARGEST_SIDE_PX:
            msg = f"--model-size {size}: {net.name} takes {net.smallest} to {LARGEST_SIDE_PX} px"
            raise UsageError(msg)
        channels = 1 if (self.colour or net.colour) == "gray" else 3
        alpha = self.alpha or (net.alphas[0] if net.alphas else 0.0)
        design = Design(size, size, channels, classes, self.variant, alpha)
        net.check(design)
        return design

    def to_toml(self) -> str:
        """For the folder of an unfinished run; files as they are found from any folder."""
        asked = replace(self, data=lasting(self.data), detector_model=_lasting(self.detector_model))
        if self.weights not in (IMAGENET, NONE):
            asked = replace(asked, weights=_lasting(self.weights))
        return records.to_toml({"schema": 1, **asdict(asked)})


def _lasting(file: str) -> str:
    return str(Path(file).absolute()) if file else ""


def _check_weights(path: Path) -> None:
    if not path.is_file():
        msg = f"--weights {path}: no such file"
        raise UsageError(msg, remedy="name a .h5 or .weights.h5 file, imagenet, or none")
    if path.suffix != ".h5":
        msg = f"--weights {path}: neither .h5 nor .weights.h5"
        raise UsageError(msg, remedy="Keras' weights are files of that kind; nothing else is read")
    if path.stat().st_size > MAX_WEIGHTS_BYTES:
        msg = f"--weights {path}: larger than {MAX_WEIGHTS_BYTES >> 30} GiB"
        raise UsageError(msg)


def resumed(run: Path) -> Request:
    """What was asked of the training of ``run`` that was cut off.

    Raises:
        UsageError: There is no unfinished training of it.
        BundleError: What was kept of it cannot be read.
    """
    folder = unfinished(run)
    path = folder / REQUEST
    if not path.is_file():
        msg = f"--resume {run}: there is no unfinished training of it ({folder})"
        done = run.is_dir() and not folder.exists()
        remedy = "it is finished" if done else "name the run as it was named in --out"
        raise UsageError(msg, remedy=remedy)
    data = records.from_toml(path.read_text("utf-8"), str(path), BundleError)
    records.check_schema(data, 1, str(path), BundleError)
    return records.build(
        Request, {k: v for k, v in data.items() if k != "schema"}, str(path), BundleError
    )
