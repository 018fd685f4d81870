"""The seam to the runtimes, and both of them on the committed bundle."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeface.bundle import Bundle, Tensor
from edgeface.errors import BackendError, BackendMissing, UsageError
from edgeface.runtime import BACKENDS, open_backend

FORMATS = ("tflite", "onnx")
PACKAGES = {"tflite": "ai_edge_litert", "onnx": "onnxruntime"}


def _needs(format: str) -> None:
    pytest.importorskip(PACKAGES[format])


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


def test_what_cannot_be_meant_is_a_usage_error(make: Callable[[str, bytes], Path]) -> None:
    tflite = make("x.tflite", b"")
    with pytest.raises(UsageError, match=r"ends in \.tflite or \.onnx"):
        open_backend(make("x.h5", b""))
    with pytest.raises(
        UsageError, match=r"'onnxruntime' does not run \.tflite files; known: litert"
    ):
        open_backend(tflite, backend="onnxruntime")
    for threads in (0, -1, 257):
        with pytest.raises(UsageError, match="1 to 256 are possible"):
            open_backend(tflite, threads=threads)
    with pytest.raises(UsageError, match="no such file"):
        open_backend(tflite.with_name("y.tflite"))
    with pytest.raises(UsageError, match="no such file"):
        open_backend(tflite.parent.parent.with_suffix(".onnx"))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("content", [b"", b"text\n", b"\x00" * 4096, b"\x08\x08" * 40])
def test_a_file_that_is_no_model_is_refused_in_one_line(
    format: str, content: bytes, make: Callable[[str, bytes], Path]
) -> None:
    _needs(format)
    path = make(f"x.{format}", content)
    with pytest.raises(BackendError) as found:
        open_backend(path)
    assert str(path) in str(found.value)
    assert "\n" not in str(found.value)
    assert not isinstance(found.value, BackendMissing)


def test_a_missing_package_is_named_with_its_extra_and_nothing_is_substituted(
    make: Callable[[str, bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("ai_edge_litert", "tflite_runtime"):
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.setitem(sys.modules, f"{package}.interpreter", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BackendMissing, match="no TFLite runtime is installed") as found:
        open_backend(make("x.tflite", b""))
    assert "edgeface[tflite]" in found.value.remedy
    with pytest.raises(BackendMissing, match="ONNX Runtime is not installed") as found:
        open_backend(make("x.onnx", b""))
    assert "edgeface[onnx]" in found.value.remedy


@pytest.mark.parametrize("wrong", [ValueError(), RuntimeError("a\nb"), OSError(13, "Denied")])
def test_whatever_a_runtime_raises_becomes_our_error(
    wrong: Exception, make: Callable[[str, bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path, threads: int) -> None:
        raise wrong

    monkeypatch.setitem(BACKENDS, "onnx", {"fake": fails})
    with pytest.raises(BackendError, match=r"x\.onnx") as found:
        open_backend(make("x.onnx", b""))
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("scheme", ["float32", "int8"])
@pytest.mark.parametrize("format", FORMATS)
def test_every_file_keeps_the_contract(fixture_bundle: Path, format: str, scheme: str) -> None:
    _needs(format)
    bundle = Bundle.load(fixture_bundle)
    file = bundle.file(format, scheme)
    backend = open_backend(bundle.path(file))
    classes, shape = len(bundle.manifest.labels), bundle.manifest.preprocess.shape
    assert backend.input == Tensor("pixels", "uint8", (1, *shape))
    assert backend.output == Tensor("probs", "float32", (1, classes))
    assert (file.input, file.output) == (backend.input, backend.output)
    pixels, outputs = bundle.golden()
    for crop, expected in zip(pixels, outputs[file.name], strict=True):
        probs = backend.infer(crop)
        assert probs.dtype == np.float32
        assert probs.shape == (classes,)
        assert probs.sum() == pytest.approx(1, abs=0.02)
        assert np.abs(probs - expected).max() < (1e-5 if scheme == "float32" else 8 / 256)
    assert np.ptp(outputs[file.name], axis=0).max() > 0.5  # the golden crops tell a wrong network


@pytest.mark.parametrize("format", FORMATS)
def test_an_answer_belongs_to_the_caller(fixture_bundle: Path, format: str) -> None:
    _needs(format)
    bundle = Bundle.load(fixture_bundle)
    backend = open_backend(bundle.path(bundle.file(format)))
    shape = bundle.manifest.preprocess.shape
    black = backend.infer(np.zeros(shape, np.uint8))
    kept = black.copy()
    backend.infer(np.full(shape, 255, np.uint8))
    assert np.array_equal(black, kept)
    black[:] = 7
    assert np.array_equal(backend.infer(np.zeros(shape, np.uint8)), kept)


@pytest.mark.parametrize("format", FORMATS)
def test_more_threads_give_the_same_answer(fixture_bundle: Path, format: str) -> None:
    _needs(format)
    bundle = Bundle.load(fixture_bundle)
    path = bundle.path(bundle.file(format, "int8"))
    crop = bundle.golden()[0][0]
    backend = open_backend(path, threads=2)
    assert backend.threads == 2
    assert np.allclose(backend.infer(crop), open_backend(path).infer(crop), atol=1e-5)


@pytest.mark.parametrize("format", FORMATS)
def test_a_model_file_that_was_cut_is_refused(
    fixture_bundle: Path, format: str, make: Callable[[str, bytes], Path]
) -> None:
    _needs(format)
    bundle = Bundle.load(fixture_bundle)
    whole = bundle.path(bundle.file(format, "float32")).read_bytes()
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(BackendError):
            open_backend(make(f"cut.{format}", whole[: int(len(whole) * share)]))
