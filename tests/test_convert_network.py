"""A Keras network taken apart for conversion."""

from pathlib import Path

import numpy as np
import pytest

from edgeface.errors import ConversionError
from edgeface.train.run import Run

pytestmark = pytest.mark.tf


@pytest.fixture
def model(small_run: Path):
    return Run.load(small_run).model()


def test_its_scaling_and_its_ends(model) -> None:
    from edgeface.convert.network import Network

    network = Network.take(model)
    scaling = model.get_layer("scaling")
    assert (network.scale, network.offset) == (scaling.scale, scaling.offset)
    assert (network.shape, network.classes) == ((32, 32, 1), 3)
    pixels = np.random.default_rng(0).integers(0, 256, (300, 32, 32, 1), np.uint8)
    assert network.scaled(pixels).dtype == np.float32
    np.testing.assert_allclose(network.scaled(pixels), scaling(pixels.astype(float)), atol=1e-6)
    probs = network.infer(pixels)
    assert probs.shape == (300, 3)
    whole = network.from_pixels(pixels)["probs"].numpy()
    np.testing.assert_allclose(probs, whole, atol=1e-6)
    behind = network.from_scaled(network.scaled(pixels))["probs"].numpy()
    np.testing.assert_allclose(behind, whole, atol=1e-6)
    assert network.infer(pixels[:0]).shape == (0, 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_named(model, bad: float) -> None:
    from edgeface.convert.network import Network

    kernel = model.get_layer("conv2").kernel
    value = kernel.numpy().copy()
    value[0, 0, 3, 5] = bad
    kernel.assign(value)
    with pytest.raises(ConversionError, match=r"weights of .*conv2/kernel are not all finite"):
        Network.take(model)


def test_a_network_has_to_do_its_own_scaling() -> None:
    import keras

    from edgeface.convert.network import Network

    def begins_with(*layers):
        return keras.Sequential(
            [keras.Input((8, 8, 3)), *layers, keras.layers.Flatten(), keras.layers.Dense(2)]
        )

    for model in (
        begins_with(),
        begins_with(keras.layers.Rescaling([1 / 255] * 3)),
        begins_with(keras.layers.Rescaling(1 / 255, offset=[0.1, 0.2, 0.3])),
    ):
        with pytest.raises(ConversionError, match="does not begin with a Rescaling layer"):
            Network.take(model)
