"""Batch-norm statistics estimated again after training."""

import numpy as np
import pytest

from edgeface.datasets.crops import CropStore
from edgeface.train.prepare import Part

pytestmark = pytest.mark.tf

SIZE = 32


def striped(count: int, seed: int) -> Part:
    """Two classes of pictures: bright above, bright below."""
    rng = np.random.default_rng(seed)
    truth = np.arange(count) % 2
    pixels = rng.integers(0, 90, (count, SIZE, SIZE, 3), np.uint8)
    pixels[truth == 0, : SIZE // 2] += 120
    pixels[truth == 1, SIZE // 2 :] += 120
    return Part(CropStore.of(pixels), np.arange(count), truth)


def mobilenet():
    from edgeface.train import toolchain
    from edgeface.train.networks import Design, network

    toolchain.seed_everything(1)
    return network("mobilenet").build(Design(SIZE, SIZE, 3, 2, "default", 0.25))


def accuracy(model, part: Part) -> float:
    probs = model(part.pixels.astype(np.float32), training=False).numpy()
    return float((probs.argmax(axis=1) == part.truth).mean())


@pytest.mark.parametrize(("count", "batches"), [(160, 3), (133, 2)])
def test_they_become_the_means_over_the_batches_that_were_seen(count: int, batches: int) -> None:
    """A rest of five is left out: it would count as much as 64 others."""
    import keras

    from edgeface.train import statistics

    part, model = striped(count, 0), mobilenet()
    for layer in statistics.norms(model)[:5]:
        layer.trainable = False
    before = {w.path: w.numpy().copy() for w in model.weights}
    statistics.estimate_again(model, part)
    # By another way: the first norm's input is the first convolution's output.
    order = np.random.default_rng(0).permutation(count)
    reach = keras.Model(model.input, model.get_layer("conv1").output)
    pixels = [part.pixels[order[64 * i : 64 * i + 64]] for i in range(batches)]
    seen = [reach(p.astype(np.float32)).numpy() for p in pixels]
    first = model.get_layer("conv1_bn")
    means = np.mean([s.mean(axis=(0, 1, 2)) for s in seen], axis=0)
    variances = np.mean([s.var(axis=(0, 1, 2)) for s in seen], axis=0)
    np.testing.assert_allclose(first.moving_mean.numpy(), means, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(first.moving_variance.numpy(), variances, rtol=1e-3, atol=1e-5)
    # Nothing else moved, nor how the layers go on.
    for weight in model.weights:
        moved = not np.array_equal(weight.numpy(), before[weight.path])
        assert moved == ("moving" in weight.path), weight.path
    norms = statistics.norms(model)
    assert len(norms) == 27
    assert {layer.momentum for layer in norms} == {0.99}
    assert [layer.trainable for layer in norms] == [False] * 5 + [True] * 22


def test_without_a_picture_or_a_norm_nothing_happens() -> None:
    from edgeface.train import statistics
    from edgeface.train.networks import Design, network

    nothing = Part(striped(2, 0).crops, np.arange(0), np.arange(0))
    model = mobilenet()
    before = model.get_weights()
    statistics.estimate_again(model, nothing)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    plain = network("convnet").build(Design(SIZE, SIZE, 3, 2))
    before = plain.get_weights()
    statistics.estimate_again(plain, striped(8, 0))
    assert all(np.array_equal(a, b) for a, b in zip(before, plain.get_weights(), strict=True))


def test_trained_from_nothing_it_is_right_only_with_them() -> None:
    """With the moving averages that a short training leaves, it is not the network trained."""
    from edgeface.train import statistics
    from edgeface.train.augment import Augmentation
    from edgeface.train.batches import Batches
    from edgeface.train.fit import fit
    from edgeface.train.plan import Schedule

    class Quiet:
        def step(self, done: int, of: int) -> None: ...

        def epoch(self, progress: object) -> None: ...

    model, training, validation = mobilenet(), striped(64, 1), striped(40, 2)
    schedule = Schedule(8, 0, 16, 2e-3, "adam", "none", keep="last")
    batches = Batches(training, Augmentation(), 16, 1)
    history = fit(model, batches, validation, schedule, Quiet(), seed=1)
    assert history.rows[-1]["accuracy"] > 0.9  # of each batch by its own statistics
    assert accuracy(model, validation) < 0.7  # by those that Keras keeps: a coin
    statistics.estimate_again(model, training)
    assert accuracy(model, training) > 0.9
    assert accuracy(model, validation) > 0.9
