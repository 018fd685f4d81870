"""Parameters and multiply-adds of every layer, against numbers computed by hand."""

from typing import Any

import pytest

from edgeface.errors import UsageError

pytestmark = pytest.mark.tf

# Layer → parameters (weights + biases) and multiply-adds (places of the output * weights).
BY_HAND = {
    "friends": {
        "conv1": (3 * 3 * 1 * 32 + 32, 62 * 62 * (3 * 3 * 1 * 32)),
        "conv2": (3 * 3 * 32 * 32 + 32, 29 * 29 * (3 * 3 * 32 * 32)),
        "conv3": (3 * 3 * 32 * 64 + 64, 12 * 12 * (3 * 3 * 32 * 64)),
        "dense": (6 * 6 * 64 * 64 + 64, 6 * 6 * 64 * 64),
        "probs": (64 * 3 + 3, 64 * 3),
    },
    "simpsons": {
        "conv1": (5 * 5 * 3 * 32 + 32, 60 * 60 * (5 * 5 * 3 * 32)),
        "conv2": (5 * 5 * 32 * 64 + 64, 26 * 26 * (5 * 5 * 32 * 64)),
        "dense": (13 * 13 * 64 * 1000 + 1000, 13 * 13 * 64 * 1000),
        "probs": (1000 * 4 + 4, 1000 * 4),
    },
    "convnet": {
        "conv1": (3 * 3 * 1 * 32 + 32, 62 * 62 * (3 * 3 * 1 * 32)),
        "conv2": (3 * 3 * 32 * 64 + 64, 29 * 29 * (3 * 3 * 32 * 64)),
        "conv3": (3 * 3 * 64 * 64 + 64, 12 * 12 * (3 * 3 * 64 * 64)),
        "dense": (12 * 12 * 64 * 64 + 64, 12 * 12 * 64 * 64),
        "probs": (64 * 4 + 4, 64 * 4),
    },
    "convnet128": {
        "conv1": (3 * 3 * 3 * 32 + 32, 126 * 126 * (3 * 3 * 3 * 32)),
        "conv2": (3 * 3 * 32 * 64 + 64, 61 * 61 * (3 * 3 * 32 * 64)),
        "conv3": (3 * 3 * 64 * 64 + 64, 28 * 28 * (3 * 3 * 64 * 64)),
        "conv4": (3 * 3 * 64 * 64 + 64, 12 * 12 * (3 * 3 * 64 * 64)),
        "dense": (12 * 12 * 64 * 64 + 64, 12 * 12 * 64 * 64),
        "unit": (64 + 1, 64),
    },
    "olivetti": {
        "conv1": (8 * 8 * 4 + 4, 57 * 57 * (8 * 8 * 4)),
        "dense": (14 * 14 * 4 * 4 + 4, 14 * 14 * 4 * 4),
        "unit": (4 + 1, 4),
    },
    "olivetti_dense": {
        "dense": (64 * 64 * 4 + 4, 64 * 64 * 4),
        "unit": (4 + 1, 4),
    },
}
DOCUMENTED = {
    "friends": (3, 175_779),
    "simpsons": (4, 10_874_700),
    "convnet": (4, 645_892),
    "convnet128": (2, 683_201),
    "olivetti": (2, 3_405),
    "olivetti_dense": (2, 16_393),
}


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("variant", ["documented", "default"])
def test_every_documented_network_has_the_numbers_that_were_computed_by_hand(
    name: str, variant: Any
) -> None:
    from edgeface.train.explain.layers import layers_of, totals
    from edgeface.train.networks import Design, network

    net, (classes, parameters) = network(name), DOCUMENTED[name]
    channels = 1 if net.colour == "gray" else 3
    layers = layers_of(net.build(Design(net.size, net.size, channels, classes, variant)))
    costs = {x.name: (x.parameters, x.macs) for x in layers if x.parameters or x.macs}
    assert costs == BY_HAND[name]
    whole = totals(layers)
    assert whole.parameters == parameters
    assert whole.macs == sum(macs for _, macs in BY_HAND[name].values())
    assert whole.uncounted == ()


@pytest.mark.parametrize(
    ("variant", "costs", "parameters"),
    [
        (
            "documented",
            {
                "conv1": (1 * 1 * 3 * 16 + 16, 64 * 64 * (3 * 16)),
                "conv2": (1 * 1 * 16 * 32 + 32, 32 * 32 * (16 * 32)),
                "unit": (32 * 32 * 32 + 1, 32 * 32 * 32),
            },
            33_377,
        ),
        (
            "default",
            {
                "conv1": (3 * 3 * 3 * 12, 62 * 62 * (3 * 3 * 3 * 12)),
                "norm1": (4 * 12, 0),
                "conv2": (3 * 3 * 12 * 24, 29 * 29 * (3 * 3 * 12 * 24)),
                "norm2": (4 * 24, 0),
                "conv3": (3 * 3 * 24 * 48, 12 * 12 * (3 * 3 * 24 * 48)),
                "norm3": (4 * 48, 0),
                "conv4": (3 * 3 * 48 * 64, 4 * 4 * (3 * 3 * 48 * 64)),
                "norm4": (4 * 64, 0),
                "unit": (4 * 4 * 64 + 1, 4 * 4 * 64),
            },
            42_549,
        ),
    ],
)
def test_facepatch_has_them_in_both_of_its_shapes(
    variant: Any, costs: dict[str, tuple[int, int]], parameters: int
) -> None:
    from edgeface.train.explain.layers import layers_of, totals
    from edgeface.train.networks import Design, network

    layers = layers_of(network("facepatch").build(Design(64, 64, 3, 2, variant)))
    assert {x.name: (x.parameters, x.macs) for x in layers if x.parameters} == costs
    assert totals(layers).parameters == parameters
    assert totals(layers).macs == sum(macs for _, macs in costs.values())


