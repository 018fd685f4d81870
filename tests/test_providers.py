"""ONNX Runtime's providers: what is missing is said, and nothing falls back to the CPU unseen."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeface.errors import BackendError, BackendMissing, UsageError
from edgeface.runtime import open_backend
from edgeface.runtime.placement import Placement
from edgeface.runtime.providers import check_provider, nodes_of

CPU, CUDA, TRT = (f"{n}ExecutionProvider" for n in ("CPU", "CUDA", "Tensorrt"))


def _event(name: str, provider: str | None, cat: str = "Node") -> dict[str, Any]:
    return {"cat": cat, "name": name, "args": {"provider": provider} if provider else {}}


def test_a_profile_says_what_computed_each_node() -> None:
    events = [
        _event("model_run", None, "Session"),
        _event("conv_fence_before", None),
        _event("conv_kernel_time", CUDA),
        _event("conv_kernel_time", CUDA),  # again: the same node
        _event("pool_kernel_time", CUDA),
        _event("shape_kernel_time", CPU),
        _event("copy_kernel_time", "", "Kernel"),
        {"name": "odd"},
    ]
    assert nodes_of(json.dumps(events).encode()) == {CUDA: 2, CPU: 1}
    assert nodes_of(b"[]") == {}


def test_a_package_without_a_provider_is_named_with_the_line_that_brings_it() -> None:
    check_provider(CPU, [CPU], "onnxruntime 1")
    with pytest.raises(BackendMissing, match="without CUDAExecutionProvider; it has CPU") as found:
        check_provider(CUDA, ["AzureExecutionProvider", CPU], "onnxruntime 1")
    assert "Azure" not in str(found.value)
    assert found.value.remedy.endswith("&& pip install onnxruntime-gpu")
    with pytest.raises(BackendMissing) as found:
        check_provider(TRT, [CUDA, CPU], "onnxruntime 1")
    assert found.value.remedy.endswith(" tensorrt")


def test_the_cpu_package_refuses_a_gpu(fixture_bundle: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    if CUDA in runtime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    path = fixture_bundle / "friends.float32.onnx"
    for backend in ("onnxruntime", "onnxruntime-tensorrt"):
        with pytest.raises(BackendMissing, match="is installed without ") as found:
            open_backend(path, backend=backend, device="gpu")
        assert "pip install onnxruntime-gpu" in found.value.remedy


def test_tensorrt_is_not_asked_to_compute_on_the_cpu(fixture_bundle: Path) -> None:
    with pytest.raises(UsageError, match="NVIDIA GPU") as found:
        open_backend(fixture_bundle / "friends.float32.onnx", backend="onnxruntime-tensorrt")
    assert found.value.remedy == "add --device gpu"


class Session:
    """A session of the fake package: nodes are shared out as the package was told."""

    def __init__(self, package: "Package", options: Any, providers: Sequence[str]) -> None:
        self._package, self._options, self._asked = package, options, providers

    def get_providers(self) -> list[str]:
        return [p for p in self._asked if p not in self._package.silent]

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="pixels", type="tensor(uint8)", shape=["n", 4, 4, 1])]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name="probs", type="tensor(float)", shape=["n", 2])]

    def run(self, names: Any, given: dict[str, Any]) -> list[Any]:
        self._package.fed.append(given["pixels"].shape)
        return [np.zeros((1, 2), np.float32)]

    def end_profiling(self) -> str:
        path = Path(self._options.profile_file_prefix + ".json")
        events = [
            _event(f"{provider}{number}_kernel_time", provider)
            for provider, count in self._package.takes.items()
            for number in range(count)
        ]
        path.write_text(json.dumps(events))
        return str(path)


class Package:
    """Stands for onnxruntime-gpu."""

    __version__ = "9.9"

    def __init__(self, takes: dict[str, int], silent: Sequence[str] = ()) -> None:
        self.takes, self.silent = takes, silent
        self.fed: list[tuple[int, ...]] = []
        self.sessions: list[dict[str, Any]] = []

    def get_available_providers(self) -> list[str]:
        return [TRT, CUDA, CPU]

    def SessionOptions(self) -> Any:  # noqa: N802 - as ONNX Runtime calls it
        return SimpleNamespace(enable_profiling=False)

    def InferenceSession(self, content: bytes, options: Any, **words: Any) -> Session:  # noqa: N802
        self.sessions.append(words)
        return Session(self, options, words["providers"])


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Puts a package of that kind in the place of ONNX Runtime, and opens a file with it."""

    def opened(package: Package, backend: str = "onnxruntime") -> Any:
        monkeypatch.setitem(sys.modules, "onnxruntime", package)
        path = tmp_path / "x.onnx"
        path.write_bytes(b"any")
        return open_backend(path, backend=backend, device="gpu")

    return opened


def test_what_cuda_took_is_counted_when_the_file_is_opened(gpu: Any) -> None:
    package = Package({CUDA: 10, CPU: 2})
    backend = gpu(package)
    assert (backend.name, backend.device) == ("onnxruntime 9.9", "gpu")
    assert package.sessions == [{"providers": [CUDA, CPU], "enable_fallback": 0}]
    assert backend.placement() == Placement(CUDA, 10, 12, {CPU: 2})
    assert str(backend.placement()) == f"{CUDA} 10 of 12 nodes, {CPU} 2"
    assert len(package.sessions) == 1  # TensorRT takes minutes to load a file
    assert package.fed == [(1, 4, 4, 1)]


def test_tensorrt_may_leave_nodes_to_cuda(gpu: Any) -> None:
    package = Package({TRT: 1, CUDA: 3})
    backend = gpu(package, "onnxruntime-tensorrt")
    assert backend.name == "onnxruntime-tensorrt 9.9"
    assert package.sessions[0]["providers"] == [TRT, CUDA, CPU]
    assert backend.placement() == Placement(TRT, 1, 4, {CUDA: 3})


def test_a_session_that_dropped_the_gpu_is_an_error(gpu: Any) -> None:
    with pytest.raises(BackendError, match="finds nothing to compute on here") as found:
        gpu(Package({CPU: 12}, silent=[CUDA]))
    assert "nvidia-smi" in found.value.remedy


def test_a_provider_that_takes_no_node_is_an_error(gpu: Any) -> None:
    with pytest.raises(BackendError, match="CUDAExecutionProvider takes none of its 12 nodes"):
        gpu(Package({CPU: 12}))


@pytest.mark.gpu
def test_cuda_computes_what_the_cpu_does(fixture_bundle: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    if CUDA not in runtime.get_available_providers():
        pytest.skip("this onnxruntime has no CUDA")
    path = fixture_bundle / "friends.float32.onnx"
    one, other = open_backend(path), open_backend(path, device="gpu")
    crop = np.random.default_rng(0).integers(0, 256, one.input.shape[1:], np.uint8)
    assert np.allclose(one.infer(crop), other.infer(crop), atol=1e-3)
    other.bind(crop)()
    assert other.placement().provider == CUDA
