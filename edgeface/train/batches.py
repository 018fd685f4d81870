"""Batches to train on: drawn, augmented and turned to floats a few steps ahead of the network.

The order of an epoch depends on the seed and the number of the epoch alone, the variants of a
batch on those and its own number. So it changes nothing who prepares a batch, and when.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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
# One warps 30,000 pictures of 64x64x3 a second; two take no more of the processor for a picture.
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
        shape = self._part.crops.shape[1:]
        # Whoever takes the floats allocates them: what a thread allocates and another lets go of
        # goes back to the system, and to fetch it again for every batch takes as long as a warp.
        todo = (
            _Todo((self._seed, number, at), places, np.empty((count, *shape), np.float32))
            for at, places in enumerate(self._cut(order), start=1)
            for count in (len(places) + self._decoys(len(places)),)
        )
        yield from ahead(self._make, todo, most=AHEAD, threads=self._threads)

    def _cut(self, order: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
        return (order[at : at + self._batch] for at in range(0, len(order), self._batch))

    def _decoys(self, count: int) -> int:
        return round(self._how.decoys * count)

    def _make(self, todo: "_Todo") -> Batch:
        rng, places, count = np.random.default_rng(todo.seed), todo.places, len(todo.places)
        crops, truth = self._part.crops[self._part.indices[places]], self._part.truth[places]
        todo.room[:count] = augment(crops, self._how, rng)
        if self._decoys(count):
            chosen = rng.integers(count, size=self._decoys(count))
            todo.room[count:] = decoys(crops[chosen], self._how, rng)
            truth = np.concatenate([truth, np.zeros(len(chosen), truth.dtype)])
        return todo.room, truth


@dataclass(frozen=True, slots=True)
class _Todo:
    """A batch to be made: seeds, which pictures of the part, and room for all of it."""

    seed: tuple[int, int, int]
    places: NDArray[np.intp]
    room: NDArray[np.float32]
