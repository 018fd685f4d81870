"""From a network's window to a scan: the map is the network at every place, in every file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.errors import ConversionError
from edgeface.runtime.metadata import entry
from edgeface.runtime.scan import Scan
from edgeface.vision import windowfile
from edgeface.vision.windowfile import Facts

pytestmark = pytest.mark.tf

LIGHT = Facts(
    1, "window", "0", "light", "float32", "bgr", 16, 2, 1.25, 0.99, 0.5, 0.5, 0.5, "0" * 64
)


def light() -> Any:
    """A network with weights by hand: blue in the middle half of its window, none around it."""
    import keras

    layers = keras.layers
    raw = keras.Input((16, 16, 3), name="pixels")
    x = layers.Rescaling(1 / 255, name="scaling")(raw)
    x = layers.Conv2D(1, 2, strides=2, use_bias=False, name="mean")(x)
    x = layers.Flatten(name="flatten")(x)
    model = keras.Model(raw, layers.Dense(1, activation="sigmoid", name="unit")(x), name="light")
    blue = np.zeros((2, 2, 3, 1), np.float32)
    blue[:, :, 0] = 0.25
    model.get_layer("mean").set_weights([blue])
    weights = np.full((8, 8), -48 / 48, np.float32)
    weights[2:6, 2:6] = 24 / 16
    model.get_layer("unit").set_weights([weights.reshape(64, 1), np.asarray([-9], np.float32)])
    return model


def scanning(model: Any) -> tuple[Any, int]:
    from edgeface.convert.network import Network
    from edgeface.convert.window import scan_of

    scan, stride = scan_of(model)
    first = next(la for la in model.layers if la.name == "scaling")
    channels = model.input_shape[-1]
    return Network(scan, first.scale, first.offset, (None, None, channels), 1), stride


def light_file() -> bytes:
    """What tests/fixtures/light.window.float32.tflite holds."""
    from edgeface.convert import tflite

    network, _ = scanning(light())
    return tflite.with_metadata(tflite.to_float32(network), windowfile.as_text(LIGHT))


def trained(variant: str) -> Any:
    """A facepatch whose weights and batch norms are far from where they start."""
    from edgeface.train.networks import Design, network

    model = network("facepatch").build(Design(64, 64, 3, 2, variant))  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if layer.name.startswith("norm"):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    unit = model.get_layer("unit")
    kernel, _ = unit.get_weights()
    features = np.median(abs(logits(model, noise(20))))
    unit.set_weights([kernel * 2 / max(float(features), 1e-3), np.zeros(1)])
    middle = np.median(logits(model, noise(20)))
    unit.set_weights([unit.get_weights()[0], np.asarray([-middle])])
    return model


def noise(n: int, height: int = 64, width: int = 64) -> np.ndarray:
    """Pictures with structure at several sizes."""
    rng = np.random.default_rng(n)
    import cv2

    made = [
        cv2.resize(rng.integers(0, 256, (s, s, 3), np.uint8), (width, height))
        for s in rng.integers(3, 30, n)
    ]
    return np.stack(made).astype(np.uint8)


def logits(model: Any, pixels: np.ndarray) -> np.ndarray:
    p = model(pixels.astype(np.float32), training=False).numpy()[:, 1].astype(np.float64)
    return np.log(np.clip(p, 1e-9, 1)) - np.log(np.clip(1 - p, 1e-9, 1))


@pytest.mark.parametrize(("variant", "expected"), [("default", 8), ("documented", 2)])
def test_the_map_is_the_network_at_every_place(variant: str, expected: int) -> None:
    from edgeface.convert import tflite

    model = trained(variant)
    network, stride = scanning(model)
    assert stride == expected
    picture = noise(1, 101, 93)[0]
    found = Scan(tflite.to_float32(network), "x", 3)(picture)
    rows, columns = (101 - 64) // stride + 1, (93 - 64) // stride + 1
    assert found.shape == (rows, columns)
    windows = np.stack(
        [
            picture[y : y + 64, x : x + 64]
            for y in range(0, rows * stride, stride)
            for x in range(0, columns * stride, stride)
        ]
    )
    alone = model(windows.astype(np.float32), training=False).numpy()[:, 1]
    assert np.ptp(alone) > 0.2  # else any map would do
    np.testing.assert_allclose(found.ravel(), alone, atol=1e-4)


def test_the_int8_map_is_near_and_one_file_takes_every_size() -> None:
    from edgeface.convert import tflite
    from edgeface.convert.calibration import with_black_and_white

    network, _ = scanning(trained("default"))
    exact = Scan(tflite.to_float32(network), "x", 3)
    content = tflite.to_int8(network, with_black_and_white(noise(60)))
    int8 = Scan(content, "x", 3)
    assert len(content) < 80_000
    for height, width in ((64, 64), (200, 90), (64, 64), (71, 300)):
        picture = noise(2, height, width)[0]
        one, other = exact(picture), int8(picture)
        assert one.shape == other.shape
        assert one.shape >= ((height - 64) // 8 + 1, (width - 64) // 8 + 1)
        # Weights by chance suffer more than trained ones.
        assert one.size < 9 or np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.8


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("friends", 64, "does not end in one sigmoid unit"),
        ("convnet128", 64, "dense is in the way"),
        ("olivetti", 64, "dense is in the way"),
        ("olivetti_dense", 64, "dense is in the way"),
    ],
)
def test_a_network_that_cannot_scan_says_why(name: str, size: int, said: str) -> None:
    from edgeface.convert.window import scan_of
    from edgeface.train.networks import Design, network

    net = network(name)
    channels = 1 if net.colour == "gray" else 3
    with pytest.raises(ConversionError, match=said):
        scan_of(net.build(Design(size, size, channels, 2)))


def test_padding_is_in_the_way() -> None:
    import keras

    from edgeface.convert.window import scan_of

    layers = keras.layers
    raw = keras.Input((16, 16, 1))
    x = layers.Conv2D(2, 3, padding="same", name="conv")(layers.Rescaling(1 / 255)(raw))
    x = layers.Flatten()(x)
    model = keras.Model(raw, layers.Dense(1, activation="sigmoid", name="unit")(x))
    with pytest.raises(ConversionError, match="conv is padded"):
        scan_of(model)


def test_the_committed_file_is_what_this_code_makes(fixtures: Path) -> None:
    committed = (fixtures / "light.window.float32.tflite").read_bytes()
    made = light_file()
    assert json.loads(entry(committed, windowfile.METADATA, "x") or b"") == json.loads(
        entry(made, windowfile.METADATA, "x") or b""
    )
    picture = noise(1, 70, 90)[0]
    assert np.array_equal(Scan(committed, "x", 3)(picture), Scan(made, "x", 3)(picture))


def faces_and_others(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Crops of drawn faces as loose as a fifth of Haar's box on every side, and of other places."""
    from edgeface.images import Preprocess, crop, read_picture
    from edgeface.vision.haar import Haar

    haar, loose = Haar(), Preprocess(64, 64, "bgr", 0.2)
    rng = np.random.default_rng(0)
    faces, others = [], []
    for path in sorted(folder.rglob("*.jpg")):
        picture = read_picture(path)
        boxes = haar.detect(picture).boxes
        if len(boxes) != 1:
            continue
        faces.append(crop(picture, boxes[0], loose))
        side = boxes[0][2] - boxes[0][0]
        for _ in range(30):
            at = rng.uniform(0, np.asarray(picture.shape[1::-1]))
            if abs(at - (boxes[0][:2] + boxes[0][2:]) / 2).max() > 1.1 * side:
                box = np.concatenate([at - side / 2, at + side / 2])
                others.append(crop(picture, box, loose))
    return np.stack(faces), np.stack(others)


