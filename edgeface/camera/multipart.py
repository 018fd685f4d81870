"""The body of ``multipart/x-mixed-replace``: one picture after the other, without end."""

from dataclasses import dataclass, field

from edgeface.errors import SourceError

MAX_HEAD_BYTES = 8 * 1024
MAX_PART_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    Attributes:
        headers: Names in small letters.
        body: Without the line end that belongs to the boundary (RFC 2046, 5.1.1).
        begun_ns: When its head was complete. Many servers send the delimiter of the next part right
            behind the one before, so that one tells nothing.
    """

    headers: dict[str, str]
    body: bytes
    begun_ns: int


@dataclass(slots=True)
class _Open:
    """A part whose head was read."""

    headers: dict[str, str]
    length: int | None
    begun_ns: int


@dataclass(slots=True)
class Parts:
    """Cuts a stream into its parts; it never holds more than one of them and a piece.

    A stated Content-Length is followed if a boundary stands behind it; some cameras state a wrong
    one, or none, and then the next boundary ends the part. Some write the two dashes of the
    delimiter into the header's boundary too, some leave the header's out.

    Attributes:
        boundary: As the header of the response names it; empty where it names none.
        limit: Bytes that a part may have.
    """

    boundary: str
    limit: int = MAX_PART_BYTES
    _mark: bytes = b""
    _held: bytearray = field(default_factory=bytearray)
    _open: _Open | None = None
    _looked: int = 0

    def __post_init__(self) -> None:
        bare = self.boundary.strip().strip('"').removeprefix("--")
        self._mark = b"--" + bare.encode("latin-1", "replace") if bare else b""

    def feed(self, data: bytes, now_ns: int) -> list[Part]:
        """Take a piece of the stream; the parts that it completes.

        Raises:
            SourceError: A head or a part is over its limit: this is no stream of pictures.
        """
        self._held += data
        done = []
        while (part := self._next(now_ns)) is not None:
            done.append(part)
        return done

    def _next(self, now_ns: int) -> Part | None:
        if self._open is None and not self._read_head(now_ns):
            return None
        assert self._open is not None
        end = self._end_of_body(self._open)
        if end is None:
            if len(self._held) > self.limit:
                msg = f"a part of the stream is larger than {self.limit // 2**20} MiB"
                raise SourceError(msg)
            return None
        part = Part(self._open.headers, bytes(self._held[:end]), self._open.begun_ns)
        del self._held[:end]
        self._open, self._looked = None, 0
        return part

    def _read_head(self, now_ns: int) -> bool:
        """Pass over the delimiter and read the headers of a part; whether they are all there."""
        start = self._find_delimiter()
        if start is None:
            return False
        ends = [
            (at, at + len(blank))
            for blank in (b"\r\n\r\n", b"\n\n")
            if (at := self._held.find(blank, start)) >= 0
        ]
        if not ends:
            if len(self._held) - start > MAX_HEAD_BYTES:
                msg = f"the head of a part is longer than {MAX_HEAD_BYTES // 1024} KiB"
                raise SourceError(msg)
            return False
        at, body = min(ends)
        headers = {}
        for line in bytes(self._held[start:at]).decode("latin-1").splitlines():
            name, colon, value = line.partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
        stated = headers.get("content-length", "")
        length = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 else None
        self._open = _Open(headers, length or None, now_ns)
        del self._held[:body]
        self._looked = 0
        return True

    def _find_delimiter(self) -> int | None:
        """Where the line of the next delimiter begins; what stands before it is passed over."""
        if not self._mark:  # none was named: the first line that begins with two dashes is it
            at = self._held.find(b"--")
            line = self._held.find(b"\n", at)
            if at >= 0 and line >= 0:
                self._mark = bytes(self._held[at:line]).rstrip()
        at = self._held.find(self._mark) if self._mark else -1
        if at < 0:
            if len(self._held) > self.limit:
                msg = "the stream has no boundary between its parts"
                raise SourceError(msg)
            return None
        return at

    def _end_of_body(self, part: _Open) -> int | None:
        if part.length is not None and part.length <= self.limit:
            behind = part.length + 4 + len(self._mark)
            if len(self._held) < part.length:
                return None
            following = bytes(self._held[part.length : behind]).lstrip(b"\r\n")
            # As far as it is there: the delimiter may come with the next part only.
            if self._mark.startswith(following) or following.startswith(self._mark):
                return part.length
            part.length = None
        at = self._held.find(self._mark, max(0, self._looked - len(self._mark)))
        self._looked = len(self._held)
        if at < 0:
            return None
        for line_end in (b"\r\n", b"\n"):
            if self._held.endswith(line_end, 0, at):
                return at - len(line_end)
        return at