def test_the_maps_of_olivetti_have_the_documented_sizes() -> None:
    from edgeface.train.explain.layers import layers_of
    from edgeface.train.networks import Design, network

    layers = layers_of(network("olivetti").build(Design(64, 64, 1, 2)))
    shapes = {layer.name: layer.shape_text for layer in layers}
    assert shapes["conv1"] == "57×57×4"
    assert shapes["pool1"] == "14×14×4"
    assert shapes["flatten"] == "784"


@pytest.mark.parametrize(
    ("alpha", "size", "millions"), [(0.5, 128, 49), (0.25, 128, 14), (1.0, 224, 569)]
)
def test_mobilenet_costs_what_its_authors_publish(alpha: float, size: int, millions: int) -> None:
    """Millions of multiply-adds in their table of hosted models, all of them for 1001 classes."""
    import keras

    from edgeface.train.explain.layers import layers_of, totals

    model = keras.applications.MobileNet((size, size, 3), alpha=alpha, weights=None, classes=1001)
    whole = totals(layers_of(model))
    assert whole.macs == _mobilenet_by_hand(alpha, size)
    assert round(whole.macs / 1e6) == millions
    assert whole.uncounted == ()
    assert whole.parameters == model.count_params()


def _mobilenet_by_hand(alpha: float, size: int) -> int:
    """Howard et al. 2017, table 1: width and stride of the 13 separable convolutions."""
    width, side = int(32 * alpha), size // 2
    macs = side * side * 3 * 3 * 3 * width
    for out, stride in [
        (64, 1),
        (128, 2),
        (128, 1),
        (256, 2),
        (256, 1),
        (512, 2),
        *[(512, 1)] * 5,
        (1024, 2),
        (1024, 1),
    ]:
        side //= stride
        macs += side * side * (3 * 3 * width + width * int(out * alpha))
        width = int(out * alpha)
    return macs + width * 1001


def test_kinds_that_no_documented_network_has() -> None:
    import keras

    from edgeface.train.explain.layers import layers_of, totals

    layers = keras.layers
    raw = keras.Input((20, 10, 4), name="raw")
    x = layers.Conv2D(8, (3, 5), groups=2, strides=(2, 1), name="grouped")(raw)
    x = layers.SeparableConv2D(6, 3, depth_multiplier=2, padding="same", name="apart")(x)
    x = layers.Conv2DTranspose(5, 2, strides=2, name="back")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False, name="deep")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.PReLU(shared_axes=[1, 2], name="slopes")(x)
    x = layers.Dense(7, name="everywhere")(x)
    x = layers.Reshape((-1, 7), name="rows")(x)
    x = layers.LSTM(3, name="memory")(x)
    found = layers_of(keras.Model(raw, x))
    told = {layer.name: (layer.shape, layer.parameters, layer.macs) for layer in found}
    assert told["grouped"] == ((9, 6, 8), 3 * 5 * 2 * 8 + 8, 9 * 6 * (3 * 5 * 2 * 8))
    assert told["apart"] == (
        (9, 6, 6),
        3 * 3 * 8 * 2 + 16 * 6 + 6,
        9 * 6 * (3 * 3 * 8 * 2 + 16 * 6),
    )
    assert told["back"] == ((18, 12, 5), 2 * 2 * 6 * 5 + 5, 9 * 6 * (2 * 2 * 6 * 5))
    assert told["deep"] == ((16, 10, 10), 3 * 3 * 5 * 2, 16 * 10 * (3 * 3 * 5 * 2))
    assert told["norm"] == ((16, 10, 10), 4 * 10, 0)
    assert told["slopes"] == ((16, 10, 10), 10, 0)
    assert told["everywhere"] == ((16, 10, 7), 10 * 7 + 7, 16 * 10 * (10 * 7))
    # Of what no formula is known for, nothing is claimed.
    assert told["memory"] == ((3,), 4 * 3 * (7 + 3 + 1), None)
    assert totals(found).uncounted == ("memory",)


def test_branches_know_what_they_depend_on() -> None:
    from edgeface.train.explain.layers import ancestors, layers_of
    from edgeface.train.networks import Design, network

    layers = layers_of(network("olivetti_dense").build(Design(16, 16, 1, 2)))
    by_name = {layer.name: layer for layer in layers}
    assert by_name["pixels"].inputs == ()
    assert set(by_name["probs"].inputs) == {"complement", "unit"}
    above = ancestors(layers)
    assert above["dense"] == {"pixels", "scaling", "flatten"}
    assert above["probs"] == set(by_name) - {"probs"}


def test_a_network_inside_a_network_is_refused() -> None:
    import keras

    from edgeface.train.explain.layers import layers_of

    raw = keras.Input((8, 8, 1))
    inner = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()], name="inner")
    with pytest.raises(UsageError, match=r"layer inner \(Sequential\) is a network itself"):
        layers_of(keras.Model(raw, inner(raw)))
