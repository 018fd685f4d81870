"""ONNX files on ONNX Runtime: on the CPU, on CUDA, on TensorRT."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import Tensor
from edgeface.errors import BackendError, BackendMissing
from edgeface.runtime.graph import PROBS
from edgeface.runtime.placement import Placement
from edgeface.runtime.providers import check_provider, nodes_of
from edgeface.runtime.reasons import refusal

Provider = Literal["CPU", "CUDA", "Tensorrt"]
# What the first does not take the next one may: copies of shapes stay on the CPU always.
_IN_TURN: dict[Provider, tuple[Provider, ...]] = {
    "CPU": ("CPU",),
    "CUDA": ("CUDA", "CPU"),
    "Tensorrt": ("Tensorrt", "CUDA", "CPU"),
}
_DTYPES = {"tensor(uint8)": "uint8", "tensor(int8)": "int8", "tensor(float)": "float32"}


class OnnxRuntime:
    """An ONNX file on one of ONNX Runtime's execution providers.

    Args:
        path: The file.
        threads: For the computation on the CPU.
        provider: What is to compute. ONNX Runtime itself goes on with the CPU where that cannot be
            had, and says so in its log alone; here it is an error.
    """

    precision = ""

    def __init__(self, path: Path, threads: int = 1, provider: Provider = "CPU") -> None:
        self._onnxruntime = runtime = _module()
        self.name = f"onnxruntime {runtime.__version__}"
        if provider == "Tensorrt":
            self.name = self.name.replace(" ", "-tensorrt ", 1)
        self.threads, self.device = threads, "cpu" if provider == "CPU" else "gpu"
        self._path, self._provider, self._placed = path, provider, None
        wanted = _full(provider)
        check_provider(wanted, runtime.get_available_providers(), self.name)
        self._session: Any
        if provider == "CPU":
            self._session = self._load(path.read_bytes())
        else:
            self._session, self._placed = self._counted()
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        self.input = _tensor(inputs[0])
        # By its name: converters put outputs in whatever order they like.
        found = sorted((_tensor(o) for o in outputs), key=lambda tensor: tensor.name != PROBS)
        self.outputs, self.output = tuple(found), found[0]
        self._in, self._out = self.input.name, [tensor.name for tensor in found]

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `edgeface.runtime.backend.Backend.infer`."""
        answer: NDArray[np.float32] = self._session.run(self._out, {self._in: pixels[None]})[0]
        first: NDArray[np.float32] = answer[0]
        return first

    def infer_all(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """See `edgeface.runtime.backend.Backend.infer_all`."""
        answers = self._session.run(self._out, {self._in: pixels[None]})
        return {name: answer[0] for name, answer in zip(self._out, answers, strict=True)}

    def bind(self, pixels: NDArray[Any]) -> Callable[[], object]:
        """See `edgeface.runtime.backend.Backend.bind`; on a GPU the input lies in its memory."""
        place = "cpu" if self.device == "cpu" else "cuda"
        given = np.ascontiguousarray(pixels)[None].copy()
        binding, session = self._session.io_binding(), self._session
        value = self._onnxruntime.OrtValue.ortvalue_from_numpy(given, place, 0)
        binding.bind_ortvalue_input(self._in, value)
        for name in self._out:
            binding.bind_output(name, place)
        # It reads the caller's array where that may be shared, so both are kept.
        return _Bound(session, binding, (given, value))

    def placement(self) -> Placement:
        """See `edgeface.runtime.backend.Backend.placement`: the file is loaded once more."""
        if self._placed is None:
            self._placed = self._counted()[1]
        return self._placed

    def _load(self, content: bytes, profile: str | None = None) -> Any:
        options = self._onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: they come back as exceptions
        if profile is not None:
            options.enable_profiling = True
            options.profile_file_prefix = profile
        try:
            session = self._onnxruntime.InferenceSession(
                content,
                options,
                providers=[_full(one) for one in _IN_TURN[self._provider]],
                # Else it says on stdout that it goes on with another provider, and does.
                enable_fallback=0,
            )
        except Exception as error:  # its exceptions derive from Exception directly
            raise refusal(self._path, "onnxruntime", error) from error
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if len(inputs) != 1 or not outputs:
            several = f"{len(inputs)} inputs and {len(outputs)} outputs"
            msg = f"{self._path}: {several}; one input is supported"
            raise BackendError(msg)
        return session

    def _counted(self) -> tuple[Any, Placement]:
        """A session that answered once while it was watched, and what computed that answer.

        Raises:
            BackendError: What was asked for took nothing.
        """
        wanted = _full(self._provider)
        with tempfile.TemporaryDirectory() as folder:
            session = self._load(self._path.read_bytes(), str(Path(folder) / "profile"))
            if wanted not in session.get_providers():
                msg = f"{self.name} has {wanted}, which finds nothing to compute on here"
                remedy = "look whether nvidia-smi lists a GPU, and whether CUDA and cuDNN of the "
                remedy += "versions that onnxruntime-gpu names are installed"
                raise BackendError(msg, remedy=remedy)
            tensor = _tensor(session.get_inputs()[0])
            shape = [1 if n < 0 else n for n in tensor.shape]
            session.run(None, {tensor.name: np.zeros(shape, tensor.dtype)})
            found = nodes_of(Path(session.end_profiling()).read_bytes())
        nodes, taken = sum(found.values()), found.pop(wanted, 0)
        if not taken:
            msg = f"{self._path}: {wanted} takes none of its {nodes} nodes, all run elsewhere"
            raise BackendError(msg, remedy="leave --device out: it runs on the CPU")
        return session, Placement(wanted, taken, nodes, found or None)


class _Bound:
    """A session with its inputs and outputs in place."""

    __slots__ = ("_binding", "_kept", "_run")

    def __init__(self, session: Any, binding: Any, kept: tuple[Any, ...]) -> None:
        self._run, self._binding, self._kept = session.run_with_iobinding, binding, kept

    def __call__(self) -> None:
        self._run(self._binding)


def _module() -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        msg = "ONNX Runtime is not installed, and .onnx files run on nothing else unless asked"
        raise BackendMissing(msg, remedy="pip install 'edgeface[onnx]'") from error
    except ImportError as error:
        msg = f"ONNX Runtime is installed and does not load ({error})"
        raise BackendError(msg, remedy="pip install --force-reinstall onnxruntime") from error
    return onnxruntime


def _full(provider: Provider) -> str:
    return f"{provider}ExecutionProvider"


def _tensor(node: object) -> Tensor:
    kind, shape = str(getattr(node, "type", "")), getattr(node, "shape", ())
    dims = tuple(n if isinstance(n, int) else -1 for n in shape)
    return Tensor(str(getattr(node, "name", "")), _DTYPES.get(kind, kind), dims)
