"""What every layer makes of a picture, and the first weights, on networks small enough to check."""

import numpy as np
import pytest

pytestmark = pytest.mark.tf


def test_maps_are_what_the_layers_compute() -> None:
    import keras

    from edgeface.train.explain.maps import feature_maps

    layers = keras.layers
    raw = keras.Input((4, 4, 1), name="pixels")
    scaled = layers.Rescaling(0.5, offset=-1, name="scaling")(raw)
    x = layers.Conv2D(2, 2, activation="relu", name="conv")(scaled)
    x = layers.MaxPooling2D(3, name="pool")(x)
    out = layers.Flatten(name="flatten")(x)
    model = keras.Model(raw, out)
    kernel = np.zeros((2, 2, 1, 2), np.float32)
    kernel[0, 0, 0, 0], kernel[1, 1, 0, 0] = -1, 1  # how much brighter it gets downwards
    kernel[..., 1] = 1
    model.get_layer("conv").set_weights([kernel, np.array([0, -100], np.float32)])
    crop = np.arange(16, dtype=np.uint8).reshape(4, 4, 1)
    maps = feature_maps(model, crop)
    assert list(maps) == ["pixels", "scaling", "conv", "pool", "flatten"]
    np.testing.assert_array_equal(maps["pixels"], crop)
    np.testing.assert_array_equal(maps["scaling"], crop * 0.5 - 1)
    np.testing.assert_array_equal(maps["conv"][..., 0], np.full((3, 3), 2.5))
    np.testing.assert_array_equal(maps["conv"][..., 1], np.zeros((3, 3)))  # below its bias
    np.testing.assert_array_equal(maps["flatten"], [2.5, 0])
    assert all(values.dtype == np.float32 for values in maps.values())


def test_dropout_does_nothing_when_it_is_looked_at() -> None:
    import keras

    from edgeface.train.explain.maps import feature_maps

    raw = keras.Input((64,), name="pixels")
    model = keras.Model(raw, keras.layers.Dropout(0.9, name="dropout")(raw))
    given = np.arange(1, 65, dtype=np.uint8)
    np.testing.assert_array_equal(feature_maps(model, given)["dropout"], given)


def test_filters_of_a_convolution_stand_upright() -> None:
    import keras

    from edgeface.train.explain.maps import first_weights

    raw = keras.Input((9, 9, 3))
    model = keras.Model(raw, keras.layers.Conv2D(5, (2, 4), name="first")(raw))
    kernel = np.random.default_rng(0).normal(size=(2, 4, 3, 5)).astype(np.float32)
    model.get_layer("first").set_weights([kernel, np.zeros(5, np.float32)])
    found = first_weights(model)
    assert found is not None
    assert (found.layer, found.kind, found.weights.shape) == ("first", "filters", (5, 2, 4, 3))
    assert found.weights[3, 1, 2, 0] == kernel[1, 2, 0, 3]


def test_filters_of_a_depthwise_convolution_are_apart() -> None:
    import keras

    from edgeface.train.explain.maps import first_weights

    raw = keras.Input((9, 9, 3))
    layer = keras.layers.DepthwiseConv2D(2, depth_multiplier=2, name="first")
    model = keras.Model(raw, layer(raw))
    kernel = np.arange(2 * 2 * 3 * 2, dtype=np.float32).reshape(2, 2, 3, 2)
    layer.set_weights([kernel, np.zeros(6, np.float32)])
    found = first_weights(model)
    assert found is not None
    assert found.weights.shape == (6, 2, 2, 1)
    np.testing.assert_array_equal(found.weights[3, ..., 0], kernel[:, :, 1, 1])


def test_a_unit_of_a_dense_network_is_a_picture_of_what_it_looks_at() -> None:
    from edgeface.train.explain.maps import feature_maps, first_weights
    from edgeface.train.networks import Design, network

    model = network("olivetti_dense").build(Design(12, 16, 1, 2, "documented"))
    kernel = np.zeros((12 * 16, 4), np.float32)
    kernel[5 * 16 + 7, 2] = 1  # unit 2 looks at row 5, column 7
    model.get_layer("dense").set_weights([kernel, np.zeros(4, np.float32)])
    found = first_weights(model)
    assert found is not None
    assert (found.kind, found.weights.shape) == ("units", (4, 12, 16, 1))
    assert found.weights[2, 5, 7, 0] == 1
    assert found.weights.sum() == 1
    crop = np.zeros((12, 16, 1), np.uint8)
    crop[5, 7] = 255
    np.testing.assert_allclose(feature_maps(model, crop)["dense"], [0, 0, 1, 0], atol=1e-6)


def test_weights_that_lie_on_no_picture_are_none() -> None:
    import keras

    from edgeface.train.explain.maps import first_weights

    numbers = keras.Input((3,))
    assert first_weights(keras.Model(numbers, keras.layers.Dense(2)(numbers))) is None
    picture = keras.Input((8, 8, 1))
    small = keras.layers.Flatten()(keras.layers.MaxPooling2D()(picture))
    assert first_weights(keras.Model(picture, keras.layers.Dense(2)(small))) is None
    norm = keras.layers.BatchNormalization()(picture)
    assert first_weights(keras.Model(picture, norm)) is None
