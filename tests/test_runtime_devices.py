"""What may be asked to compute: it is there, or the error says why not."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgeface import board
from edgeface.errors import BackendError, UsageError
from edgeface.runtime import check_device, default_backend, installed, open_backend

HERE = board.read_board()
PI = replace(HERE, model="Raspberry Pi 4 Model B Rev 1.1")


def test_a_pi_is_told_by_its_device_tree() -> None:
    check_device("pi", PI)
    check_device("cpu", HERE)
    with pytest.raises(BackendError, match=r"no Raspberry Pi but Radxa ROCK 5B .*device tree says"):
        check_device("pi", replace(HERE, model="Radxa ROCK 5B"))
    with pytest.raises(BackendError, match=r"but Some CPU \(.*it has no device tree\)") as found:
        check_device("pi", replace(HERE, model=None, cpu="Some CPU"))
    assert "on the Pi" in found.value.remedy


def test_a_pi_is_asked_for_its_cpu(fixture_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fixture_bundle / "friends.float32.tflite"
    monkeypatch.setattr(board, "read_board", lambda: replace(HERE, model="Some PC"))
    with pytest.raises(BackendError, match="no Raspberry Pi but Some PC"):
        open_backend(path, device="pi")
    monkeypatch.setattr(board, "read_board", lambda: PI)
    if installed("tflite"):
        assert open_backend(path, device="pi").device == "cpu"


def test_another_device_is_a_usage_error(fixture_bundle: Path) -> None:
    with pytest.raises(UsageError, match="'tpu' is unknown; known: cpu, gpu, pi"):
        open_backend(fixture_bundle / "friends.float32.tflite", device="tpu")  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", ["litert", "tflite-runtime"])
def test_litert_has_no_gpu_and_says_what_has(fixture_bundle: Path, backend: str) -> None:
    path = fixture_bundle / "friends.int8.tflite"
    with pytest.raises(BackendError, match=f"{backend} has no GPU delegate") as found:
        open_backend(path, backend=backend, device="gpu")
    assert "--backend openvino" in found.value.remedy


def test_a_precision_is_chosen_where_it_can_be(fixture_bundle: Path) -> None:
    path = fixture_bundle / "friends.int8.tflite"
    with pytest.raises(UsageError, match="computes as the file says"):
        open_backend(path, precision="f32")
    with pytest.raises(UsageError, match="'f64' is unknown; known: f32, bf16, f16"):
        open_backend(path, backend="openvino", precision="f64")  # type: ignore[arg-type]


def test_what_is_installed_is_told_without_importing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeface.runtime import backend

    for there, format, device, found in (
        ({"litert"}, "tflite", "cpu", ("litert",)),
        ({"litert", "openvino"}, "tflite", "gpu", ("openvino",)),
        ({"litert", "tflite-runtime"}, "tflite", "pi", ("litert", "tflite-runtime")),
        ({"onnxruntime", "onnxruntime-tensorrt"}, "onnx", "cpu", ("onnxruntime",)),
        (set(), "onnx", "cpu", ()),
    ):
        monkeypatch.setattr(backend, "_is_there", there.__contains__)
        assert installed(format, device) == found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("there", "default"),
    [
        ({"litert", "tflite-runtime"}, "litert"),
        ({"tflite-runtime", "openvino"}, "tflite-runtime"),
        ({"openvino"}, "litert"),  # missing, which is said; OpenVINO is asked for by its name
        (set(), "litert"),
    ],
)
def test_only_the_predecessor_stands_in_for_litert(
    there: set[str], default: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.runtime import backend

    monkeypatch.setattr(backend, "_is_there", there.__contains__)
    assert default_backend("tflite") == default
    assert default_backend("onnx") == "onnxruntime"
