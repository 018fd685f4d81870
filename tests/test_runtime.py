"""The seam to the runtimes, and all of them on the committed bundle."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeface.bundle import Bundle, Tensor
from edgeface.errors import BackendError, BackendMissing, UsageError
from edgeface.runtime import (
    BACKENDS,
    Backend,
    Wanted,
    default_backend,
    installed,
    open_backend,
)
from edgeface.runtime.tflitefile import check_whole

FORMATS = ("tflite", "onnx")


def _needs(format: str) -> None:
    if default_backend(format) not in installed(format):
        pytest.skip(f"nothing that runs .{format} files is installed")


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
    def fails(path: Path, wanted: Wanted) -> None:
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


def _runs(format: str) -> list[Any]:
    """Every backend of a format; those that are not installed are skipped, and named."""
    there = installed(format)
    marks = {n: () if n in there else (pytest.mark.skip(f"no {n}"),) for n in BACKENDS[format]}
    return [
        pytest.param(format, name, marks=marks[name], id=f"{format}-{name}")
        for name in BACKENDS[format]
        if name != "onnxruntime-tensorrt"
    ]


EVERY = [*_runs("tflite"), *_runs("onnx")]


@pytest.mark.parametrize(("format", "name"), EVERY)
def test_a_backend_that_is_named_is_the_one_that_runs(
    fixture_bundle: Path, format: str, name: str
) -> None:
    bundle = Bundle.load(fixture_bundle)
    backend = open_backend(bundle.path(bundle.file(format, "int8")), backend=name, threads=2)
    assert backend.name.split(" ")[0] == name
    assert (backend.threads, backend.device) == (2, "cpu")
    assert backend.precision == ("f32" if name == "openvino" else "")


@pytest.mark.parametrize(("format", "name"), EVERY)
def test_the_runtime_alone_computes_what_was_bound(
    fixture_bundle: Path, format: str, name: str
) -> None:
    bundle = Bundle.load(fixture_bundle)
    backend = open_backend(bundle.path(bundle.file(format, "int8")), backend=name)
    crops, outputs = bundle.golden()
    stored = outputs[f"friends.int8.{format}"]
    apart = int(np.argmax(np.abs(stored - stored[0]).max(axis=1)))
    first = backend.infer(crops[0])
    again = backend.bind(crops[apart])
    crops[apart] = 0  # what was bound is the runtime's
    for _ in range(3):
        again()
    found = _within(backend, again)
    assert np.array_equal(found, backend.infer(bundle.golden()[0][apart]))
    assert not np.allclose(found, first, atol=0.1)


def _within(backend: Backend, bound: Any) -> NDArray[Any]:
    """What the runtime has computed, and `bind` leaves where it is."""
    kept: Any = backend
    if backend.name.startswith("onnxruntime"):
        return np.asarray(bound._binding.copy_outputs_to_cpu()[0][0])
    if backend.name.startswith("openvino"):
        return np.array(kept._found[0][0])
    return np.array(kept._interpreter.get_tensor(kept._indices[0])[0])


def test_asking_for_tflite_runtime_never_gives_litert(
    fixture_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fixture_bundle / "friends.float32.tflite"
    monkeypatch.setitem(sys.modules, "tflite_runtime", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", None)
    with pytest.raises(BackendMissing, match="tflite-runtime is not installed") as found:
        open_backend(path, backend="tflite-runtime")
    assert "edgeface[tflite]" in found.value.remedy


def test_asking_for_litert_never_gives_tflite_runtime(
    fixture_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    older = SimpleNamespace(__spec__=object(), interpreter=None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", older)
    with pytest.raises(BackendMissing, match="litert is not installed; tflite-runtime is") as found:
        open_backend(fixture_bundle / "friends.float32.tflite", backend="litert")
    assert "pip install ai-edge-litert" in found.value.remedy


@pytest.mark.parametrize("name", ["litert", "tflite-runtime"])
def test_a_runtime_that_does_not_load_is_no_missing_one(
    fixture_bundle: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    package = {"litert": "ai_edge_litert", "tflite-runtime": "tflite_runtime"}[name]
    # A module without an Interpreter: its import fails, and not for want of the package.
    monkeypatch.setitem(sys.modules, package, ModuleType(package))
    monkeypatch.setitem(sys.modules, f"{package}.interpreter", ModuleType("interpreter"))
    with pytest.raises(BackendError, match="is installed and does not load") as found:
        open_backend(fixture_bundle / "friends.float32.tflite", backend=name)
    assert not isinstance(found.value, BackendMissing)
    assert "--force-reinstall" in found.value.remedy


def _with_custom_operation(fixture_bundle: Path, folder: Path, format: str) -> Path:
    """A file that asks for an operation that nobody has."""
    content = (fixture_bundle / f"friends.float32.{format}").read_bytes()
    path = folder / f"x.{format}"
    if format == "onnx":
        path.write_bytes(content.replace(b"Softmax", b"Softmix"))
        return path
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for code in model.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.SOFTMAX:
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
            code.customCode = b"Softmix"
    for operator in model.subgraphs[0].operators:
        if operator.builtinOptionsType == schema.BuiltinOptions.SoftmaxOptions:
            operator.builtinOptionsType, operator.builtinOptions = 0, None
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


@pytest.mark.parametrize(("format", "name"), EVERY)
def test_an_operation_that_a_backend_has_not_is_named_in_one_line(
    fixture_bundle: Path, tmp_path: Path, format: str, name: str
) -> None:
    path = _with_custom_operation(fixture_bundle, tmp_path, format)
    with pytest.raises(BackendError) as found:
        open_backend(path, backend=name)
    assert str(found.value) == f"{path}: needs the operation Softmix, which {name} does not have"


FOREIGN = (
    "mlperf_tiny/vww_96_int8.tflite",  # int8 in and out, a free batch
    "mlperf_tiny/vww_96_float.tflite",
    "mobilenet_v1/mobilenet_v1_0.25_128_quant.tflite",  # uint8 in and out
    "blazeface/face_detection_short_range.tflite",  # float16, two outputs
    "yunet/yunet_n_320_320.onnx",  # twelve outputs, channels first
)


@pytest.mark.real_data
@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_others_run_alike_on_every_backend(real_data: Path, name: str) -> None:
    path = real_data / "models" / name
    answers = {}
    for backend in installed(path.suffix.lstrip(".")):
        loaded = open_backend(path, backend=backend)
        kind, shape = np.dtype(loaded.input.dtype), loaded.input.shape[1:]
        rng = np.random.default_rng(0)
        if kind.kind == "f":
            given = rng.uniform(-1, 1, shape).astype(kind)
        else:
            whole = np.iinfo(kind)
            given = rng.integers(whole.min, whole.max, shape, kind, endpoint=True)
        answers[backend] = loaded.infer_all(given)
        assert answers[backend][loaded.output.name].dtype == loaded.output.dtype
        assert loaded.placement().nodes
    if len(answers) < 2:
        pytest.skip(f"only {', '.join(answers)} is installed")
    first, *others = answers.values()
    for other in others:
        assert list(other) == list(first)
        for key, value in first.items():
            assert value.dtype == other[key].dtype
            # Steps of 256, as verify allows them; of float, digits that the order of sums costs.
            limit = 8 if value.dtype.kind in "iu" else 1e-5 * max(1, float(np.abs(value).max()))
            difference = np.abs(value.astype(np.float64) - other[key].astype(np.float64))
            assert difference.max() <= limit


@pytest.mark.parametrize("scheme", ["float32", "int8"])
def test_a_cut_file_is_found_before_a_runtime_believes_it(
    fixture_bundle: Path, scheme: str
) -> None:
    content = (fixture_bundle / f"friends.{scheme}.tflite").read_bytes()
    check_whole(content, "x.tflite")
    for kept in (*range(8, 400, 7), *(len(content) * n // 40 for n in range(40))):
        with pytest.raises(BackendError, match=r"x\.tflite"):
            check_whole(content[:kept], "x.tflite")
