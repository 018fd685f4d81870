"""What a file answers beside the probabilities, held against the network's own."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgeface.convert.network import Network
from edgeface.errors import ConversionError
from edgeface.images import Pixels
from edgeface.vision.unknown import Outputs

# How close the second output of a file has to be to the network's own, as their correlation;
# another output in its place, or a clipped one, is far below.
ALIKE = 0.9

InferAll = Callable[[Pixels], dict[str, NDArray[np.float32]]]


def every(infer: InferAll, pixels: Pixels) -> dict[str, NDArray[np.float32]]:
    """All outputs of a file for many pictures: name → (n, …)."""
    answers = [infer(p) for p in pixels]
    return {name: np.stack([answer[name] for answer in answers]) for name in answers[0]}


def check_beside(
    name: str, beside: str, outputs: Outputs, network: Network, pixels: Pixels
) -> None:
    """Hold the second output of a file against the network's own.

    Args:
        name: Of the file, for the error.
        beside: Of the output.
        outputs: Of the file, for the pictures.
        network: The trained one.
        pixels: (n, height, width, channels) uint8.

    Raises:
        ConversionError: It is something else.
    """
    own, found = network.parts(pixels)[beside], outputs[beside]
    alike = 0.0
    if found.shape == own.shape and np.isfinite(found).all() and np.ptp(found) and np.ptp(own):
        alike = float(np.corrcoef(found.ravel(), own.ravel())[0, 1])
    if not alike >= ALIKE:
        msg = f"{name}: its {beside} {found.shape} is not the network's (correlation {alike:.3f})"
        raise ConversionError(msg, remedy="the converter wrote a broken file; please report this")
