"""The face / non-face network: the documented layers and the ones that scan."""

import json
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgeface.train.networks import Design, Variant, network

pytestmark = pytest.mark.tf
NET = "facepatch"


def parameters(variant: Variant) -> dict[str, int]:
    model = network(NET).build(Design(64, 64, 3, 2, variant))
    return {layer.name: layer.count_params() for layer in model.layers if layer.weights}


def test_the_documented_layers_have_the_documented_parameters() -> None:
    assert parameters("documented") == {"conv1": 64, "conv2": 544, "unit": 32_769}
    assert sum(parameters("documented").values()) == 33_377


def test_the_default_is_what_its_docstring_counts() -> None:
    found = parameters("default")
    assert sum(found.values()) == 42_549
    assert [n for name, n in found.items() if name.startswith("conv")] == [
        324,
        2_592,
        10_368,
        27_648,
    ]


def test_it_takes_blue_green_red_and_tells_faces_from_the_rest() -> None:
    net = network(NET)
    assert (net.size, net.colour, net.binary, net.positive) == (64, "bgr", True, "face")
    assert net.documented.augmentation.decoys == 0
    assert net.default.augmentation.decoys > 0


@pytest.mark.parametrize("variant", ["documented", "default"])
def test_raw_pixels_in_and_two_probabilities_out(variant: Variant) -> None:
    model = network(NET).build(Design(64, 64, 3, 2, variant))
    pixels = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3)).astype(np.float32)
    probs = model(pixels, training=False).numpy()
    assert probs.shape == (4, 2)
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)


@pytest.fixture
def some_real(tmp_path: Path, real_data: Path) -> Path:
    """Every sixth picture as the documented file holds them: blue-green-red, targets (N, 1)."""
    with zipfile.ZipFile(real_data / "facenonface" / "facenonface64.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.endswith(".jpg"))[::6]
        pictures = [
            cv2.imdecode(np.frombuffer(archive.read(n), np.uint8), cv2.IMREAD_COLOR) for n in names
        ]
    path = tmp_path / "faces.npz"
    truth = np.asarray([[int(n.startswith("face/"))] for n in names])
    np.savez(path, x=np.stack(pictures), y=truth)
    return path


@pytest.mark.slow
@pytest.mark.real_data
def test_a_sixth_of_the_real_pictures_is_told_apart(
    cli: Any, some_real: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ("train", NET, some_real, "--colour", "bgr", "--labels", "nonface,face")
    ran = cli(*words, "--epochs", 12, "--out", run, "--seed", 3, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["validation"]["auc"] > 0.99
    assert (run / "roc.png").is_file()
