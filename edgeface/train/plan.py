"""How a network is fitted: its schedule, its augmentation, and what a second phase unfreezes.

Every documented network carries two plans: the documented one and the default (see
`edgeface.train.networks`). The plan that was followed stands in a run's ``config.toml``.
"""

from dataclasses import dataclass
from typing import Literal

from edgeface.errors import UsageError
from edgeface.train.augment import Augmentation

Optimizer = Literal["adam", "rmsprop"]
Decay = Literal["plateau", "cosine", "none"]
Keep = Literal["best", "last"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a network is fitted.

    Attributes:
        epochs: At most so many.
        patience: Epochs without a lower validation loss before it stops; 0 never stops early.
        batch: Pictures a step.
        rate: Learning rate of the first epoch; with ``warmup`` of the first one after it.
        optimizer: ``adam`` (Kingma & Ba 2015, arXiv:1412.6980) or ``rmsprop``.
        decay: Of the rate. ``plateau``: halved after half the patience without progress;
            ``cosine``: half a cosine from ``rate`` to nothing over all epochs, changed after every
            epoch (Loshchilov & Hutter 2017, arXiv:1608.03983); ``none``.
        warmup: Epochs in which the rate rises to its value from a tenth. Where batch norms are
            frozen, the first steps at a full rate ruin what they were made for.
        clip: Largest norm of a weight's gradient; 0 clips nothing.
        smoothing: Share of the target that is spread over all classes (Szegedy et al. 2016,
            arXiv:1512.00567).
        average: Of the weights over steps: the share of the old average that each step keeps
            (Polyak & Juditsky 1992); 0 averages nothing.
        keep: Whose weights: of the epoch with the lowest validation loss, or of the last one.
    """

    epochs: int = 300
    patience: int = 30
    batch: int = 20
    rate: float = 1e-3
    optimizer: Optimizer = "adam"
    decay: Decay = "plateau"
    warmup: int = 0
    clip: float = 1.0
    smoothing: float = 0.0
    average: float = 0.0
    keep: Keep = "best"

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("patience", 0), ("warmup", 0), ("batch", 1)):
            if getattr(self, name) < least:
                msg = f"{name} {getattr(self, name)}: {least} is the least"
                raise UsageError(msg)
        if not 0 < self.rate <= 1:
            msg = f"learning rate {self.rate}: more than 0, and at most 1"
            raise UsageError(msg)
        for name in ("smoothing", "average"):
            if not 0 <= getattr(self, name) < 1:
                msg = f"{name} {getattr(self, name)}: from 0 to less than 1"
                raise UsageError(msg)
        if self.clip < 0:
            msg = f"clip {self.clip}: not negative"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Tuning:
    """The second phase of fine-tuning: layers of the base are unfrozen and fitted with the head.

    Attributes:
        unfreeze: What: ``all``, the name of the first layer, or the number of layers from the top.
        schedule: How.
    """

    unfreeze: str
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Plan:
    """How a network is trained.

    Attributes:
        schedule: The fit; of a network on a base, its first phase, in which the base is frozen.
        augmentation: What the training pictures go through.
        tuning: The second phase; None where there is none.
    """

    schedule: Schedule
    augmentation: Augmentation = Augmentation()  # noqa: RUF009 - frozen
    tuning: Tuning | None = None

    @property
    def epochs(self) -> int:
        """Of all phases together, at most."""
        return self.schedule.epochs + (self.tuning.schedule.epochs if self.tuning else 0)
