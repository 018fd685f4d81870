"""Channels evened out, and biases corrected: the network stays what it was."""

import numpy as np
import pytest

pytestmark = pytest.mark.tf


def network_of(*layers, shape=(12, 12, 2)):
    """Scaling and these layers, with weights drawn anew; norms with statistics of their own."""
    import keras

    from edgeface.train import toolchain

    toolchain.seed_everything(1)
    raw = keras.Input(shape, name="pixels")
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="scaling")(raw)
    for layer in layers:
        x = layer(x)
    model = keras.Model(raw, x, name="tiny")
    rng = np.random.default_rng(2)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            weights = layer.get_weights()
            layer.set_weights([rng.uniform(0.2, 2, w.shape) for w in weights])
        elif layer.weights:
            kernel, *bias = layer.get_weights()
            layer.set_weights([kernel, *(rng.normal(0, 0.3, b.shape) for b in bias)])
    return model


def noise(count=20, shape=(12, 12, 2)):
    return np.random.default_rng(3).integers(0, 256, (count, *shape), np.uint8)


def everything():
    """Each kind of layer that may stand in a pair, and between two."""
    import keras

    la = keras.layers
    return network_of(
        la.Conv2D(6, 3, activation="relu", name="conv"),
        la.MaxPooling2D(name="pool"),
        la.DepthwiseConv2D(3, use_bias=False, padding="same", name="dw", depth_multiplier=2),
        la.BatchNormalization(name="norm"),
        la.ReLU(name="relu"),
        la.Conv2D(5, 1, name="pw", activation="leaky_relu"),
        la.AveragePooling2D(2, name="mean"),
        la.Dropout(0.5, name="dropout"),
        la.Flatten(name="flatten"),
        la.Dense(7, activation="relu", name="dense"),
        la.Dense(3, activation="softmax", name="probs"),
    )


def answers(model, pixels):
    from edgeface.convert.network import Network

    return Network.take(model).infer(pixels)


def test_pairs_are_found_through_all_that_scales_with_its_input() -> None:
    from edgeface.convert.search.pairs import Pair, pairs_of

    pairs, apart = pairs_of(everything())
    assert pairs == (
        Pair("conv", "", "conv", "dw"),
        Pair("dw", "norm", "relu", "pw"),
        Pair("pw", "", "pw", "dense"),
        Pair("dense", "", "dense", "probs"),
    )
    assert [(one.layer, one.reason) for one in apart] == [
        ("probs", "its softmax does not scale with its input")
    ]


def test_equalised_it_answers_the_same_to_the_last_bit() -> None:
    from edgeface.convert.search.equalise import equalise
    from edgeface.convert.search.pairs import pairs_of, scale

    model, pixels = everything(), noise()
    before = answers(model, pixels)
    even = equalise(model, pixels)
    assert np.array_equal(answers(even.model, pixels), before)
    assert np.array_equal(answers(model, pixels), before)  # it was a copy
    assert not np.array_equal(even.model.get_layer("pw").kernel, model.get_layer("pw").kernel)

    rng = np.random.default_rng(5)
    for pair in pairs_of(model)[0]:
        channels = int(model.get_layer(pair.first).output.shape[-1])
        scale(model, pair, (10.0 ** rng.uniform(-2, 2, channels)).astype(np.float32))
    np.testing.assert_allclose(answers(model, pixels), before, atol=1e-5)
    again = equalise(model, pixels)
    assert again.widest[0] > 1000
    assert again.widest[1] < again.widest[0] / 20
    assert {pair.first for pair in again.pairs} == {"conv", "dw", "pw", "dense"}
    np.testing.assert_allclose(answers(again.model, pixels), before, atol=1e-5)


def test_the_last_tensor_may_be_left_alone() -> None:
    from edgeface.convert.search.equalise import equalise

    even = equalise(everything(), noise(), but_last=True)
    assert "dense" not in {pair.first for pair in even.pairs}


