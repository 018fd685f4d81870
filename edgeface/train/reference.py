"""A run's own network behind the seam of the runtimes: what its files are measured against.

::

    keras-call      model(x): the layers one by one, without a graph
    keras-predict   model.predict(x): what most programs write, with all that it sets up a call
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeface.bundle import Tensor
from edgeface.errors import BackendError, UsageError
from edgeface.runtime import Placement, check_device
from edgeface.runtime.devices import Device, computing
from edgeface.train.pointrun import PointRun, is_regression
from edgeface.train.referenceways import WAYS
from edgeface.train.run import Run


def open_run(
    folder: Path, way: str = "keras-predict", *, threads: int = 1, device: Device = "cpu"
) -> "KerasNetwork":
    """Load a run's network; see `edgeface.runtime.open_backend` for a file's.

    Args:
        folder: A run, of pictures or of points.
        way: One of `WAYS`.
        threads: Of TensorFlow, in all of this process: it takes them once, before it computes.
        device: What is to compute.

    Raises:
        BundleError: It is no run, or a damaged one.
        UsageError: The way, the device or the threads are none that can be had.
        BackendError: This machine has no such device, or TensorFlow has other threads already.
    """
    if way not in WAYS:
        msg = f"{way!r} is no way to run a network of Keras; known: {', '.join(WAYS)}"
        raise UsageError(msg)
    if not 1 <= threads <= 256:
        msg = f"{threads} threads: 1 to 256 are possible"
        raise UsageError(msg)
    check_device(device)
    _take_threads(threads)
    place = _place(computing(device))
    run = PointRun.load(folder) if is_regression(folder) else Run.load(folder)
    with tf.device(place):
        model = run.model()
    kind = "value" if isinstance(run, PointRun) else "probs"
    return KerasNetwork(model, way, place, threads, kind)


class KerasNetwork:
    """A network of Keras as a backend: see `edgeface.runtime.backend.Backend`.

    Args:
        model: Raw pixels, or numbers, to answers.
        way: One of `WAYS`.
        place: TensorFlow's name of what computes.
        threads: As TensorFlow was given them.
        answers: What its output is called.
    """

    precision = ""

    def __init__(self, model: Any, way: str, place: str, threads: int, answers: str) -> None:
        self.name = f"{way} {keras.__version__}"
        self.threads, self.device = threads, "gpu" if "GPU" in place else "cpu"
        self._model, self._place, self._way = model, place, way
        shape = tuple(int(n) for n in model.input_shape[1:])
        pictures = len(shape) == 3
        self.input = Tensor(
            "pixels" if pictures else "x", "uint8" if pictures else "float32", (1, *shape)
        )
        self.output = Tensor(answers, "float32", (1, int(model.output_shape[-1])))
        self.outputs = (self.output,)
        self._check_place()

    def infer(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """See `edgeface.runtime.backend.Backend.infer`."""
        with tf.device(self._place):
            if self._way == "keras-predict":
                found = self._model.predict(pixels[None], verbose=0)
            else:
                found = self._model(pixels[None], training=False).numpy()
        answer: NDArray[np.float32] = np.array(found[0], np.float32)
        return answer

    def infer_all(self, pixels: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        """See `edgeface.runtime.backend.Backend.infer_all`."""
        return {self.output.name: self.infer(pixels)}

    def bind(self, pixels: NDArray[Any]) -> Callable[[], object]:
        """See `edgeface.runtime.backend.Backend.bind`; it waits for a GPU as `infer` does."""
        with tf.device(self._place):
            given = tf.constant(pixels[None])
        return lambda: self._compute(given)

    def placement(self) -> Placement:
        """TensorFlow's device; it shares no nodes out that could be counted."""
        return Placement(f"TensorFlow {self._place}")

    def _compute(self, given: Any) -> Any:
        with tf.device(self._place):
            if self._way == "keras-predict":
                return self._model.predict(given, verbose=0)
            return self._model(given, training=False).numpy()

    def _check_place(self) -> None:
        """Let it answer once, and look where the answer came from."""
        given = np.zeros(self.input.shape, self.input.dtype)
        with toolchain.quiet(), tf.device(self._place):
            where = str(self._model(given, training=False).device)
        if self._place.removeprefix("/") not in where:
            msg = f"the network was to run on {self._place} and ran on {where}"
            raise BackendError(msg, remedy="leave the device out")


def _take_threads(threads: int) -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    except RuntimeError as error:  # it has computed already in this process
        taken = tf.config.threading.get_intra_op_parallelism_threads()
        if taken != threads:
            held = taken or "as many threads as there are cores"
            msg = f"TensorFlow computes with {held} in this process already, not with {threads}"
            remedy = "measure every number of threads in a process of its own"
            raise BackendError(msg, remedy=remedy) from error


def _place(computes: Literal["cpu", "gpu"]) -> str:
    if computes == "cpu":
        return "/device:CPU:0"
    if not tf.config.list_physical_devices("GPU"):
        msg = "TensorFlow sees no GPU here"
        remedy = "leave --device out, or pip install 'edgeface[gpu]' beside an NVIDIA GPU"
        raise BackendError(msg, remedy=remedy)
    return "/device:GPU:0"
