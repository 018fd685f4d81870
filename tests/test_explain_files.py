"""Tensors out of TFLite and ONNX files, held against the network they were converted from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.bundle import Bundle
from edgeface.errors import BackendError, UsageError

pytestmark = pytest.mark.tf
FILES = ("float32.tflite", "int8.tflite", "float32.onnx", "int8.onnx")
# What a file of friends has a tensor of; TFLite folds the scaling into the first convolution.
AFTER_SCALING = (
    *("conv1", "pool1", "conv2", "pool2", "conv3", "pool3"),
    *("flatten", "dense", "dropout", "probs"),
)


@pytest.fixture(scope="module")
def looked(request: pytest.FixtureRequest) -> Any:
    """The fixture's run and a golden crop; what the network and each of its files make of it."""
    from edgeface.train.explain.files import tensors_of
    from edgeface.train.explain.layers import layers_of
    from edgeface.train.explain.maps import feature_maps
    from edgeface.train.explain.matching import match
    from edgeface.train.run import Run

    folder = Path(__file__).resolve().parent / "fixtures"
    model = Run.load(folder / "run-schema1").model()
    bundle = Bundle.load(folder / "bundle-schema1")
    pixels, golden = bundle.golden()
    crop = pixels[3]
    layers, maps = layers_of(model), feature_maps(model, crop)
    told = {}
    for name in FILES:
        tensors = tensors_of(bundle.folder / f"friends.{name}", crop)
        told[name] = tensors, match(layers, maps, tensors.tensors)
    return maps, told, {name: golden[f"friends.{name}"][3] for name in FILES}


@pytest.mark.parametrize("name", ["float32.tflite", "float32.onnx"])
def test_float_files_compute_what_the_network_computes(looked: Any, name: str) -> None:
    maps, told, _ = looked
    matches = {each.layer: each for each in told[name][1]}
    assert set(AFTER_SCALING) <= {layer for layer, m in matches.items() if m.values is not None}
    for layer in AFTER_SCALING:
        assert matches[layer].dtype == "float32"
        np.testing.assert_allclose(matches[layer].values, maps[layer], rtol=0, atol=1e-4)
        # A map that is all zeros, or a softmax that is sure, would prove little.
        assert np.ptp(maps[layer]) > 0.1


@pytest.mark.parametrize("name", ["int8.tflite", "int8.onnx"])
def test_int8_files_keep_a_finite_ratio_in_every_layer(looked: Any, name: str) -> None:
    from edgeface.train.explain.difference import difference

    maps, told, _ = looked
    tensors, matches = told[name]
    ratios = {m.layer: difference(m.values, maps[m.layer]) for m in matches if m.values is not None}
    assert tuple(ratios) == ("scaling", *AFTER_SCALING)  # of every layer, in their order
    assert ratios["scaling"].exact  # pixels are their own quantised values
    for layer in AFTER_SCALING:
        sqnr = ratios[layer].sqnr_db
        assert sqnr is not None
        assert np.isfinite(sqnr)
        # No int8 tensor is nearer than rounding allows, none of this sound file is far away.
        assert 25 < sqnr < (60 if layer != "probs" else 200), layer
        assert 0 < ratios[layer].mean <= ratios[layer].largest
    # The order of computation is the order of the layers.
    place = {each.name: each.index for each in tensors.tensors}
    places = [place[m.tensor] for m in matches]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["int8.tflite", "int8.onnx"])
def test_int8_tensors_lie_on_the_grid_of_their_scale(looked: Any, name: str) -> None:
    _, told, _ = looked
    match = next(m for m in told[name][1] if m.layer == "conv2")
    assert match.dtype == "int8"
    levels = np.unique(match.values)
    step = np.diff(levels).min()
    assert len(levels) <= 256
    np.testing.assert_allclose(levels / step, np.round(levels / step), atol=1e-3)


