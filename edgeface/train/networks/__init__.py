"""The documented networks, one file each; keras is imported when one is built."""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeface.errors import UsageError
from edgeface.images import Colour

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class Network:
    """A documented network.

    Attributes:
        name: As the command line calls it, and the module here that builds it.
        size: Documented side of its input, in pixels.
        smallest: The least side that leaves its last pooling something.
        colour: Of its input.
    """

    name: str
    size: int
    smallest: int
    colour: Colour

    def build(self, size: int, classes: int) -> "keras.Model":
        """The network, uncompiled, with fresh weights.

        Args:
            size: Side of the square input, in pixels.
            classes: Number of classes.

        Returns:
            From raw pixels, (batch, size, size, channels) float32 0 to 255, to probabilities
            (batch, classes). Its first layer does the scaling.
        """
        module = importlib.import_module(f"edgeface.train.networks.{self.name}")
        model: keras.Model = module.build(size, classes)
        return model


NETWORKS = {n.name: n for n in (Network("friends", 64, 22, "gray"),)}


def network(name: str) -> Network:
    """The network of that name.

    Raises:
        UsageError: There is none; the remedy names those there are.
    """
    if name not in NETWORKS:
        msg = f"no network called {name!r}"
        raise UsageError(msg, remedy=f"one of: {', '.join(NETWORKS)}")
    return NETWORKS[name]
