"""The documented networks for points."""

import numpy as np
import pytest

from edgeface.datasets.points import Standard
from edgeface.errors import UsageError
from edgeface.train.networks.points import PointDesign, PointPlan
from edgeface.train.networks.regressions import POINT_NETWORKS, point_network

FAR = Standard((2000.0,), (5.0,), 1e6, 300.0)


def built(name: str, variant: str = "documented", inputs: int = 1):
    standard = Standard(FAR.x_mean * inputs, FAR.x_deviation * inputs, FAR.y_mean, FAR.y_deviation)
    return point_network(name).build(PointDesign(inputs, variant, standard))


@pytest.mark.tf
@pytest.mark.parametrize("variant", ["documented", "default"])
@pytest.mark.parametrize(("name", "parameters"), [("curve", 8_513), ("curve_single", 193)])
def test_parameters_are_as_documented(name: str, variant: str, parameters: int) -> None:
    model = built(name, variant)
    assert model.count_params() == parameters
    assert (model.input_shape, model.output_shape) == ((None, 1), (None, 1))


@pytest.mark.tf
def test_the_layers_are_as_documented() -> None:
    dense = [la for la in built("curve").layers if la.weights]
    assert [(la.units, la.activation.__name__) for la in dense] == [
        *((64, "linear"), (64, "tanh"), (64, "linear")),
        (1, "linear"),
    ]
    single = [la for la in built("curve_single").layers if la.weights]
    assert [(la.units, la.activation.__name__) for la in single] == [(64, "linear"), (1, "linear")]


@pytest.mark.tf
@pytest.mark.parametrize("inputs", [1, 3])
def test_by_default_its_ends_scale(inputs: int) -> None:
    import keras

    keras.utils.set_random_seed(0)
    model = built("curve", "default", inputs)
    x = np.random.default_rng(0).normal(2000, 5, (200, inputs)).astype(np.float32)
    values = model(x).numpy()
    assert values.shape == (200, 1)
    assert abs(values.mean() - 1e6) < 3000
    inside = keras.Model(model.input, model.get_layer("standard").output)(x).numpy()
    np.testing.assert_allclose(inside, (x - 2000) / 5, atol=1e-3)
    # Every unit of the first layer begins bent, at a place of its own.
    weights, biases = model.get_layer("dense1").get_weights()
    assert weights.std() > 0.7
    assert biases.std() > 0.7


@pytest.mark.tf
@pytest.mark.parametrize("variant", ["documented", "default"])
def test_the_single_layer_is_a_straight_line(variant: str) -> None:
    model = built("curve_single", variant)
    x = np.linspace(1990, 2010, 41, dtype=np.float32)[:, None]
    values = model(x).numpy()[:, 0].astype(float)
    bend = values[2:] - 2 * values[1:-1] + values[:-2]
    assert np.abs(bend).max() < 1e-3 * np.ptp(values)


def test_both_plans_are_told_apart() -> None:
    for name, net in POINT_NETWORKS.items():
        assert net.name == name
        assert net.plan("documented") == PointPlan(500, 16, 1e-2, "none", 0.0, "last")
        assert net.plan("default") != net.plan("documented")
        assert net.changes
        assert "not to be had" in net.recorded
    assert "148.8" in point_network("curve").recorded
    assert "856" in point_network("curve_single").recorded
    assert len(point_network("curve").changes) > len(point_network("curve_single").changes)


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"batch": 0}, {"rate": 0.0}, {"rate": 1.5}, {"clip": -1.0}]
)
def test_a_plan_that_cannot_be_meant(wrong) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong)) if "rate" not in wrong else "rate"):
        PointPlan(**wrong)


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(UsageError, match="no network for points called 'friends'") as wrong:
        point_network("friends")
    assert wrong.value.remedy == "one of: curve, curve_single"