@pytest.mark.parametrize("name", FILES)
def test_reading_the_tensors_does_not_change_the_answer(looked: Any, name: str) -> None:
    _, told, golden = looked
    tensors, matches = told[name]
    assert tensors.disturbed < 1e-6
    np.testing.assert_allclose(tensors.answer, golden[name], atol=1e-6)
    answer = matches[-1]
    assert (answer.layer, answer.by) == ("probs", "answer")
    np.testing.assert_allclose(answer.values, tensors.answer, atol=1e-6)


def test_what_was_folded_away_is_said(looked: Any) -> None:
    _, told, _ = looked
    scaling = told["float32.tflite"][1][0]
    assert (scaling.layer, scaling.values) == ("scaling", None)
    assert scaling.reason == "no tensor of its own in this file"
    dropout = next(m for m in told["int8.tflite"][1] if m.layer == "dropout")
    assert dropout.by == "same"


def test_integers_stand_for_numbers() -> None:
    from edgeface.train.explain.files import dequantised

    q = np.array([-128, 0, 127], np.int8)
    found = dequantised(q, np.array([0.5], np.float32), np.array([-128], np.int64))
    np.testing.assert_array_equal(found, [0, 64, 127.5])
    assert found.dtype == np.float32
    plain = dequantised(q, np.zeros(0, np.float32), np.zeros(0, np.int64))
    np.testing.assert_array_equal(plain, [-128, 0, 127])


def test_a_file_for_other_pictures_is_refused(fixture_bundle: Path) -> None:
    from edgeface.train.explain.files import tensors_of

    crop = np.zeros((64, 64, 1), np.uint8)
    with pytest.raises(BackendError, match=r"takes uint8 \(1, 32, 32, 1\), the network takes"):
        tensors_of(fixture_bundle / "friends.int8.tflite", crop)


def test_what_is_no_model_file_is_refused(tmp_path: Path) -> None:
    from edgeface.train.explain.files import tensors_of

    crop = np.zeros((8, 8, 1), np.uint8)
    with pytest.raises(UsageError, match=r"ends in \.tflite or \.onnx"):
        tensors_of(tmp_path / "x.h5", crop)
    broken = tmp_path / "x.onnx"
    broken.write_bytes(b"not a graph")
    with pytest.raises(BackendError, match="does not take this file"):
        tensors_of(broken, crop)


@pytest.mark.real_data
@pytest.mark.slow
def test_every_activation_of_mobilenet_is_found(real_data: Path, tmp_path: Path) -> None:
    """With published weights, converted as export does: batch norms and activations are fused."""
    import keras

    from edgeface.convert import onnx, tflite
    from edgeface.convert.network import Network
    from edgeface.train.explain.files import tensors_of
    from edgeface.train.explain.layers import layers_of
    from edgeface.train.explain.maps import feature_maps
    from edgeface.train.explain.matching import match
    from edgeface.train.networks import Design, network
    from edgeface.train.networks.mobilenet import base

    weights = real_data / "models/mobilenet_v1"
    published = base(128, 128, 3, 0.5)
    published.load_weights(weights / "mobilenet_5_0_128_from_tflite_quant_no_top.weights.h5")
    keras.utils.set_random_seed(0)
    model = network("mobilenet").build(Design(128, 128, 3, 4, alpha=0.5))
    for layer in published.layers[1:]:
        model.get_layer(layer.name).set_weights(layer.get_weights())
    rng = np.random.default_rng(0)
    crop = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    layers, maps = layers_of(model), feature_maps(model, crop)
    relus = [layer.name for layer in layers if layer.kind == "ReLU"]
    assert len(relus) == 27
    for name, convert in (("f.tflite", tflite.to_float32), ("f.onnx", onnx.to_float32)):
        path = tmp_path / name
        path.write_bytes(convert(Network.take(model)))
        told = {m.layer: m for m in match(layers, maps, tensors_of(path, crop).tensors)}
        for layer in (*relus, "pool", "probs"):
            assert told[layer].values is not None, (name, layer, told[layer].reason)
            np.testing.assert_allclose(told[layer].values, maps[layer], rtol=0, atol=1e-4)
        # A convolution whose batch norm was folded into it has nothing of its own, and says so.
        assert told["conv_pw_7"].values is None
        assert told["conv_pw_7"].reason
