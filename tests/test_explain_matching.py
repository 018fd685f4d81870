"""Which tensor is whose: by answer, by name, by values, and what is not guessed."""

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.tf
RNG = np.random.default_rng(7)


def layer(name: str, kind: str, shape: tuple[int, ...], *inputs: str) -> Any:
    from edgeface.train.explain.layers import Layer

    return Layer(name, kind, shape, 0, 0, inputs)


def stored(values: Any, name: str, index: int, *, output: bool = False) -> Any:
    from edgeface.train.explain.files import Stored

    return Stored(index, name, "OP", "int8", np.asarray(values, np.float32), output)


LAYERS = (
    ("pixels", "InputLayer", (6, 5, 1)),
    ("conv", "Conv2D", (6, 5, 4), "pixels"),
    ("conv_bn", "BatchNormalization", (6, 5, 4), "conv"),
    ("conv_relu", "ReLU", (6, 5, 4), "conv_bn"),
    ("flatten", "Flatten", (120,), "conv_relu"),
    ("dropout", "Dropout", (120,), "flatten"),
    ("probs", "Dense", (3,), "dropout"),
)


@pytest.fixture
def network() -> tuple[Any, Any]:
    layers = tuple(layer(*given) for given in LAYERS)
    conv = RNG.normal(size=(6, 5, 4)).astype(np.float32)
    bn = conv * 3 - 1
    relu = np.maximum(bn, 0)
    maps = {
        "pixels": np.zeros((6, 5, 1), np.float32),
        "conv": conv,
        "conv_bn": bn,
        "conv_relu": relu,
        "flatten": relu.ravel(),
        "dropout": relu.ravel(),
        "probs": np.array([0.1, 0.7, 0.2], np.float32),
    }
    return layers, maps


def noisy(values: Any, share: float = 0.01) -> Any:
    return values + RNG.normal(size=values.shape).astype(np.float32) * np.std(values) * share


def found(network: tuple[Any, Any], *tensors: Any) -> dict[str, Any]:
    from edgeface.train.explain.matching import match

    told = match(*network, tensors)
    assert [each.layer for each in told] == [given[0] for given in LAYERS[1:]]  # all, in order
    return {each.layer: each for each in told}


def test_a_fused_tensor_is_that_of_its_last_layer(network: tuple[Any, Any]) -> None:
    maps = network[1]
    told = found(
        network,
        stored(noisy(maps["conv_relu"]), "m_1/conv_relu_1/Relu6;m_1/conv_bn_1/add;m_1/conv_1/c", 0),
        stored([0.1, 0.7, 0.2], "StatefulPartitionedCall_1:0", 1, output=True),
    )
    assert told["conv_relu"].by == "name"
    assert told["conv_relu"].dtype == "int8"
    for name in ("conv", "conv_bn"):
        assert told[name].values is None
        assert told[name].reason == "computed together with conv_relu"
    # What hands its input on has the tensor of its input, in its own shape.
    for name in ("flatten", "dropout"):
        assert told[name].by == "same"
        np.testing.assert_array_equal(told[name].values, told["conv_relu"].values.ravel())
    assert (told["probs"].by, told["probs"].tensor) == ("answer", "StatefulPartitionedCall_1:0")


def test_a_layer_that_went_wrong_is_found_by_its_name_and_not_hidden(
    network: tuple[Any, Any],
) -> None:
    from edgeface.train.explain.difference import difference

    wrong = -network[1]["conv_relu"]
    told = found(network, stored(wrong, "m/conv_relu/Relu;m/conv/convolution", 0))
    assert told["conv_relu"].by == "name"
    sqnr = difference(told["conv_relu"].values, network[1]["conv_relu"]).sqnr_db
    assert sqnr is not None
    assert sqnr < 0


