"""TFLite files with a free height and width: one answer for every place of a picture."""

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.errors import BackendError
from edgeface.images import Pixels
from edgeface.runtime.litert import interpreter_class, without_notices

# A picture is searched at about a dozen sizes; a camera's pictures are all of one shape. Giving an
# interpreter another shape takes twice as long as its answer, so each shape keeps one of its own.
MOST_SHAPES = 16


class Scan:
    """A file that answers a picture of any size with a map of scores, on LiteRT.

    Not safe for use by two threads at once.

    Args:
        content: The file: one input, uint8 (1, height, width, channels), height and width free; one
            output, float32 (1, h, w, 1).
        where: What errors call it.
        channels: That its input has to have.
        threads: Of the computation.

    Raises:
        BackendMissing: No TFLite runtime is installed.
        BackendError: The file is another one, or none.
    """

    def __init__(self, content: bytes, where: str, channels: int, threads: int = 1) -> None:
        self.name, self._class = interpreter_class()
        self._content, self._where, self._threads = content, where, threads
        self._ready: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        try:
            first = self._made(None)
        except (ValueError, RuntimeError, TypeError) as error:
            raise self._refused(error) from error
        inputs, outputs = first.get_input_details(), first.get_output_details()
        free = [int(n) for n in inputs[0].get("shape_signature", inputs[0]["shape"])]
        kinds = [np.dtype(d["dtype"]).name for d in (*inputs, *outputs)]
        if kinds != ["uint8", "float32"] or free != [1, -1, -1, channels]:
            msg = (
                f"{where}: takes {kinds[0]} {tuple(free)}; a scan takes uint8 (1, any, any, "
                f"{channels}) and gives one map"
            )
            raise BackendError(msg)
        self._in, self._out = inputs[0]["index"], outputs[0]["index"]

    def __call__(self, pixels: Pixels) -> NDArray[np.float32]:
        """The scores of one picture: (height, width, channels) uint8 → (h, w) float32.

        Raises:
            BackendError: The runtime does not take a picture of this size.
        """
        shape = (1, *pixels.shape)
        try:
            if shape not in self._ready:
                self._ready[shape] = self._made(shape)
            self._ready.move_to_end(shape)
            interpreter = self._ready[shape]
            interpreter.set_tensor(self._in, pixels[None])
            interpreter.invoke()
            answer: NDArray[np.float32] = interpreter.get_tensor(self._out)
        except (ValueError, RuntimeError) as error:
            raise self._refused(error) from error
        if len(self._ready) > MOST_SHAPES:
            self._ready.popitem(last=False)
        return answer[0, :, :, 0]

    def _made(self, shape: tuple[int, ...] | None) -> Any:
        """An interpreter for one shape; None leaves it as it stands in the file."""
        with without_notices():
            made = self._class(model_content=self._content, num_threads=self._threads)
            if shape is not None:
                made.resize_tensor_input(made.get_input_details()[0]["index"], shape, strict=True)
                made.allocate_tensors()
        return made

    def _refused(self, error: Exception) -> BackendError:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        msg = f"{self._where}: {self.name} does not take this file ({reason})"
        return BackendError(msg, remedy="copy it again from where it was made")
