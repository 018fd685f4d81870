"""The documented networks for points; those for pictures are in `edgeface.train.networks`."""

from edgeface.errors import UsageError
from edgeface.train.networks import curve
from edgeface.train.networks.points import PointNetwork

POINT_NETWORKS = {known.name: known for known in (curve.NETWORK, curve.SINGLE)}


def point_network(name: str) -> PointNetwork:
    """The network for points of that name.

    Raises:
        UsageError: There is none; the remedy names those there are.
    """
    if name not in POINT_NETWORKS:
        msg = f"no network for points called {name!r}"
        raise UsageError(msg, remedy=f"one of: {', '.join(POINT_NETWORKS)}")
    return POINT_NETWORKS[name]