@pytest.fixture(scope="module")
def face_data(drawn_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An npz file of drawn faces and other pieces of drawn photographs."""
    faces, others = faces_and_others(drawn_photos)
    others = others[np.random.default_rng(1).permutation(len(others))[: 3 * len(faces)]]
    path = tmp_path_factory.mktemp("npz") / "faces.npz"
    truth = np.r_[np.ones(len(faces), int), np.zeros(len(others), int)][:, None]
    np.savez(path, x=np.concatenate([faces, others]), y=truth)
    return path


@pytest.fixture(scope="module")
def face_bundle(face_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a facepatch that was trained on drawn faces for a few epochs."""
    from edgeface.convert import windowfit
    from edgeface.convert.export import export
    from edgeface.datasets.photos import Reading
    from edgeface.recipe import Recipe
    from edgeface.train.job import train
    from edgeface.train.networks import network
    from edgeface.train.prepare import prepare
    from edgeface.train.request import Request
    from edgeface.train.run import Run
    from edgeface.vision.detect import open_detector

    plan = network("facepatch").default
    plan = replace(plan, schedule=replace(plan.schedule, epochs=25, batch=16))
    reading = Reading("bgr", ("nonface", "face"))
    asked = Request("facepatch", str(face_data), plan=plan, reading=reading, seed=1)
    place = tmp_path_factory.mktemp("window")
    quiet = Quiet()
    train(asked, prepare(asked, lambda: open_detector("none"), quiet), place / "run", quiet)
    recipe = Recipe("window", "any machine", ("tflite",), ("float32", "int8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windowfit, "SCENES", 12)
        export(Run.load(place / "run"), recipe, place / "bundle", quiet)
    return place / "bundle"


class Quiet:
    def say(self, text: str) -> None: ...
    def track(self, items: Any, doing: str) -> Any:
        return items

    def step(self, done: int, of: int) -> None: ...
    def epoch(self, row: Any, of: int) -> None: ...


@pytest.mark.slow
def test_export_makes_a_detector_that_finds_drawn_faces(
    face_bundle: Path, drawn_photos: Path, cli: Any
) -> None:
    from edgeface.bundle import Bundle
    from edgeface.geometry import iou
    from edgeface.images import read_picture
    from edgeface.vision.detect import open_detector

    manifest = Bundle.load(face_bundle).manifest
    assert [file.name for file in manifest.windows] == [
        "facepatch.window.float32.tflite",
        "facepatch.window.int8.tflite",
    ]
    for file in manifest.windows:
        assert file.false <= 3  # a quarter of the scenes
        assert file.found > 0.6 * file.faces
    window, haar = open_detector("window", face_bundle), open_detector("haar")
    assert window.facts.scheme == "int8"  # type: ignore[attr-defined]
    overlaps = []
    for path in sorted(drawn_photos.rglob("*.jpg"))[::4]:
        picture = read_picture(path)
        expected, found = haar.detect(picture), window.detect(picture)
        if len(expected) == 1 and len(found):
            overlaps.append(iou(expected.boxes, found.boxes).max())
    assert len(overlaps) > 10
    assert np.median(overlaps) > 0.6
    ran = cli("detect", drawn_photos, "--detector", "window", "--detector-model", face_bundle)
    assert ran.code == 0, ran.err
