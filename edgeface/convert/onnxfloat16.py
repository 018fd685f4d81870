"""A float32 ONNX file with its weights in half precision; it computes in float32 as before.

ONNX Runtime has no half-precision kernels on most CPUs: a graph of float16 is computed in float32
there all the same, between casts. So only what is stored is halved, each weight with a cast behind
it that is carried out once, when the file is loaded. TFLite's float16 is the same thing.
"""

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import numpy as np
import onnx
from onnx import numpy_helper

from edgeface.errors import ConversionError

LEAST = 256  # numbers of a weight that is worth a cast: a bias is not


def halved(float32: bytes) -> bytes:
    """The file with its larger weights in float16.

    Args:
        float32: The file, its batch norms folded (see `edgeface.convert.onnx.folded`): the
            variances that they hold may be smaller than half precision can tell from 0.

    Raises:
        ConversionError: A weight is larger than half precision holds.
    """
    model = onnx.load_model_from_string(float32)
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < LEAST:
            continue
        name, value = tensor.name, numpy_helper.to_array(tensor)
        largest = float(np.abs(value).max())
        if largest > float(np.finfo(np.float16).max):
            msg = f"a weight of {largest:.3g} in {name}: float16 holds up to 65504"
            raise ConversionError(msg, remedy="export float32, or train with a weight decay")
        half = f"{name}:float16"
        tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float16), half))
        cast = onnx.helper.make_node("Cast", [half], [name], to=onnx.TensorProto.FLOAT)
        casts.append(cast)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())
