"""What every tensor of an ONNX file answered to the calibration pictures: ends and histograms.

In two passes, a picture at a time: the second lays its bins over the ends that the first found, so
that memory is that of one picture however many there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

BINS = 2048
# Operators before which tensors are pixels still, scaled or not: their range is not a matter of
# the pictures that were drawn.
_WEIGHTED = ("Conv", "Gemm", "MatMul", "ConvTranspose")


@dataclass(frozen=True, slots=True)
class Seen:
    """The values of one tensor.

    Attributes:
        low: The least.
        high: The largest.
        counts: (`BINS`,) how many lie in each of as many equal steps from ``low`` to ``high``;
            nothing of pixels.
        pixels: Whether it comes before anything that was learned.
    """

    low: float
    high: float
    counts: NDArray[np.intp]
    pixels: bool


def look(float32: bytes, name: str, pictures: NDArray[Any]) -> Mapping[str, Seen]:
    """What every float tensor answered.

    A black and a white picture, or any of a single level, count for pixels alone: behind the first
    weights they are answers that no photograph calls forth, and a range that they widened would
    cost the others steps.

    Args:
        float32: A file whose batch norms are folded already.
        name: Of its input.
        pictures: (n, …) what the input may be, pictures of uint8 say.
    """
    model = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(float32))
    before = _before_weights(model.graph)
    tensors = _float_tensors(model.graph)
    there = {output.name for output in model.graph.output}
    model.graph.output.extend(info for key, info in tensors.items() if key not in there)
    options = onnxruntime.SessionOptions()
    # As it is written: an optimiser would fuse the very tensors that are asked for.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    with toolchain.quiet():
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def answers(picture: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return dict(zip(tensors, session.run(list(tensors), {name: picture[None]}), strict=True))

    photographs = [one for one in pictures if np.ptp(one) > 0] or list(pictures)
    ends = dict.fromkeys(tensors, (np.inf, -np.inf))
    for picture in pictures:
        counts = np.ptp(picture) > 0 or len(photographs) == len(pictures)
        for key, value in answers(picture).items():
            if counts or key in before:
                low, high = ends[key]
                ends[key] = min(low, float(value.min())), max(high, float(value.max()))
    bins = {key: np.zeros(BINS, np.intp) for key in tensors}
    for picture in photographs:
        for key, value in answers(picture).items():
            if key not in before:
                bins[key] += _counted(value, *ends[key])
    return {key: Seen(*ends[key], bins[key], key in before) for key in tensors}


def _counted(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.intp]:
    """A histogram of `BINS` equal steps; several times as fast as numpy's, which allows for any."""
    a_bin = np.float32(BINS / max(high - low, 1e-12))
    which = ((values.ravel() - np.float32(low)) * a_bin).astype(np.int32)
    return np.bincount(np.clip(which, 0, BINS - 1), minlength=BINS)


def _float_tensors(graph: onnx.GraphProto) -> dict[str, Any]:
    weights = {weight.name for weight in graph.initializer}
    infos = {info.name: info for info in (*graph.value_info, *graph.output, *graph.input)}
    ends = dict.fromkeys(key for node in graph.node for key in (*node.input, *node.output))
    return {
        key: infos[key]
        for key in ends
        if key in infos
        and key not in weights
        and infos[key].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    }


def _before_weights(graph: onnx.GraphProto) -> frozenset[str]:
    """Tensors that nothing learned has touched; nodes stand in the order of their computation."""
    pixels = {graph.input[0].name}
    for node in graph.node:
        if node.op_type not in _WEIGHTED and any(key in pixels for key in node.input):
            pixels.update(node.output)
    return frozenset(pixels)
