"""How much it matters which pictures were drawn: a file by one half beside one by the other.

What two halves agree on is more certain than that; what they do not, more pictures would change.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeface import evaluate
from edgeface.bundlefolder import Format
from edgeface.calibration import Halves
from edgeface.convert.calibration.candidates import Candidates
from edgeface.convert.calibration.draw import with_black_and_white
from edgeface.convert.calibration.trials import Trials
from edgeface.convert.source import Teller


def compare(
    trials: Trials,
    formats: Sequence[Format],
    chosen: Candidates,
    truth: NDArray[np.intp],
    seed: int,
    teller: Teller,
) -> tuple[Halves, ...]:
    """Quantise by each half, and hold the answers against each other.

    Args:
        trials: Makes and asks the files.
        formats: Which.
        chosen: What was drawn.
        truth: (m,) class numbers of what is answered.
        seed: Of the halves.
        teller: Is told how it goes on.

    Returns:
        One a format; none where there are too few pictures to be halved.
    """
    total = len(chosen.pixels)
    if total < 2:
        return ()
    classes = np.zeros(total, np.intp) if chosen.classes is None else chosen.classes
    sides = [with_black_and_white(chosen.pixels[half]) for half in halved(classes, seed)]
    found = []
    for format in teller.track(formats, "halves of the calibration"):
        one, other = (trials.answers(format, side) for side in sides)
        found.append(
            Halves(
                format,
                "int8",
                min(map(len, sides)) - 2,
                evaluate.agreement(one, other),
                100 * (evaluate.accuracy(one, truth) - evaluate.accuracy(other, truth)),
            )
        )
    return tuple(found)


def halved(classes: NDArray[np.intp], seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of two halves, each class dealt out in turn.

    Args:
        classes: (n,) class numbers.
        seed: Of the order.
    """
    rng = np.random.default_rng(seed)
    order = [rng.permutation(np.flatnonzero(classes == number)) for number in np.unique(classes)]
    dealt = np.concatenate(order)
    return np.sort(dealt[::2]), np.sort(dealt[1::2])
