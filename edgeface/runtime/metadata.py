"""The entries of metadata that a TFLite file carries, read without a runtime.

Of ``schema.fbs`` only this is needed: of Model the fields 4 (buffers) and 6 (metadata), of Metadata
0 (name) and 1 (buffer), of Buffer 0 (data).
"""

from edgeface.errors import BackendError
from edgeface.runtime.flatbuffer import BROKEN, FlatBuffer

IDENTIFIER = b"TFL3"
_BUFFERS, _METADATA = 4, 6


def entry(content: bytes, name: str, where: str) -> bytes | None:
    """The bytes of a metadata entry; None where the file has none of that name.

    Args:
        content: The whole file.
        name: Of the entry.
        where: The file, for the error.

    Raises:
        BackendError: It is no TFLite file, or a broken one.
    """
    check_kind(content, where)
    try:
        return _find(FlatBuffer(content), name.encode())
    except BROKEN as error:
        raise broken(where) from error


def check_kind(content: bytes, where: str) -> None:
    """Refuse what does not begin as a TFLite file does."""
    if content[4:8] != IDENTIFIER:
        msg = f"{where}: no TFLite file"
        raise BackendError(msg, remedy="name a file that ends in .tflite, as edgeface writes it")


def broken(where: str) -> BackendError:
    """The error of a file whose offsets lead out of it."""
    msg = f"{where}: a TFLite file that is cut or broken"
    return BackendError(msg, remedy="copy it again from where it was made")


def _find(file: FlatBuffer, name: bytes) -> bytes | None:
    model = file.follow(0)
    buffers = file.elements(model, _BUFFERS)
    for found in file.tables(model, _METADATA):
        if file.run(found, 0) == name:
            return file.run(file.follow(buffers[file.value(found, 1)]), 0)
    return None
