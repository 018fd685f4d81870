"""Somebody's own network, read without running it and brought under the contract."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgeface.errors import ConversionError, EdgefaceError, InputError, UsageError

pytestmark = pytest.mark.tf

SHAPE = (16, 12, 3)


def pixels(n: int = 5, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 16, 12, channels), np.uint8)


def layers():
    import keras

    return keras.layers


def body() -> list:
    la = layers()
    return [
        la.Conv2D(4, 3, use_bias=False),
        la.BatchNormalization(),
        la.ReLU(),
        la.GlobalAveragePooling2D(),
    ]


def sequential(*ends, shape=SHAPE, begin=()):
    import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input(shape), *begin, *body(), *ends], name="theirs")


def saved(model, folder: Path) -> Path:
    path = folder / "their net.keras"
    model.save(path)
    return path


def adopted(model, text: str, labels: int):
    from edgeface.convert.adopt import Wanted, adopt

    return adopt(model, Wanted.parse(text), labels)


def answers(model, values) -> np.ndarray:
    return model(values.astype(np.float32), training=False).numpy()


def test_a_sequential_without_a_scaling_gets_the_one_that_is_named(tmp_path: Path) -> None:
    from edgeface.convert import kerasfile
    from edgeface.convert.network import Network

    theirs = sequential(layers().Dense(3, activation="softmax"))
    loaded = kerasfile.load(saved(theirs, tmp_path))
    made = adopted(loaded, "rgb:0..1", 3)
    expected = answers(theirs, pixels() / 255)
    np.testing.assert_allclose(answers(made.model, pixels()), expected, atol=1e-5)
    network = Network.take(made.model)
    assert network.scale == pytest.approx(1 / 255)
    assert network.offset == 0
    assert network.folded_parameters == theirs.count_params() - 4 * 4
    assert len(made.told) == 1
    assert "brought to 0..1" in made.told[0]


def test_a_functional_network_with_a_scaling_of_its_own_gets_raw_pixels() -> None:
    import keras

    la = layers()
    raw = keras.Input(SHAPE)
    x = la.Rescaling(1 / 127.5, offset=-1)(raw)
    y = la.Conv2D(3, 3, padding="same", activation="relu")(x)
    x = la.Flatten()(la.Add()([x, y]))
    logits = la.Dense(4)(x)
    theirs = keras.Model(raw, la.Activation("softmax")(logits))
    made = adopted(theirs, "bgr", 4)
    np.testing.assert_allclose(answers(made.model, pixels()), answers(theirs, pixels()), atol=1e-5)
    assert made.told == ()
    assert made.model.layers[1].offset == -1
    with pytest.raises(UsageError, match="scales pixels itself"):
        adopted(theirs, "bgr:0..1", 4)


def test_a_sequential_with_a_scaling_a_network_inside_and_a_softmax_layer() -> None:
    import keras

    la = layers()
    inner = keras.Sequential([keras.Input(SHAPE), *body()], name="inner")
    ends = [la.Rescaling(1 / 255), inner, la.Dense(3), la.Softmax()]
    theirs = keras.Sequential([keras.Input(SHAPE), *ends])
    made = adopted(theirs, "rgb", 3)
    np.testing.assert_allclose(answers(made.model, pixels()), answers(theirs, pixels()), atol=1e-5)
    assert made.told == ()
    assert [layer.name for layer in made.model.layers][1::2] == ["scaling", "probs"]


def test_augmentation_in_front_of_the_scaling_changes_nothing() -> None:
    import keras

    la = layers()
    begin = [la.RandomFlip(), la.Rescaling(1 / 255)]
    theirs = sequential(la.Dense(2, activation="softmax"), begin=begin)
    with pytest.raises(UsageError, match="does not begin with a Rescaling layer"):
        adopted(theirs, "rgb", 2)
    made = adopted(theirs, "rgb:0..255", 2)
    np.testing.assert_allclose(answers(made.model, pixels()), answers(theirs, pixels()), atol=1e-5)
    assert isinstance(made.model.layers[1], keras.layers.Rescaling)
    assert made.model.layers[1].scale == 1


def test_logits_become_probabilities_and_that_is_told() -> None:
    theirs = sequential(layers().Dense(3))
    made = adopted(theirs, "rgb:0..255", 3)
    logits = answers(theirs, pixels()).astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answers(made.model, pixels()), expected, atol=1e-5)
    assert made.told == ("it ends in logits: its files answer their softmax",)


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_one_unit_is_the_probability_of_the_second_label(activation: str | None) -> None:
    theirs = sequential(layers().Dense(1, activation=activation))
    made = adopted(theirs, "rgb:-1..1", 2)
    value = answers(theirs, pixels() / np.float32(127.5) - 1)
    one = value if activation else 1 / (1 + np.exp(-value))
    found = answers(made.model, pixels())
    np.testing.assert_allclose(found, np.concatenate([1 - one, one], axis=1), atol=1e-5)
    assert any("logit" in line for line in made.told) == (activation is None)


def test_something_else_that_looks_at_raw_pixels_leaves_the_scaling_inside() -> None:
    import keras

    la = layers()
    raw = keras.Input(SHAPE)
    both = la.Concatenate()([la.Rescaling(1 / 255)(raw), raw])
    theirs = keras.Model(raw, la.Dense(2, activation="softmax")(la.Flatten()(both)))
    with pytest.raises(UsageError, match="does not begin with a Rescaling layer") as asked:
        adopted(theirs, "rgb", 2)
    assert "--input rgb:0..1" in asked.value.remedy
    made = adopted(theirs, "rgb:0..255", 2)
    np.testing.assert_allclose(answers(made.model, pixels()), answers(theirs, pixels()), atol=1e-5)


def _two_inputs():
    import keras

    one, two = keras.Input(SHAPE), keras.Input(SHAPE)
    return keras.Model([one, two], layers().Flatten()(layers().Add()([one, two])))


def _free_size():
    return sequential(layers().Dense(2, activation="softmax"), shape=(None, None, 3))


def _map():
    import keras

    raw = keras.Input(SHAPE)
    return keras.Model(raw, layers().Conv2D(2, 3)(raw))


def _vectors():
    import keras

    return keras.Sequential([keras.Input((10,)), layers().Dense(2)])


def _fixed_batch():
    import keras

    raw = keras.Input(SHAPE, batch_size=4)
    return keras.Model(raw, layers().Dense(2)(layers().Flatten()(raw)))


def _ending(**how):
    return lambda: sequential(layers().Dense(2, **how))


@pytest.mark.parametrize(
    ("build", "text", "labels", "message"),
    [
        (_two_inputs, "rgb:0..1", 2, "has 2 inputs and 1 outputs"),
        (_free_size, "rgb:0..1", 2, "no pictures of one size"),
        (_vectors, "rgb:0..1", 2, "no pictures of one size"),
        (_map, "rgb:0..1", 2, "no list of scores"),
        (_fixed_batch, "rgb:0..1", 2, "takes 4 pictures at a time"),
        (_ending(activation="tanh"), "rgb:0..1", 2, "with tanh: neither probabilities nor"),
        (_ending(activation="sigmoid"), "rgb:0..1", 2, "2 sigmoid units: several names at once"),
        (_ending(activation="softmax"), "gray:0..1", 2, "takes 3 channels"),
        (_ending(activation="softmax"), "rgb:0..1", 3, "3 classes, theirs tells 2 apart"),
        (_ending(activation="softmax"), "cmyk", 2, "rgb, bgr or gray"),
        (_ending(activation="softmax"), "rgb:0..2", 2, "rgb, bgr or gray"),
        (_ending(dtype="float16"), "rgb:0..1", 2, "does not compute in float32"),
    ],
)
def test_what_cannot_be_exported_is_said(build, text: str, labels: int, message: str) -> None:
    with pytest.raises(EdgefaceError, match=message):
        adopted(build(), text, labels)


def test_a_weight_that_is_no_number_is_named() -> None:
    theirs = sequential(layers().Dense(2, activation="softmax"))
    kernel = theirs.layers[0].kernel
    kernel.assign(kernel.numpy() * np.nan)
    with pytest.raises(ConversionError, match=r"weights of .*/kernel are not all finite"):
        adopted(theirs, "rgb:0..1", 2)


def test_a_lambda_is_refused_before_keras_looks_at_it(tmp_path: Path) -> None:
    from edgeface.convert import kerasfile

    theirs = sequential(layers().Lambda(lambda x: x * 2), layers().Dense(2))
    with pytest.raises(ConversionError, match="has a Lambda layer"):
        kerasfile.load(saved(theirs, tmp_path))


def rewritten(path: Path, change) -> Path:
    """The file with another description."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    description = json.loads(parts["config.json"])
    change(description, parts)
    parts.setdefault("config.json", b"")
    if parts["config.json"]:
        parts["config.json"] = json.dumps(description).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def _custom(description, parts) -> None:
    description["config"]["layers"][1] |= {"module": "their.code", "registered_name": "Own>Conv"}


