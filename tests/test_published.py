"""Weights from elsewhere for MobileNet: the right ones, or one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.errors import EdgefaceError, InputError
from edgeface.train.networks import Design, mobilenet, network

pytestmark = pytest.mark.tf

SMALL = Design(32, 32, 3, 2, "default", 0.25)


def build(design: Design = SMALL) -> Any:
    return network("mobilenet").build(design)


def test_a_file_is_loaded_into_the_base_and_the_head_stays(mobilenet_base: Path) -> None:
    from edgeface import sealed
    from edgeface.train.published import begin_with

    model = build()
    head = [w.copy() for w in model.get_layer("probs").get_weights()]
    record = begin_with(model, str(mobilenet_base), SMALL)
    assert record == f"base.weights.h5 {sealed.sha256(mobilenet_base)}"
    base = mobilenet.base(64, 48, 3, 0.25)
    base.load_weights(mobilenet_base)
    for layer in base.layers:
        for ours, theirs in zip(
            model.get_layer(layer.name).get_weights() if layer.weights else [],
            layer.get_weights(),
            strict=True,
        ):
            assert np.array_equal(ours, theirs), layer.name
    for ours, before in zip(model.get_layer("probs").get_weights(), head, strict=True):
        assert np.array_equal(ours, before)


def test_none_leaves_it_as_it_is() -> None:
    from edgeface.train.published import begin_with

    model = build()
    before = model.get_weights()
    assert begin_with(model, "none", SMALL) == "none"
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_weights_of_another_width_or_network_are_refused_and_change_nothing(
    mobilenet_base: Path, tmp_path: Path, fixture_run: Path
) -> None:
    from edgeface.train.published import begin_with

    wide = Design(32, 32, 3, 2, "default", 0.5)
    text = tmp_path / "text.h5"
    text.write_text("no weights")
    for path, design in (
        (mobilenet_base, wide),
        (fixture_run / "model.weights.h5", SMALL),
        (text, SMALL),
    ):
        model = build(design)
        before = model.get_weights()
        with pytest.raises(InputError, match="not the weights of MobileNet v1 with alpha") as wrong:
            begin_with(model, str(path), design)
        assert str(path) in str(wrong.value)
        assert "\n" not in str(wrong.value)
        assert "--alpha" in wrong.value.remedy
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_named(tmp_path: Path, bad: float) -> None:
    from edgeface.train.published import begin_with

    base = mobilenet.base(32, 32, 3, 0.25)
    kernel = base.get_layer("conv_pw_3").get_weights()[0]
    kernel[0, 0, 1, 2] = bad
    base.get_layer("conv_pw_3").set_weights([kernel])
    base.save_weights(tmp_path / "bad.weights.h5")
    with pytest.raises(InputError, match="the weights of conv_pw_3 are not all finite"):
        begin_with(build(), str(tmp_path / "bad.weights.h5"), SMALL)


def test_imagenet_without_a_network_is_one_line_with_three_ways_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import keras

    from edgeface.train.published import begin_with

    asked = []

    def offline(name: str, origin: str, **_: object) -> str:
        asked.append((name, origin))
        msg = "URL fetch failure: None -- [Errno -3] Temporary failure in name resolution"
        raise Exception(msg)

    monkeypatch.setattr(keras.utils, "get_file", offline)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    design = Design(96, 128, 3, 2, "default", 0.5)
    with pytest.raises(EdgefaceError, match="--weights imagenet: Keras could not fetch") as wrong:
        begin_with(build(design), "imagenet", design)
    assert [name for name, _ in asked] == ["mobilenet_5_0_128_tf_no_top.h5"]
    assert "\n" not in str(wrong.value)
    assert "about 4.5 MB" in str(wrong.value)
    for way in (str(tmp_path / "models" / asked[0][0]), "--weights FILE", "--weights none"):
        assert way in wrong.value.remedy


def test_the_file_is_the_one_for_the_nearest_size(
    monkeypatch: pytest.MonkeyPatch, mobilenet_base: Path
) -> None:
    import keras

    from edgeface.train.published import begin_with

    asked = []

    def fetch(name: str, *_: object, **__: object) -> str:
        asked.append(name)
        return str(mobilenet_base)

    monkeypatch.setattr(keras.utils, "get_file", fetch)
    for side, expected in ((32, 128), (140, 128), (150, 160), (1000, 224)):
        design = Design(32, side, 3, 2, "default", 0.25)
        begin_with(build(design), "imagenet", design)
        assert asked.pop() == f"mobilenet_2_5_{expected}_tf_no_top.h5"


def test_a_download_that_is_another_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import keras

    from edgeface.train.published import begin_with

    place = tmp_path / "mobilenet_2_5_224_tf_no_top.h5"
    mobilenet.base(32, 32, 3, 0.25).save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "m.weights.h5").rename(place)  # it would even load
    monkeypatch.setattr(keras.utils, "get_file", lambda *_, **__: str(place))
    design = Design(224, 224, 3, 2, "default", 0.25)
    model = build(design)
    before = model.get_weights()
    with pytest.raises(EdgefaceError, match="and the published file has dbdb03ee2a22") as wrong:
        begin_with(model, "imagenet", design)
    assert "remove the file" in wrong.value.remedy
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "alpha"),
    [
        ("mobilenet_5_0_128_from_tflite_quant_no_top.weights.h5", 0.5),
        ("mobilenet_2_5_128_from_tflite_float_no_top.weights.h5", 0.25),
        ("mobilenet_2_5_224_tf_no_top.h5", 0.25),  # Keras' older format
    ],
)
def test_the_published_files_load_and_only_at_their_width(
    real_data: Path, name: str, alpha: float
) -> None:
    from edgeface.train.published import begin_with

    path = real_data / "models" / "mobilenet_v1" / name
    design = Design(64, 64, 3, 2, "default", alpha)
    model = build(design)
    fresh = model.get_layer("conv1").get_weights()[0].copy()
    assert begin_with(model, str(path), design).startswith(name)
    assert not np.array_equal(model.get_layer("conv1").get_weights()[0], fresh)
    for other in {0.25, 0.5, 1.0} - {alpha}:
        wrong = Design(64, 64, 3, 2, "default", other)
        with pytest.raises(
            InputError, match=f"not the weights of MobileNet v1 with alpha {other:g} "
        ):
            begin_with(build(wrong), str(path), wrong)
