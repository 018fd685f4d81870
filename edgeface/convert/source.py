"""What a network is beside its weights: its files say it, and the manifest does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edgeface import bundle as bundles
from edgeface import sealed
from edgeface.convert.versions import versions
from edgeface.images import Preprocess
from edgeface.train.run import Run


class Teller(Protocol):
    """Who is told how a job goes on."""

    def say(self, text: str) -> None:
        """A line."""

    def track(self, items: Sequence[Any], doing: str) -> Any:
        """Items, with progress."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is exported.

    Attributes:
        where: For the errors: the folder of a run, say.
        network: Its name, which its files begin with.
        labels: Class names, in the order of the output.
        preprocess: From a picture to `pixels`.
        detector: The detector whose crops it was trained on; ``none`` for whole pictures.
        origin: What the manifest says of where it came from.
        seen: SHA-256 of every picture that it was trained on, as far as that is known.
    """

    where: str
    network: str
    labels: tuple[str, ...]
    preprocess: Preprocess
    detector: str
    origin: bundles.Origin
    seen: tuple[str, ...]

    @classmethod
    def of_run(cls, run: Run) -> "Source":
        """What a run says of itself."""
        origin = bundles.Origin(
            run=str(run.folder),
            weights_sha256=run.weights_sha256,
            split_sha256=sealed.read_sums(run.folder, "run")["split.json"],
            versions=versions(),
        )
        return cls(
            where=str(run.folder),
            network=run.config.network,
            labels=run.labels,
            preprocess=run.config.preprocess,
            detector=run.config.detector,
            origin=origin,
            seen=tuple(e.sha256 for e in run.split.side("training")),
        )