def _function(description, parts) -> None:
    layer = description["config"]["layers"][-1]["config"]
    layer["activation"] = {
        "module": "os",
        "class_name": "function",
        "config": "system",
        "registered_name": "system",
    }


def _assets(description, parts) -> None:
    parts["assets/words.txt"] = b"x"


def _unknown_layer(description, parts) -> None:
    description["config"]["layers"][1]["class_name"] = "Conv9D"


def _no_network(description, parts) -> None:
    description.clear()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_custom, "needs Own>Conv of their.code, not of Keras"),
        (_function, "needs system of os, not of Keras"),
        (_assets, "holds 'assets/words.txt'"),
        (_unknown_layer, "cannot load it"),
        (_no_network, "describes no network"),
    ],
)
def test_files_that_hold_more_than_a_network_are_refused(
    tmp_path: Path, change, message: str
) -> None:
    from edgeface.convert import kerasfile

    path = rewritten(saved(sequential(layers().Dense(2)), tmp_path), change)
    with pytest.raises(EdgefaceError, match=message) as refused:
        kerasfile.load(path)
    assert refused.value.remedy
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"\x89HDF\r\n\x1a\n old"])
def test_what_is_no_keras_file_is_refused(tmp_path: Path, content: bytes) -> None:
    from edgeface.convert import kerasfile

    path = tmp_path / "x.keras"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"no \.keras file"):
        kerasfile.load(path)
    with pytest.raises(UsageError, match="no such file"):
        kerasfile.load(tmp_path / "none.keras")


def test_two_probabilities_made_of_one_unit_are_taken_for_what_they_are() -> None:
    import keras

    from edgeface.train.networks.blocks import two_classes

    la = layers()
    raw = keras.Input(SHAPE)
    theirs = keras.Model(raw, two_classes(la.Flatten()(la.Rescaling(1 / 255)(raw))))
    made = adopted(theirs, "rgb", 2)
    np.testing.assert_allclose(answers(made.model, pixels()), answers(theirs, pixels()), atol=1e-5)
    assert made.told == ()
    assert made.model.get_layer("unit").units == 1


def test_shares_of_a_sum_are_probabilities_though_no_softmax_makes_them() -> None:
    import keras

    la = layers()
    raw = keras.Input(SHAPE)
    x = la.Dense(3, activation="softmax")(la.Flatten()(la.Rescaling(1 / 255)(raw)))
    theirs = keras.Model(raw, la.Reshape((3,))(x))
    made = adopted(theirs, "rgb", 3)
    np.testing.assert_allclose(answers(made.model, pixels()), answers(theirs, pixels()), atol=1e-5)
    assert made.told == ()
