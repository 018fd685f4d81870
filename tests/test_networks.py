"""The documented networks: their layers, their parameters, their plans."""

from typing import Any

import numpy as np
import pytest

from edgeface.errors import UsageError
from edgeface.train.augment import Augmentation
from edgeface.train.networks import NETWORKS, VARIANTS, Design, Variant, network
from edgeface.train.plan import Plan, Schedule, Tuning

NAMES = sorted(NETWORKS)


def design(name: str, variant: Variant = "documented", **change: Any) -> Design:
    """As documented, of as many classes as its recorded result has."""
    net = network(name)
    classes = {"friends": 3, "simpsons": 4, "convnet": 4, "mobilenet": 4}.get(name, 2)
    channels = 1 if net.colour == "gray" else 3
    known = {"height": net.size, "width": net.size, "channels": channels, "classes": classes}
    known |= {"alpha": net.alphas[0] if net.alphas else 0.0}
    return Design(**(known | {"variant": variant} | change))  # type: ignore[arg-type]


def parameters(model: Any) -> dict[str, int]:
    return {layer.name: layer.count_params() for layer in model.layers if layer.weights}


PARAMETERS = {
    "friends": {"conv1": 320, "conv2": 9_248, "conv3": 18_496, "dense": 147_520, "probs": 195},
    "simpsons": {"conv1": 2_432, "conv2": 51_264, "dense": 10_817_000, "probs": 4_004},
    "convnet": {"conv1": 320, "conv2": 18_496, "conv3": 36_928, "dense": 589_888, "probs": 260},
    "convnet128": {
        "conv1": 896,
        "conv2": 18_496,
        "conv3": 36_928,
        "conv4": 36_928,
        "dense": 589_888,
        "unit": 65,
    },
    "olivetti": {"conv1": 260, "dense": 3_140, "unit": 5},
    "olivetti_dense": {"dense": 16_388, "unit": 5},
}
TOTALS = {
    "friends": 175_779,
    "simpsons": 10_874_700,
    "convnet": 645_892,
    "convnet128": 683_201,
    "olivetti": 3_405,
    "olivetti_dense": 16_393,
}


@pytest.mark.tf
@pytest.mark.parametrize("name", sorted(PARAMETERS))
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_layers_have_the_documented_parameters(name: str, variant: Variant) -> None:
    """In both variants: dropout and scaling have none."""
    found = network(name).build(design(name, variant))
    assert parameters(found) == PARAMETERS[name]
    assert found.count_params() == TOTALS[name]


@pytest.mark.tf
@pytest.mark.parametrize(("alpha", "base"), [(0.25, 218_544), (0.5, 829_536), (1.0, 3_228_864)])
def test_mobilenet_has_the_parameters_of_its_width(alpha: float, base: int) -> None:
    model = network("mobilenet").build(design("mobilenet", alpha=alpha))
    features = int(1024 * alpha)
    assert parameters(model)["probs"] == features * 4 + 4
    assert model.count_params() - parameters(model)["probs"] == base
    assert model.get_layer("conv_pw_13_relu").output.shape == (None, 4, 4, features)


def layers(name: str, variant: Variant) -> list[str]:
    return [type(layer).__name__ for layer in network(name).build(design(name, variant)).layers]


@pytest.mark.tf
def test_the_layers_stand_in_the_documented_order() -> None:
    conv, pool, dense = "Conv2D", "MaxPooling2D", "Dense"
    ends = {"one": ["Rescaling", "Concatenate"]}
    expected = {
        "friends": [*[conv, pool] * 3, "Flatten", dense, "Dropout", dense],
        "simpsons": [*[conv, pool] * 2, "Flatten", dense, dense],
        "convnet": [*[conv, pool] * 2, conv, "Flatten", dense, dense],
        "convnet128": [*[conv, pool] * 3, conv, "Flatten", dense, dense, *ends["one"]],
        "olivetti": [conv, pool, "Flatten", dense, dense, *ends["one"]],
        "olivetti_dense": ["Flatten", dense, dense, *ends["one"]],
    }
    for name, middle in expected.items():
        assert layers(name, "documented") == ["InputLayer", "Rescaling", *middle], name


