"""Batches: the same for a seed whoever prepares them, and nobody is left behind."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeface.datasets import ahead
from edgeface.datasets.crops import CropStore
from edgeface.train import batches
from edgeface.train.augment import Augmentation
from edgeface.train.batches import Batches

HOW = Augmentation(shear=5, zoom=0.2, stretch=0.1, shift=0.1, flip=True, light=0.2)
PLAIN = Augmentation()
NUMBERED = np.arange(50, dtype=np.uint8).repeat(8 * 9).reshape(50, 8, 9, 1)
NOISE = np.random.default_rng(0).integers(0, 256, (50, 8, 9, 3), np.uint8)


@dataclass
class Part:
    """As `edgeface.train.prepare.Part`."""

    crops: Any
    indices: NDArray[np.intp]
    truth: NDArray[np.intp]


def part(pixels: NDArray[np.uint8] = NOISE, count: int = 43) -> Part:
    indices = np.arange(50)[::-1][:count].copy()
    return Part(CropStore.of(pixels), indices, indices * 10)


def bytes_of(epoch: Iterable[batches.Batch]) -> list[bytes]:
    return [pixels.tobytes() + truth.tobytes() for pixels, truth in epoch]


def left() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith(ahead.NAME)]


@pytest.mark.parametrize(("count", "expected"), [(43, 5), (40, 4), (9, 1), (1, 1), (0, 0)])
def test_an_epoch_has_every_picture_once_with_its_class(count: int, expected: int) -> None:
    training = Batches(part(NUMBERED, count), PLAIN, 10, seed=1)
    made = list(training.epoch(1))
    assert len(training) == len(made) == expected
    for pixels, truth in made:
        assert pixels.dtype == np.float32
        assert pixels.shape == (len(truth), 8, 9, 1)
        assert truth.dtype == np.intp
        assert np.array_equal(pixels[:, 0, 0, 0] * 10, truth)
    seen = sorted(int(t) // 10 for _, truth in made for t in truth)
    assert seen == list(range(50 - count, 50))


def test_floats_are_0_to_255() -> None:
    pixels = np.concatenate([p for p, _ in Batches(part(), PLAIN, 10, seed=1).epoch(1)])
    assert pixels.min() == 0
    assert pixels.max() == 255


def test_an_epoch_is_the_same_whatever_was_asked_before() -> None:
    first = Batches(part(), HOW, 10, seed=4)
    epochs = [bytes_of(first.epoch(number)) for number in (1, 2, 3)]
    again = Batches(part(), HOW, 10, seed=4)
    assert bytes_of(again.epoch(3)) == epochs[2]
    assert bytes_of(again.epoch(1)) == epochs[0]
    assert len({made for epoch in epochs for made in epoch}) == 15


def test_batches_that_were_taken_stay_as_they_are() -> None:
    epoch = Batches(part(), HOW, 5, seed=4).epoch(1)
    taken = [(pixels, pixels.copy()) for pixels, _ in epoch]
    assert len(taken) == 9
    assert all(np.array_equal(pixels, before) for pixels, before in taken)


def test_another_seed_gives_another_order_and_other_variants() -> None:
    orders = [
        [t for _, truth in Batches(part(), HOW, 10, seed=seed).epoch(1) for t in truth]
        for seed in (0, 1)
    ]
    assert orders[0] != orders[1]
    same = Part(CropStore.of(np.repeat(NOISE[:1], 50, axis=0)), np.arange(50), np.zeros(50, int))
    variants = {
        pixels.tobytes()
        for seed in (0, 1)
        for number in (1, 2)
        for made, _ in Batches(same, HOW, 10, seed=seed).epoch(number)
        for pixels in made
    }
    assert len(variants) == 200


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_it_changes_nothing_how_many_prepare_them(threads: int) -> None:
    alone = Batches(part(), HOW, 3, seed=2, threads=1)
    several = Batches(part(), HOW, 3, seed=2, threads=threads)
    assert bytes_of(several.epoch(2)) == bytes_of(alone.epoch(2))


def test_it_changes_nothing_how_fast_they_are_taken() -> None:
    def slowly(epoch: Iterable[batches.Batch]) -> Iterable[batches.Batch]:
        for batch in epoch:
            time.sleep(0.005)
            yield batch

    training = Batches(part(), HOW, 10, seed=2)
    assert bytes_of(slowly(training.epoch(1))) == bytes_of(training.epoch(1))


def test_two_epochs_at_once_do_not_disturb_each_other() -> None:
    training = Batches(part(), HOW, 10, seed=2)
    both = list(zip(training.epoch(1), training.epoch(2), strict=True))
    assert bytes_of(one for one, _ in both) == bytes_of(training.epoch(1))
    assert bytes_of(two for _, two in both) == bytes_of(training.epoch(2))


class Counting:
    """Crops that note how often they were read, and may fail."""

    shape = NOISE.shape

    def __init__(self, fails_at: int = 1000) -> None:
        self.reads, self._fails_at = 0, fails_at

    def __getitem__(self, index: NDArray[np.intp]) -> NDArray[np.uint8]:
        self.reads += 1
        if self.reads == self._fails_at:
            msg = "the disk is gone"
            raise OSError(msg)
        return NOISE[index]


def counted(fails_at: int = 1000, threads: int = 1) -> tuple[Counting, Batches]:
    counting = Counting(fails_at)
    numbers = np.arange(50)
    return counting, Batches(Part(counting, numbers, numbers), PLAIN, 1, seed=0, threads=threads)


def test_only_a_few_batches_are_ever_ahead() -> None:
    counting, training = counted()
    epoch = training.epoch(1)
    assert counting.reads == 0
    for taken in range(1, 20):
        next(epoch)
        time.sleep(0.002)  # it would run away here if it could
        assert taken <= counting.reads <= taken + batches.AHEAD
    epoch.close()
    assert not left()


def test_they_are_made_beside_whoever_takes_them() -> None:
    counting, training = counted()
    epoch = training.epoch(1)
    next(epoch)
    deadline = time.monotonic() + 10
    while counting.reads < 1 + batches.AHEAD and time.monotonic() < deadline:
        time.sleep(0.001)
    assert counting.reads == 1 + batches.AHEAD
    assert len(left()) == 1
    epoch.close()


def test_stopping_early_leaves_no_thread() -> None:
    _, training = counted()
    for number, _ in enumerate(training.epoch(1)):
        if number == 3:
            assert left()
            break
    assert not left()


def test_an_error_or_ctrl_c_of_whoever_takes_them_leaves_no_thread() -> None:
    _, training = counted()

    def take(error: type[BaseException]) -> None:
        for _ in training.epoch(1):
            raise error

    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error) as caught:
            take(error)
        assert not left(), caught


def test_an_epoch_to_its_end_leaves_no_thread() -> None:
    _, training = counted()
    assert len(list(training.epoch(1))) == 50
    assert not left()


def test_what_goes_wrong_in_the_thread_is_raised_where_the_batch_is_asked_for() -> None:
    _, training = counted(fails_at=7)
    taken = []
    with pytest.raises(OSError, match="the disk is gone"):
        taken.extend(training.epoch(1))
    assert len(taken) == 6
    assert not left()


def test_an_error_in_one_of_several_threads_ends_them_all() -> None:
    _, training = counted(fails_at=7, threads=3)
    with pytest.raises(OSError, match="the disk is gone"):
        list(training.epoch(1))
    assert not left()


def test_crops_beyond_the_bound_give_the_same_batches() -> None:
    from edgeface.datasets.crops import CropWriter

    writer = CropWriter((8, 9, 3), 50, memory_bytes=0)
    for pixels in NOISE:
        writer.append(pixels)
    filed = Part(writer.store(), part().indices, part().truth)
    assert not filed.crops.in_memory
    here = bytes_of(Batches(part(), HOW, 10, seed=6).epoch(1))
    assert bytes_of(Batches(filed, HOW, 10, seed=6).epoch(1)) == here
