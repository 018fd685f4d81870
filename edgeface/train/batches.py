"""Batches to train on: drawn, augmented and turned to floats a few steps ahead of the network.

The order of an epoch depends on the seed and the number of the epoch alone, the variants of a
batch on those and its own number. So it changes nothing who prepares a batch, and when.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.ahead import ahead
from edgeface.datasets.crops import CropStore
from edgeface.train.augment import Augmentation, augment
from edgeface.train.decoys import decoys

Batch = tuple[NDArray[np.float32], NDArray[np.intp]]

# Batches that wait for the network at most: enough to bridge an uneven step.
AHEAD = 4
# One alone warps 30,000 pictures of 64x64x3 a second. Two take a sixth more of the processor, for
# the interpreter's lock that both let go of at every picture; with a core to spare they are faster.
THREADS = 2


class Labelled(Protocol):
    """Which crops there are to train on, and of which class (see `edgeface.train.prepare.Part`)."""

    @property
    def crops(self) -> CropStore: ...  # noqa: D102
    @property
    def indices(self) -> NDArray[np.intp]: ...  # noqa: D102
    @property
    def truth(self) -> NDArray[np.intp]: ...  # noqa: D102


class Batches:
    """See `edgeface.train.fit.Training`.

    Args:
        part: What to train on.
        augmentation: What every picture goes through, drawn anew in every epoch.
        batch: Pictures in a batch; the last one of an epoch may have fewer.
        seed: Of order and augmentation, not negative.
        threads: How many prepare batches; the batches are the same for any number.
    """

    def __init__(
        self,
        part: Labelled,
        augmentation: Augmentation,
        batch: int,
        seed: int,
        *,
        threads: int = THREADS,
    ) -> None:
        self._part, self._how = part, augmentation
        self._batch, self._seed, self._threads = batch, seed, threads

    def __len__(self) -> int:
        return -(-len(self._part.indices) // self._batch)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of an epoch, from 1; the same number gives the same bytes.

        Whoever stops early, or is stopped by an error, leaves no thread behind. What goes wrong
        while a batch is prepared is raised where that batch is asked for.
        """
        order = np.random.default_rng((self._seed, number)).permutation(len(self._part.indices))
        yield from ahead(
            lambda at: self._make(order, number, at),
            range(len(self)),
            most=AHEAD,
            threads=self._threads,
        )

    def _make(self, order: NDArray[np.intp], number: int, at: int) -> Batch:
        places = order[at * self._batch : (at + 1) * self._batch]
        rng = np.random.default_rng((self._seed, number, at + 1))
        crops, truth = self._part.crops[self._part.indices[places]], self._part.truth[places]
        pixels = augment(crops, self._how, rng)
        if self._how.decoys:
            chosen = rng.integers(len(crops), size=round(self._how.decoys * len(crops)))
            pixels = np.concatenate([pixels, decoys(crops[chosen], self._how, rng)])
            truth = np.concatenate([truth, np.zeros(len(chosen), truth.dtype)])
        return pixels.astype(np.float32), truth