@pytest.mark.tf
def test_the_documented_sizes_of_kernels_and_units() -> None:
    def of(name: str, layer: str) -> Any:
        return network(name).build(design(name)).get_layer(layer)

    assert of("friends", "conv3").kernel_size == (3, 3)
    assert of("friends", "dropout").rate == 0.5
    assert of("simpsons", "conv1").kernel_size == (5, 5)
    assert of("simpsons", "dense").units == 1000
    assert of("olivetti", "conv1").kernel_size == (8, 8)
    assert of("olivetti", "pool1").pool_size == (4, 4)
    assert of("olivetti", "conv1").output.shape == (None, 57, 57, 4)
    assert of("olivetti", "pool1").output.shape == (None, 14, 14, 4)
    classifier = of("mobilenet", "probs")
    assert float(classifier.kernel_regularizer.l2) == pytest.approx(0.001)
    assert of("mobilenet", "dropout").rate == 0.5
    for name in ("friends", "convnet128", "olivetti"):
        assert of(name, "conv1").activation.__name__ == "relu"
        assert of(name, "conv1").padding == "valid"


@pytest.mark.tf
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_raw_pixels_in_and_probabilities_out(name: str, variant: Variant) -> None:
    import keras

    net = network(name)
    side = max(net.smallest, 40)
    made = net.build(design(name, variant, height=side, width=side + 3))
    assert isinstance(made.layers[1], keras.layers.Rescaling)
    pixels = np.random.default_rng(0).integers(0, 256, (4, *made.input_shape[1:]))
    probs = made(pixels.astype(np.float32), training=False).numpy()
    assert probs.shape == (4, made.output_shape[-1])
    assert made.output.name.startswith("probs") or made.layers[-1].name == "probs"
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)
    assert (probs >= 0).all()
    documented = {"friends": (1 / 255, 0), "mobilenet": (1 / 127.5, -1)}
    scaling = made.get_layer("scaling")
    expected = documented.get(name, (1 / 255, 0)) if variant == "documented" else (1 / 128, -1)
    assert (scaling.scale, scaling.offset) == pytest.approx(expected)


@pytest.mark.tf
@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_size_builds_and_one_below_does_not(name: str) -> None:
    net = network(name)
    for variant in VARIANTS:
        small = design(name, variant, height=net.smallest, width=net.smallest)
        assert net.build(small).count_params() > 0
        for too_small in ({"height": net.smallest - 1}, {"width": net.smallest - 1}):
            with pytest.raises(UsageError, match=f"{name} takes pictures of {net.smallest} px"):
                net.build(design(name, variant, **({"height": 64, "width": 64} | too_small)))


@pytest.mark.tf
@pytest.mark.parametrize("name", ["friends", "simpsons", "convnet", "convnet128", "olivetti"])
def test_the_smallest_size_is_not_one_that_was_made_up(name: str) -> None:
    """One pixel less, and Keras itself finds nothing left."""
    net = network(name)
    less = design(name, height=net.smallest - 1, width=net.smallest - 1)
    with pytest.raises(ValueError, match=r"zero|negative|smaller"):
        net.construct(less)


@pytest.mark.tf
def test_one_sigmoid_unit_gives_both_probabilities() -> None:
    model = network("olivetti").build(design("olivetti"))
    unit = model.get_layer("unit")
    import keras

    both = keras.Model(model.input, [unit.output, model.output])
    pixels = np.random.default_rng(0).uniform(0, 255, (5, 64, 64, 1)).astype(np.float32)
    one, two = (np.asarray(v) for v in both(pixels, training=False))
    np.testing.assert_allclose(two[:, 1], one[:, 0])
    np.testing.assert_allclose(two[:, 0], 1 - one[:, 0], atol=1e-7)
    assert unit.activation.__name__ == "sigmoid"


