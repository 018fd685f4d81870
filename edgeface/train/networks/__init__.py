"""The documented networks, one file a system; keras is imported when one is built."""

from edgeface.errors import UsageError
from edgeface.train.networks import convnet, facepatch, friends, mobilenet, olivetti, simpsons
from edgeface.train.networks.kind import VARIANTS, Design, Network, Variant

__all__ = ["NETWORKS", "VARIANTS", "Design", "Network", "Variant", "network"]

# A new network is one file and one line. In the order of the table in the README.
NETWORKS = {
    known.name: known
    for known in (
        friends.NETWORK,
        simpsons.NETWORK,
        convnet.NETWORK,
        convnet.BINARY,
        olivetti.NETWORK,
        olivetti.DENSE,
        facepatch.NETWORK,
        mobilenet.NETWORK,
    )
}


def network(name: str) -> Network:
    """The network of that name.

    Raises:
        UsageError: There is none; the remedy names those there are.
    """
    if name not in NETWORKS:
        msg = f"no network called {name!r}"
        raise UsageError(msg, remedy=f"one of: {', '.join(NETWORKS)}")
    return NETWORKS[name]
