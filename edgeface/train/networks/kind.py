"""What a documented network is: its facts, its two plans, and how it is built."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from edgeface.errors import UsageError
from edgeface.images import Colour
from edgeface.train.plan import Plan

if TYPE_CHECKING:
    import keras

Variant = Literal["default", "documented"]
VARIANTS: tuple[Variant, ...] = ("default", "documented")


@dataclass(frozen=True, slots=True)
class Design:
    """What is chosen when a network is built; a run's ``[design]``.

    Attributes:
        height: Rows of its input, in pixels.
        width: Columns of its input, in pixels.
        channels: 1 for gray, else 3.
        classes: Number of its outputs.
        variant: ``documented``: layers, start weights and scaling as documented; ``default``: ours.
        alpha: Width multiplier, of networks that have one; 0 elsewhere.
    """

    height: int
    width: int
    channels: int
    classes: int
    variant: Variant = "default"
    alpha: float = 0.0


@dataclass(frozen=True, slots=True)
class Network:
    """A documented network for pictures.

    Attributes:
        name: As the command line calls it.
        source: Where it is documented, in words.
        size: Documented side of its input, in pixels.
        smallest: The least side that leaves its last layer something.
        colour: Of its input.
        recorded: The recorded result, in words; empty where none is recorded.
        documented: How it was trained where it is documented.
        default: How it is trained here unless asked otherwise.
        changes: What the default changes against the documented system, one thing a line, with the
            reason.
        construct: Builds it; use `build`. keras is imported by it alone.
        binary: Whether it ends in one sigmoid unit and tells exactly two classes apart.
        positive: Of a binary network: the label that its unit answers for, where there is one of
            that name; else the last label is.
        alphas: Width multipliers it can have, the default first; empty where it has none.
        stretched: Whether pictures that are crops already are stretched to its input instead of cut
            to their largest centred square.
        top: Of a network that begins with weights from elsewhere: the last layer of that base,
            below a head of its own; empty without one.
    """

    name: str
    source: str
    size: int
    smallest: int
    colour: Colour
    recorded: str
    documented: Plan
    default: Plan
    changes: tuple[str, ...]
    construct: Callable[[Design], Any]
    binary: bool = False
    positive: str = ""
    alphas: tuple[float, ...] = ()
    stretched: bool = False
    top: str = ""

    def plan(self, variant: Variant) -> Plan:
        """The plan that goes with a variant."""
        return self.documented if variant == "documented" else self.default

    def build(self, design: Design) -> "keras.Model":
        """The network, uncompiled, with fresh weights.

        Returns:
            A flat model from raw pixels, (batch, height, width, channels) float32 0 to 255, to
            probabilities (batch, classes) that sum to 1. Its first layer does the scaling.

        Raises:
            UsageError: As `check`.
        """
        self.check(design)
        model: keras.Model = self.construct(design)
        return model

    def check(self, design: Design) -> None:
        """Say of a design, without keras, that it cannot be built.

        Raises:
            UsageError: It is too small, or of a number of classes or a width that it has not.
        """
        if min(design.height, design.width) < self.smallest:
            msg = (
                f"{self.name} takes pictures of {self.smallest} px and more, "
                f"{design.height}x{design.width} was asked"
            )
            raise UsageError(msg)
        if self.binary and design.classes != 2:
            msg = f"{self.name} tells two classes apart, there are {design.classes}"
            raise UsageError(msg, remedy="name two with --people, or train convnet")
        if bool(self.alphas) != bool(design.alpha) or (
            design.alpha and design.alpha not in self.alphas
        ):
            known = ", ".join(f"{a:g}" for a in self.alphas) or "none"
            msg = f"{self.name} with alpha {design.alpha:g}: it has {known}"
            raise UsageError(msg)