def test_dead_channels_and_those_that_nobody_reads_stay_as_they_are() -> None:
    from edgeface.convert.search.equalise import equalise

    model, pixels = everything(), noise()
    conv, probs = model.get_layer("conv"), model.get_layer("probs")
    kernel, bias = conv.get_weights()
    kernel[..., 0], bias[0] = 0, -1
    conv.set_weights([kernel, bias])
    kernel, bias = probs.get_weights()
    kernel[2] = 0
    probs.set_weights([kernel, bias])
    before = answers(model, pixels)
    even = equalise(model, pixels).model
    assert np.array_equal(answers(even, pixels), before)
    assert even.get_layer("conv").bias.numpy()[0] == -1
    assert all(np.isfinite(w).all() for w in even.get_weights())


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("relu6", "clipped (ReLU) does not scale with its input"),
        ("tanh", "its tanh does not scale with its input"),
        ("branch", "several layers read it"),
        ("norm", "norm has no scale or no offset of its own"),
        ("late norm", "norm (BatchNormalization) does not scale with its input"),
        ("groups", "second is a grouped convolution"),
    ],
)
def test_what_minds_a_scale_begins_no_pair(what: str, reason: str) -> None:
    import keras

    from edgeface.convert.search.equalise import equalise
    from edgeface.convert.search.pairs import pairs_of

    la = keras.layers
    between = {
        "relu6": [la.ReLU(6.0, name="clipped")],
        "branch": [lambda x: la.Add(name="sum")([x, la.ReLU(name="relu")(x)])],
        "norm": [la.BatchNormalization(scale=False, name="norm")],
        "late norm": [la.ReLU(name="relu"), la.BatchNormalization(name="norm")],
    }.get(what, [])
    first = la.Conv2D(4, 3, name="first", activation="tanh" if what == "tanh" else None)
    second = la.Conv2D(4, 3, name="second", groups=2 if what == "groups" else 1)
    model = network_of(
        first, *between, second, la.Flatten(), la.Dense(2, activation="softmax", name="probs")
    )
    pairs, apart = pairs_of(model)
    assert "first" not in {pair.first for pair in pairs}
    assert {one.layer: one.reason for one in apart}["first"] == reason
    pixels = noise()
    assert np.array_equal(answers(equalise(model, pixels).model, pixels), answers(model, pixels))


def test_corrected_biases_bring_the_mean_back() -> None:
    """Weights rounded by hand: with the bias corrected, the mean of a layer is that of float."""
    import keras

    from edgeface.convert.search.correct import correct, rounded

    model, pixels = everything(), noise(60)
    fixed = correct(model, pixels)
    assert not np.array_equal(fixed.get_layer("norm").beta, model.get_layer("norm").beta)

    def mean(of, layer, kernel):
        """Of the layer's output, batch norm included, with what it reads as in float."""
        alone = of.get_layer(layer)
        kept = alone.get_weights()
        alone.set_weights([kernel, *kept[1:]])
        last = {"dw": "norm"}.get(layer, layer)
        probe = keras.Model(of.inputs[0], of.get_layer(last).output)
        value = probe(pixels.astype(np.float32), training=False).numpy()
        alone.set_weights(kept)
        return value.reshape(-1, value.shape[-1]).mean(axis=0)

    # The first layer is linear here up to its ReLU, so look at the depthwise one and its norm,
    # fed by the float network: nothing before it is touched by putting its weights alone.
    kernel = model.get_layer("dw").get_weights()[0]
    coarse = rounded(kernel, depthwise=True)
    upstream = fixed.get_layer("conv")
    upstream.set_weights(model.get_layer("conv").get_weights())
    right = mean(model, "dw", kernel)
    plain = np.abs(mean(model, "dw", coarse) - right)
    better = np.abs(mean(fixed, "dw", coarse) - right)
    assert plain.max() > 1e-4
    assert better.max() < plain.max() / 10


def test_rounding_is_symmetric_and_a_step_for_each_output() -> None:
    from edgeface.convert.search.correct import STEPS, rounded

    kernel = np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype(np.float32)
    for depthwise, axes in ((False, (0, 1, 2)), (True, (0, 1))):
        step = np.abs(kernel).max(axis=axes, keepdims=True) / STEPS
        error = np.abs(rounded(kernel, depthwise=depthwise) - kernel)
        assert (error <= step / 2 * 1.001).all()
        assert np.unique((rounded(kernel, depthwise=depthwise) / step).round(3) % 1).size <= 2
    assert np.array_equal(rounded(np.zeros((2, 3), np.float32)), np.zeros((2, 3)))
