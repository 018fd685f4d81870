"""A FlatBuffer (flatbuffers.dev, "Internals") read without believing its offsets.

Tables have a table of field offsets before them. Every place that an offset names has to lie within
the file; a file that breaks this raises `struct.error` or `IndexError`, see `BROKEN`.
"""

import struct

BROKEN = (struct.error, IndexError, OverflowError)  # what a cut or altered file raises
MOST_ENTRIES = 100_000


class FlatBuffer:
    """Little-endian numbers at places that have to lie within the file.

    Args:
        content: The whole file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content

    def number(self, at: int, form: str = "<I") -> int:
        """The whole number at a place."""
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

    def value(self, table: int, number: int, form: str = "<I", default: int = 0) -> int:
        """A field that is a whole number."""
        at = self.field(table, number)
        return default if at is None else self.number(at, form)

    def table(self, table: int, number: int) -> int | None:
        """Place of a field that is a table."""
        at = self.field(table, number)
        return None if at is None else self.follow(at)

    def elements(self, table: int, number: int, size: int = 4) -> range:
        """Places of the elements of a field that is a vector, ``size`` bytes each."""
        field = self.field(table, number)
        if field is None:
            return range(0)
        vector = self.follow(field)
        count = self.number(vector)
        if count > MOST_ENTRIES:
            raise IndexError(count)
        return range(vector + 4, vector + 4 + size * count, size)

    def numbers(self, table: int, number: int, form: str = "<i") -> tuple[int, ...]:
        """A field that is a vector of whole numbers."""
        places = self.elements(table, number, struct.calcsize(form))
        return tuple(self.number(at, form) for at in places)

    def floats(self, table: int, number: int) -> tuple[float, ...]:
        """A field that is a vector of float32."""
        places = self.elements(table, number)
        return tuple(struct.unpack_from("<f", self._content, at)[0] for at in places)

    def tables(self, table: int, number: int) -> list[int]:
        """Places of the tables of a field that is a vector of them."""
        return [self.follow(at) for at in self.elements(table, number)]

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

    def length(self, table: int, number: int) -> int:
        """How long a field is that is a string or a vector; it is not read."""
        field = self.field(table, number)
        return 0 if field is None else self.number(self.follow(field))

    def text(self, table: int, number: int) -> str:
        """A field that is a string; what is no UTF-8 in it is marked."""
        return self.run(table, number)[:1000].decode("utf-8", "replace")