@pytest.mark.parametrize("name", NAMES)
def test_binary_ones_take_two_classes_alone(name: str) -> None:
    net = network(name)
    binary = ["convnet128", "facepatch", "olivetti", "olivetti_dense"]
    assert net.binary == (name in binary)
    if net.binary:
        with pytest.raises(UsageError, match=f"{name} tells two classes apart, there are 3"):
            net.build(design(name, classes=3))


def test_widths_are_for_mobilenet() -> None:
    assert network("mobilenet").alphas == (0.5, 0.25, 1.0)
    for name, alpha in (("mobilenet", 0.75), ("mobilenet", 0.0), ("friends", 0.5)):
        with pytest.raises(UsageError, match=f"{name} with alpha {alpha:g}: it has"):
            network(name).build(design(name, alpha=alpha))


# What is documented of each: epochs, batch, rate, optimiser; None where it is not.
DOCUMENTED: dict[str, tuple[int | None, int | None, float | None, str | None]] = {
    "friends": (5, 20, None, "rmsprop"),
    "simpsons": (10, 32, None, "adam"),
    "convnet": (None, None, None, None),
    "convnet128": (None, 20, 1e-4, "adam"),
    "olivetti": (20, 5, None, None),
    "olivetti_dense": (20, 5, None, None),
    "facepatch": (None, None, None, "adam"),
}
AUGMENTED = {
    "friends": Augmentation(shear=0.2, stretch=0.2, flip=True),
    "simpsons": Augmentation(shear=0.2, stretch=0.2, shift=0.2, flip=True, fill="nearest"),
}


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_the_documented_plan_is_the_documented_one(name: str) -> None:
    net = network(name)
    plan = net.documented
    schedule = plan.schedule
    found = (schedule.epochs, schedule.batch, schedule.rate, schedule.optimizer)
    for value, documented in zip(found, DOCUMENTED[name], strict=True):
        assert documented in (value, None)
    assert plan.augmentation == AUGMENTED.get(name, Augmentation())
    # Compiled as Keras does it: no decay, no clipping, the weights of the last epoch.
    bare = Schedule(*found[:1], 0, *found[1:], "none", clip=0, keep="last")  # type: ignore[misc]
    assert plan == Plan(bare, plan.augmentation)
    assert net.plan("documented") == plan
    assert net.plan("default") == net.default != plan


def test_mobilenet_is_documented_in_two_phases_with_early_stopping() -> None:
    plan = network("mobilenet").documented
    assert isinstance(plan.tuning, Tuning)
    assert plan.tuning.schedule.rate < plan.schedule.rate / 10
    assert plan.tuning.unfreeze not in ("all", "")
    for schedule in (plan.schedule, plan.tuning.schedule):
        assert schedule.patience > 0
        assert schedule.keep == "best"
    assert plan.epochs == plan.schedule.epochs + plan.tuning.schedule.epochs
    assert all(network(name).documented.tuning is None for name in DOCUMENTED)


@pytest.mark.parametrize("name", NAMES)
def test_every_one_says_where_it_comes_from_and_what_the_default_changes(name: str) -> None:
    net = network(name)
    assert net.name == name
    assert net.source
    assert len(net.changes) >= 3
    assert net.size >= net.smallest
    assert net.colour == {"facepatch": "bgr"}.get(
        name, "rgb" if name in ("simpsons", "convnet128", "mobilenet") else "gray"
    )


def test_all_that_are_documented_are_there() -> None:
    assert {*DOCUMENTED, "mobilenet"} == set(NETWORKS)
    with pytest.raises(UsageError, match="no network called 'enemies'") as wrong:
        network("enemies")
    assert all(name in wrong.value.remedy for name in NETWORKS)
