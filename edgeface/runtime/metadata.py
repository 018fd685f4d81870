"""What a TFLite file says of itself, read without a runtime and without believing its offsets.

A TFLite file is a FlatBuffer (flatbuffers.dev, "Internals"): tables with a table of field offsets
before them. Of ``schema.fbs`` only this is needed: of Model the fields 4 (buffers) and 6
(metadata), of Metadata 0 (name) and 1 (buffer), of Buffer 0 (data).
"""

import struct

from edgeface.errors import BackendError

IDENTIFIER = b"TFL3"
MOST_ENTRIES = 100_000
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
    if content[4:8] != IDENTIFIER:
        msg = f"{where}: no TFLite file"
        raise BackendError(msg, remedy="name a file that ends in .tflite, as edgeface writes it")
    try:
        return _find(_Bytes(content), name.encode())
    except (struct.error, IndexError) as error:
        msg = f"{where}: a TFLite file that is cut or broken"
        raise BackendError(msg, remedy="copy it again from where it was made") from error


class _Bytes:
    """Little-endian numbers at places that have to lie within the file."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def number(self, at: int, form: str = "<I") -> int:
        if at < 0:
            raise IndexError(at)
        return int(struct.unpack_from(form, self._content, at)[0])

    def follow(self, at: int) -> int:
        """Where the offset at a place leads."""
        return at + self.number(at)

    def field(self, table: int, number: int) -> int | None:
        """Place of a table's field; None where it has its default."""
        fields = table - self.number(table, "<i")
        slot = 4 + 2 * number
        if slot + 2 > self.number(fields, "<H"):
            return None
        offset = self.number(fields + slot, "<H")
        return table + offset if offset else None

    def elements(self, table: int, number: int) -> range:
        """Places of the four-byte elements of a field that is a vector."""
        field = self.field(table, number)
        if field is None:
            return range(0)
        vector = self.follow(field)
        count = self.number(vector)
        if count > MOST_ENTRIES:
            raise IndexError(count)
        return range(vector + 4, vector + 4 + 4 * count, 4)

    def run(self, table: int, number: int) -> bytes:
        """The bytes of a field that is a string or a vector of bytes."""
        field = self.field(table, number)
        if field is None:
            return b""
        vector = self.follow(field)
        length = self.number(vector)
        found = self._content[vector + 4 : vector + 4 + length]
        if len(found) < length:
            raise IndexError(length)
        return found


def _find(file: _Bytes, name: bytes) -> bytes | None:
    model = file.follow(0)
    buffers = file.elements(model, _BUFFERS)
    for place in file.elements(model, _METADATA):
        found = file.follow(place)
        if file.run(found, 0) == name:
            index = file.field(found, 1)
            return file.run(file.follow(buffers[file.number(index) if index else 0]), 0)
    return None
