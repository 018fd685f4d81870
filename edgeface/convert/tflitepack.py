"""A TFLite file written from its parts, none of them twice."""

from typing import Any

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import flatbuffers  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

# `Buffer.data` in the schema of TFLite: force_align.
_ALIGNMENT = 16


def packed(model: Any, size: int) -> bytes:
    """The file.

    The converter writes the zero points of every channel of every layer, all of them zero and eight
    bytes each: a tenth of a MobileNet in int8. A FlatBuffer may refer to one place any number of
    times, and readers cannot tell.

    Args:
        model: The ``ModelT`` of TFLite's schema.
        size: About how many bytes it takes.
    """
    builder = _Shared(size + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


class _Shared(flatbuffers.Builder):  # type: ignore[misc]
    """Writes a vector that it has written already by referring to that one."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._written: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: NDArray[Any]) -> int:  # noqa: N802 - FlatBuffers' name
        """Where it stands.

        Args:
            x: (n,) of any dtype.
        """
        key = (x.dtype.str, x.tobytes())
        if key not in self._written:
            write = self._data if x.dtype == np.uint8 else super().CreateNumpyVector
            self._written[key] = int(write(x))
        return self._written[key]

    def _data(self, x: NDArray[np.uint8]) -> int:
        self.StartVector(1, x.size, _ALIGNMENT)
        self.head -= x.size
        self.Bytes[self.head : self.head + x.size] = x.tobytes()
        return int(self.EndVector())
