"""OpenVINO behind the seam: the same answers, errors that say what to do, and what it computes."""

import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeface.bundle import Bundle
from edgeface.errors import BackendError, BackendMissing
from edgeface.runtime import Backend, installed, open_backend
from edgeface.verify import verify

FILES = [f"friends.{s}.{f}" for f in ("tflite", "onnx") for s in ("float32", "int8")]


def _open(path: Path, **words: Any) -> Backend:
    pytest.importorskip("openvino")
    return open_backend(path, backend="openvino", **words)


@pytest.mark.parametrize("name", FILES)
def test_it_keeps_the_contract(fixture_bundle: Path, name: str) -> None:
    bundle = Bundle.load(fixture_bundle)
    file = next(f for f in bundle.manifest.files if f.name == name)
    backend = _open(bundle.path(file))
    assert backend.name.startswith("openvino 20")
    assert (backend.input, backend.output) == (file.input, file.output)
    assert (backend.threads, backend.device, backend.precision) == (1, "cpu", "f32")
    crops, stored = bundle.golden()
    answers = np.stack([backend.infer(crop) for crop in crops])
    limit = 1e-5 if "float32" in name else 8 / 256
    assert np.abs(answers - stored[name]).max() < limit
    assert answers.dtype == np.float32


def test_a_bundle_verifies_on_it(fixture_bundle: Path) -> None:
    pytest.importorskip("openvino")
    bundle = Bundle.load(fixture_bundle)
    done = verify(bundle, open_file=partial(open_backend, backend="openvino"))
    assert [d.status for d in done] == ["same"] * 4
    assert {str(d.backend).split(" ")[0] for d in done} == {"openvino"}


def test_an_answer_belongs_to_the_caller(fixture_bundle: Path) -> None:
    backend = _open(fixture_bundle / "friends.int8.tflite")
    black, white = (np.full(backend.input.shape[1:], v, np.uint8) for v in (0, 255))
    answer = backend.infer(black)
    everything = backend.infer_all(black)["probs"]
    kept = answer.copy()
    backend.infer(white)
    assert np.array_equal(answer, kept)
    assert np.array_equal(everything, kept)
    answer[:] = 7
    assert np.array_equal(backend.infer(black), kept)


def test_it_computes_in_int8_what_was_quantised(fixture_bundle: Path) -> None:
    kinds = {}
    for scheme in ("float32", "int8"):
        placed = _open(fixture_bundle / f"friends.{scheme}.tflite").placement()
        assert placed.provider == "OpenVINO CPU"
        assert placed.kinds is not None
        assert placed.taken == placed.nodes == sum(placed.kinds.values())
        kinds[scheme] = placed.kinds
    assert kinds["float32"]["f32"] > kinds["float32"].get("int8", 0)
    # Where a processor has no instructions for it, these are computed in float.
    assert kinds["int8"] != kinds["float32"]


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (np.zeros((32, 32), np.uint8), r"uint8 \(32, 32\)"),
        (np.zeros((1, 1, 1), np.uint8), r"uint8 \(1, 1, 1\)"),
        (np.zeros((32, 32, 1), np.float32), r"float32 \(32, 32, 1\)"),
    ],
)
def test_an_input_is_never_stretched_or_converted(
    fixture_bundle: Path, pixels: Any, said: str
) -> None:
    backend = _open(fixture_bundle / "friends.float32.onnx")
    with pytest.raises(ValueError, match=said):
        backend.infer(pixels)
    with pytest.raises(ValueError, match=said):
        backend.bind(pixels)


def test_a_precision_that_the_processor_has_not_is_refused(
    fixture_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openvino = pytest.importorskip("openvino")
    path = fixture_bundle / "friends.float32.tflite"
    able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    for precision, word in (("bf16", "BF16"), ("f16", "FP16")):
        if word in able:
            assert _open(path, precision=precision).precision == precision
        else:
            with pytest.raises(BackendError, match=f"does not compute in {precision}"):
                _open(path, precision=precision)


def test_a_gpu_that_is_not_there_is_an_error(fixture_bundle: Path) -> None:
    openvino = pytest.importorskip("openvino")
    if any(one.startswith("GPU") for one in openvino.Core().available_devices):
        pytest.skip("OpenVINO sees a GPU here")
    with pytest.raises(BackendError, match="sees no GPU here; it sees CPU") as found:
        _open(fixture_bundle / "friends.int8.onnx", device="gpu")
    assert "intel-opencl-icd" in found.value.remedy


def test_a_file_in_int16_is_not_asked_because_it_would_be_answered_wrongly(
    fixture_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    from dataclasses import replace

    from edgeface.runtime import tflitefile

    read = tflitefile.read_graph
    path = fixture_bundle / "friends.int8.tflite"
    assert "int16" not in read(path.read_bytes(), "x").kinds
    monkeypatch.setattr(
        tflitefile, "read_graph", lambda c, w: replace(read(c, w), kinds=frozenset({"int16"}))
    )
    with pytest.raises(BackendError, match="int16 wrongly") as found:
        _open(path)
    assert "--backend litert" in found.value.remedy


@pytest.mark.tf
def test_int16x8_files_are_the_ones_that_are_not_asked(tmp_path: Path, fixture_run: Path) -> None:
    pytest.importorskip("openvino")
    from edgeface.convert.calibration import with_black_and_white
    from edgeface.convert.network import Network
    from edgeface.convert.tfliteother import to_int16x8
    from edgeface.train.run import Run

    network = Network.take(Run.load(fixture_run).model())
    noise = np.random.default_rng(0).integers(0, 256, (8, *network.shape), np.uint8)
    path = tmp_path / "x.int16x8.tflite"
    path.write_bytes(to_int16x8(network, with_black_and_white(noise)))
    with pytest.raises(BackendError, match="int16 wrongly"):
        _open(path)


def test_a_missing_package_is_named_with_its_extra(
    fixture_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(BackendMissing, match="OpenVINO is not installed") as found:
        open_backend(fixture_bundle / "friends.int8.onnx", backend="openvino")
    assert found.value.remedy == "pip install 'edgeface[openvino]'"
    assert "openvino" not in installed("tflite") + installed("onnx")


@pytest.mark.parametrize("name", ["x.tflite", "x.onnx"])
def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    pytest.importorskip("openvino")
    for content in (b"", b"text\n", b"\x00" * 4096):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackendError) as found:
            _open(tmp_path / name)
        assert "\n" not in str(found.value)


def _answering(shape: tuple[int, ...]) -> SimpleNamespace:
    dims = [SimpleNamespace(is_dynamic=n < 0, get_length=lambda n=n: n) for n in shape]
    made: list[Any] = []
    port = SimpleNamespace(get_partial_shape=lambda: dims)
    return SimpleNamespace(inputs=[port], outputs=[port], reshape=made.append, made=made)


def test_only_the_batch_may_be_free() -> None:
    from edgeface.runtime.openvino import _fix_batch

    fixed, free = _answering((1, 8, 8, 3)), _answering((-1, 8, 8, 3))
    _fix_batch(fixed, Path("x.onnx"))
    _fix_batch(free, Path("x.onnx"))
    assert fixed.made == []
    assert free.made == [[1, 8, 8, 3]]
    with pytest.raises(BackendError, match=r"\(any, 3, any, any\); only the batch") as found:
        _fix_batch(_answering((-1, 3, -1, -1)), Path("x.onnx"))
    assert "fixed height and width" in found.value.remedy
    many = _answering((1, 2))
    many.inputs *= 2
    with pytest.raises(BackendError, match="2 inputs and 1 outputs; one input"):
        _fix_batch(many, Path("x.onnx"))