def test_of_several_tensors_of_one_name_the_nearest_is_taken(network: tuple[Any, Any]) -> None:
    maps = network[1]
    told = found(
        network,
        stored(maps["conv"], "m/conv/BiasAdd:0", 0),
        stored(maps["conv_relu"], "m/conv_relu/Relu6:0", 1),
        stored(np.log(maps["probs"]), "m/probs/MatMul", 2),
        stored(maps["probs"], "out", 3, output=True),
    )
    assert told["conv"].tensor == "m/conv/BiasAdd:0"
    assert told["conv_bn"].reason == "no tensor of its own in this file"
    assert told["probs"].tensor == "out"


def test_pictures_channels_first_are_turned(network: tuple[Any, Any]) -> None:
    maps = network[1]
    told = found(network, stored(maps["conv_bn"].transpose(2, 0, 1), "m/conv_bn/add:0", 0))
    np.testing.assert_array_equal(told["conv_bn"].values, maps["conv_bn"])


def test_a_cube_is_turned_only_where_that_fits() -> None:
    from edgeface.train.explain.matching import match

    cube = RNG.normal(size=(4, 4, 4)).astype(np.float32)
    layers = (
        layer("pixels", "InputLayer", (4, 4, 1)),
        layer("conv", "Conv2D", (4, 4, 4), "pixels"),
    )
    maps = {"pixels": np.zeros((4, 4, 1), np.float32), "conv": cube}
    for values in (cube, cube.transpose(2, 0, 1)):
        (told,) = match(layers, maps, [stored(values, "conv", 0)])
        np.testing.assert_array_equal(told.values, cube)


def test_without_names_values_decide_and_only_where_they_are_sure(
    network: tuple[Any, Any],
) -> None:
    maps = network[1]
    told = found(
        network,
        stored(noisy(maps["conv_bn"], 0.01), "Conv__12:0", 0),
        stored(noisy(maps["conv_relu"], 0.5), "Clip__13:0", 1),  # too far to be sure
    )
    assert (told["conv_bn"].by, told["conv_bn"].tensor) == ("values", "Conv__12:0")
    for name in ("conv", "conv_relu", "flatten", "dropout", "probs"):
        assert told[name].values is None
        assert told[name].reason == "no tensor of its own in this file"


def test_values_are_not_taken_from_before_the_layers_it_depends_on(
    network: tuple[Any, Any],
) -> None:
    maps = network[1]
    told = found(
        network,
        stored(maps["conv_relu"], "Clip__1:0", 0),
        stored(maps["conv_bn"], "m/conv_bn/add:0", 1),
    )
    assert told["conv_bn"].by == "name"
    assert told["conv_relu"].values is None


def test_a_few_numbers_that_agree_are_no_proof() -> None:
    from edgeface.train.explain.matching import match

    layers = (
        layer("pixels", "InputLayer", (9,)),
        layer("unit", "Dense", (1,), "pixels"),
        layer("probs", "Concatenate", (2,), "unit"),
    )
    maps = {
        "pixels": np.zeros(9, np.float32),
        "unit": np.array([0.5], np.float32),
        "probs": np.array([0.5, 0.5], np.float32),
    }
    tensors = [stored([0.5], "MatMul;add", 0), stored([0.5, 0.5], "probs", 1, output=True)]
    unit, probs = match(layers, maps, tensors)
    assert unit.values is None
    assert probs.by == "answer"


@pytest.mark.parametrize(
    ("tensor", "named"),
    [
        ("friends_1/conv1_1/Relu;friends_1/conv1_1/BiasAdd", ("conv1",)),
        ("functional_2_2/conv_pw_1_relu_1/Relu6:0", ("conv_pw_1_relu",)),
        ("m/conv_pw_1_1/convolution", ("conv_pw_1",)),
        ("m/conv_pw_11/convolution", ()),
        ("conv1;pool", ("conv1", "pool")),
        ("StatefulPartitionedCall_1:0", ()),
        ("", ()),
    ],
)
def test_names_in_a_tensor(tensor: str, named: tuple[str, ...]) -> None:
    from edgeface.train.explain.matching import names_in

    assert names_in(tensor, ("conv1", "conv_pw_1", "conv_pw_1_relu", "pool")) == named
