"""What a documented network for points is: numbers in, one number out, and its two plans."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from edgeface.datasets.points import Standard
from edgeface.errors import UsageError
from edgeface.train.networks.kind import Variant

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class PointPlan:
    """How a network is fitted to points, by Adam (Kingma & Ba 2015) on the mean squared error.

    Attributes:
        epochs: How many.
        batch: Points a step.
        rate: Learning rate of the first epoch.
        decay: Of the rate. ``cosine``: half a cosine from ``rate`` to nothing over all epochs;
            ``none``.
        clip: Largest norm of a weight's gradient; 0 clips nothing.
        keep: Whose weights: of the epoch with the lowest validation loss, or of the last one.
    """

    epochs: int = 500
    batch: int = 16
    rate: float = 1e-2
    decay: Literal["cosine", "none"] = "none"
    clip: float = 0.0
    keep: Literal["best", "last"] = "last"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                msg = f"{name} {getattr(self, name)}: 1 is the least"
                raise UsageError(msg)
        if not 0 < self.rate <= 1:
            msg = f"learning rate {self.rate}: more than 0, and at most 1"
            raise UsageError(msg)
        if self.clip < 0:
            msg = f"clip {self.clip}: not negative"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class PointDesign:
    """What is chosen when a network for points is built.

    Attributes:
        inputs: How many numbers it takes.
        variant: ``documented`` or ``default``.
        standard: Where the numbers of the training side lie; the default network turns them into
            mean 0 and deviation 1 in its first layer and back in its last, the documented one
            does not.
    """

    inputs: int
    variant: Variant
    standard: Standard


@dataclass(frozen=True, slots=True)
class PointNetwork:
    """A documented network for points.

    Attributes:
        name: As the command line calls it.
        source: Where it is documented, in words.
        recorded: The recorded result, in words.
        documented: How it was trained where it is documented.
        default: How it is trained here unless asked otherwise.
        changes: What the default changes against the documented system, one thing a line, with the
            reason.
        construct: Builds it; use `build`. keras is imported by it alone.
    """

    name: str
    source: str
    recorded: str
    documented: PointPlan
    default: PointPlan
    changes: tuple[str, ...]
    construct: Callable[[PointDesign], Any]

    def plan(self, variant: Variant) -> PointPlan:
        """The plan that goes with a variant."""
        return self.documented if variant == "documented" else self.default

    def build(self, design: PointDesign) -> "keras.Model":
        """The network, uncompiled, with fresh weights.

        Returns:
            A flat model from raw numbers, (batch, inputs) float32, to values (batch, 1) in the unit
            of y.
        """
        model: keras.Model = self.construct(design)
        return model
