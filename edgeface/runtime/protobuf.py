"""A protocol buffer (protobuf.dev, "Encoding") read without believing its lengths.

A message is a run of fields: a key (the number of the field and its kind), then a whole number,
four or eight bytes, or a length and as many bytes. A file that breaks this raises `Broken`.
"""

from collections.abc import Iterator

MOST_FIELDS = 2_000_000  # of a file; it holds a reader's time down whatever the file says
_VARINT, _EIGHT, _RUN, _FOUR = 0, 1, 2, 5


class Broken(Exception):  # noqa: N818 - reads as the condition it names
    """The bytes are no protocol buffer, or one that is cut."""


class Messages:
    """Goes through messages that lie in each other; a file has one of these.

    Args:
        content: The whole file.
    """

    def __init__(self, content: bytes) -> None:
        self.whole = memoryview(content)
        self._left = MOST_FIELDS

    def fields(self, message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
        """(number, value) of every field: a whole number, or a view of its bytes.

        Raises:
            Broken: A length leads out of the message, or there are too many fields.
        """
        at, end = 0, len(message)
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise Broken
            key, at = _varint(message, at)
            number, kind = key >> 3, key & 7
            if number == 0:
                raise Broken
            if kind == _VARINT:
                value, at = _varint(message, at)
                yield number, value
                continue
            if kind == _RUN:
                length, at = _varint(message, at)
            elif kind in (_FOUR, _EIGHT):
                length = 4 if kind == _FOUR else 8
            else:
                raise Broken
            if length > end - at:
                raise Broken
            yield number, message[at : at + length]
            at += length

    def whole_numbers(self, value: int | memoryview) -> list[int]:
        """What a repeated whole number holds: one, or a packed run of them; signed, 64 bits."""
        if isinstance(value, int):
            return [_signed(value)]
        found, at = [], 0
        while at < len(value):
            self._left -= 1
            if self._left < 0:
                raise Broken
            number, at = _varint(value, at)
            found.append(_signed(number))
        return found


def text(value: int | memoryview, most: int = 1000) -> str:
    """A field that is text; what is no UTF-8 in it is marked, more than ``most`` bytes are cut."""
    return bytes(run(value)[:most]).decode("utf-8", "replace")


def run(value: int | memoryview) -> memoryview:
    """A field that is bytes or a message."""
    if isinstance(value, int):
        raise Broken
    return value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A whole number in groups of seven bits, the lowest first, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise Broken
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & (2**64 - 1), at
    raise Broken


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
