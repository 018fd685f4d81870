"""TFLite and ONNX files on OpenVINO, which has to be asked for by its name."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.bundle import Tensor
from edgeface.errors import BackendError, BackendMissing
from edgeface.runtime import onnxfile, tflitefile
from edgeface.runtime.graph import PROBS, Graph, shape_text
from edgeface.runtime.placement import Placement

_CAPABILITIES = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}
_CONSTANTS = ("Const", "Constant")
_ENDS = ("Input", "Parameter", "Output", "Result")
_INT8 = ("i8", "u8", "int8_t", "uint8_t")
_INT16 = ("int16", "uint16")


class OpenVino:
    """A model file on OpenVINO's CPU or GPU.

    Args:
        path: The file.
        threads: For the computation on the CPU.
        device: ``cpu`` or ``gpu``.
        precision: Of what is computed in float: ``f32``, ``bf16``, ``f16``. OpenVINO's own default
            is the fastest that the processor has, at the price of digits. What a file quantised
            is computed in int8 whatever this says.
    """

    def __init__(self, path: Path, threads: int, device: str, precision: str) -> None:
        runtime = _module()
        self.name = f"openvino {runtime.__version__.split('-')[0]}"
        self.threads, self.device, self.precision = threads, device, precision
        content = path.read_bytes()
        reader = tflitefile if path.suffix == ".tflite" else onnxfile
        graph = reader.read_graph(content, str(path))
        _check_numbers(graph, path, self.name)
        core, place = runtime.Core(), device.upper()
        self._place = place
        _check_place(core, place, self.name)
        _check_precision(core, place, precision)
        model = _read(core, path, content)
        _fix_batch(model, path)
        self._compiled = core.compile_model(model, place, _settings(place, threads, precision))
        self._request = self._compiled.create_infer_request()
        self.input, outputs = _ports(graph, self._compiled, path)
        order = sorted(range(len(outputs)), key=lambda number: outputs[number].name != PROBS)
        self.outputs = tuple(outputs[number] for number in order)
        self.output = self.outputs[0]
        # Handing arrays to a call of OpenVINO's own costs as much as a small network, so they
        # are copied into and out of the tensors that it computes on.
        self._given = self._request.get_input_tensor().data
        self._request.infer()
        self._found = [self._request.get_output_tensor(number).data for number in order]

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `edgeface.runtime.backend.Backend.infer`."""
        self._place_input(pixels)
        self._request.infer()
        answer: NDArray[np.float32] = self._found[0][0].copy()
        return answer

    def infer_all(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """See `edgeface.runtime.backend.Backend.infer_all`."""
        self._place_input(pixels)
        self._request.infer()
        return {t.name: found[0].copy() for t, found in zip(self.outputs, self._found, strict=True)}

    def bind(self, pixels: NDArray[Any]) -> Callable[[], object]:
        """See `edgeface.runtime.backend.Backend.bind`."""
        self._place_input(pixels)
        infer: Callable[[], object] = self._request.infer
        return infer

    def placement(self) -> Placement:
        """See `edgeface.runtime.backend.Backend.placement`."""
        model = self._compiled.get_runtime_model()
        return _placement(f"OpenVINO {self._place}", _layers(model.get_ordered_ops()))

    def _place_input(self, pixels: NDArray[Any]) -> None:
        given = self._given
        if pixels.shape != given.shape[1:] or pixels.dtype != given.dtype:
            # Copying would stretch it over the input, or convert it.
            got, wanted = f"{pixels.dtype} {pixels.shape}", f"{given.dtype} {given.shape[1:]}"
            msg = f"the input is {got}; {self.name} was given a file that takes {wanted}"
            raise ValueError(msg)
        given[0] = pixels


def _module() -> Any:
    try:
        import openvino
    except ModuleNotFoundError as error:
        msg = "OpenVINO is not installed"
        raise BackendMissing(msg, remedy="pip install 'edgeface[openvino]'") from error
    except ImportError as error:
        msg = f"OpenVINO is installed and does not load ({error})"
        raise BackendError(msg, remedy="pip install --force-reinstall openvino") from error
    return openvino


def _check_numbers(graph: Graph, path: Path, name: str) -> None:
    """Refuse what OpenVINO takes and answers wrongly, without a word (decision 21)."""
    if path.suffix == ".tflite" and any(kind in graph.kinds for kind in _INT16):
        msg = f"{path}: {name} answers files that compute in int16 wrongly, so it is not asked"
        raise BackendError(msg, remedy="run int16x8 with --backend litert")


def _check_place(core: Any, place: str, name: str) -> None:
    held = [str(one) for one in core.available_devices]
    if any(one.split(".")[0] == place for one in held):
        return
    msg = f"{name} sees no {place} here; it sees {', '.join(held) or 'nothing'}"
    remedy = "leave --device out: it computes on the CPU. OpenVINO's GPUs are Intel's, and need "
    remedy += "Intel's compute runtime: apt install intel-opencl-icd"
    raise BackendError(msg, remedy=remedy)


def _check_precision(core: Any, place: str, precision: str) -> None:
    """Refuse what the processor has not: OpenVINO would compute in float32 and not say so."""
    able = [str(one) for one in core.get_property(place, "OPTIMIZATION_CAPABILITIES")]
    if _CAPABILITIES[precision] not in able:
        msg = f"this {place} does not compute in {precision}; OpenVINO lists {', '.join(able)}"
        raise BackendError(msg, remedy="take f32, the default")


def _settings(place: str, threads: int, precision: str) -> dict[str, str]:
    """One answer after the other, as soon as it is there, and in the digits that were asked for."""
    wanted = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    if place == "CPU":
        wanted |= {"NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": str(threads)}
    return wanted


def _read(core: Any, path: Path, content: bytes) -> Any:
    """The bytes whose checksum was taken, whatever happens to the file."""
    if path.suffix == ".onnx":
        return core.read_model(content)
    model = core.read_model(path)  # TFLite files are read from disk alone
    if path.read_bytes() != content:
        msg = f"{path} was changed while it was read"
        raise BackendError(msg, remedy="start again")
    return model


def _fix_batch(model: Any, path: Path) -> None:
    """One input at a time, where the file leaves that free."""
    if len(model.inputs) != 1 or not model.outputs:
        several = f"{len(model.inputs)} inputs and {len(model.outputs)} outputs"
        msg = f"{path}: {several}; one input is supported"
        raise BackendError(msg)
    dims = [-1 if d.is_dynamic else d.get_length() for d in model.inputs[0].get_partial_shape()]
    if not dims or -1 in dims[1:]:
        text = shape_text(Tensor("", "", tuple(dims)))
        msg = f"{path}: its input is {text}; only the batch may be left free"
        raise BackendError(msg, remedy="export the model with a fixed height and width")
    if dims[0] == -1:
        model.reshape([1, *dims[1:]])


def _ports(graph: Graph, compiled: Any, path: Path) -> tuple[Tensor, list[Tensor]]:
    """The ends as the file describes them, in OpenVINO's order, which is the file's."""
    ends = []
    for told, ports in ((graph.inputs, compiled.inputs), (graph.outputs, compiled.outputs)):
        if [t.dtype for t in told] != [_dtype(p) for p in ports]:
            msg = f"{path}: OpenVINO reads other inputs or outputs than its bytes describe"
            raise BackendError(msg, remedy="take another backend")
        ends.append([_tensor(t, p) for t, p in zip(told, ports, strict=True)])
    return ends[0][0], ends[1]


def _dtype(port: Any) -> str:
    return str(np.dtype(port.get_element_type().to_dtype()).name)


def _tensor(told: Tensor, port: Any) -> Tensor:
    dims = [-1 if d.is_dynamic else d.get_length() for d in port.get_partial_shape()]
    shape = told.shape if -1 in dims else tuple(dims)
    if told.dtype != "int8":
        return Tensor(told.name, told.dtype, shape)
    return Tensor(told.name, told.dtype, shape, told.scale, told.zero_point)


def _layers(ops: Sequence[Any]) -> list[str]:
    """What kind of number each layer of a compiled graph computes with, in its order.

    What is made of constants alone is computed once, when the file is loaded, and left out.
    """
    found: list[str] = []
    constant: set[str] = set()
    for op in ops:
        told = op.get_rt_info()
        kind, name = str(_value(told, "layerType")), op.get_friendly_name()
        before = [one.get_node().get_friendly_name() for one in op.input_values()]
        if kind in _CONSTANTS or (before and constant.issuperset(before)):
            constant.add(name)
        elif kind not in _ENDS:
            number = str(_value(told, "runtimePrecision"))
            found.append("int8" if number in _INT8 else number)
    return found


def _value(told: Any, key: str) -> Any:
    if key not in told:
        return ""
    found = told[key]
    return getattr(found, "value", found)


def _placement(provider: str, layers: Sequence[str]) -> Placement:
    kinds: dict[str, int] = {}
    for kind in layers:
        kinds[kind] = kinds.get(kind, 0) + 1
    ordered = dict(sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0])))
    return Placement(provider, len(layers), len(layers), kinds=ordered)
