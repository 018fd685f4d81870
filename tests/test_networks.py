"""The documented networks."""

import pytest

from edgeface.errors import UsageError
from edgeface.train.networks import NETWORKS, network

pytestmark = pytest.mark.tf


def test_friends_is_the_documented_system() -> None:
    friends = network("friends")
    assert (friends.size, friends.colour) == (64, "gray")
    model = friends.build(64, 3)
    assert model.count_params() == 175_779
    parameters = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert parameters == {
        "conv1": 320,
        "conv2": 9_248,
        "conv3": 18_496,
        "dense": 147_520,
        "probs": 195,
    }
    assert model.input_shape == (None, 64, 64, 1)
    assert model.output_shape == (None, 3)
    assert model.get_layer("dropout").rate == 0.5


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_the_smallest_size_builds_and_one_below_does_not(name: str) -> None:
    net = network(name)
    assert net.build(net.smallest, 2).count_params() > 0
    with pytest.raises(ValueError, match=r"Computed output size would be zero|negative|smaller"):
        net.build(net.smallest - 1, 2)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_raw_pixels_in_and_probabilities_out(name: str) -> None:
    import keras
    import numpy as np

    model = network(name).build(32, 5)
    assert isinstance(model.layers[0], keras.layers.Rescaling)
    pixels = np.random.default_rng(0).integers(0, 256, (4, *model.input_shape[1:]))
    probs = model(pixels.astype(np.float32), training=False).numpy()
    assert probs.shape == (4, 5)
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(UsageError, match="no network called 'enemies'") as wrong:
        network("enemies")
    assert "friends" in wrong.value.remedy
