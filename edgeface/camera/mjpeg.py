"""Network cameras that send JPEGs over http without end (MJPEG).

Our own reader rather than FFmpeg's: it never decodes a frame that nobody looks at, passes over what
piled up while the program was held up, can be woken, and is bounded in what it holds
(docs/decisions/0025).
"""

import http.client
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable

from edgeface.camera.delay import LeastDelay
from edgeface.camera.frame import Given
from edgeface.camera.httpstream import open_stream, reason
from edgeface.camera.multipart import Part, Parts
from edgeface.camera.pace import Pace
from edgeface.camera.reader import Taken
from edgeface.camera.url import parse_address
from edgeface.errors import SourceError
from edgeface.images import Picture, decode_picture

TIMEOUT_S = 10.0
_PIECE_BYTES = 64 * 1024
# While newer frames are there already, older ones are passed over; but not for ever, should a
# server send faster than anybody can take it.
_MOST_PASSED_OVER = 64
_MOST_TURNS = 4


class MjpegReader:
    """A stream of JPEGs over http or https, from a camera or a program.

    User and password of the address go into the request as Basic or Digest asks for them, to that
    host alone, and into no message. There are no redirects to follow among cameras, so none is.

    Args:
        url: ``http://USER:PASSWORD@HOST:PORT/PATH``.
        clock: Monotonic, ns.
        timeout_s: How long connecting may take, and how long nothing may come.

    Raises:
        SourceError: Nobody answers, or not with such a stream.
    """

    fps: float | None = None
    reopened = 0

    def __init__(
        self,
        url: str,
        clock: Callable[[], int] = time.monotonic_ns,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        address = parse_address(url)
        self.name = address.shown
        self.given = Given(0, 0, None, "MJPEG", "jpeg", "read")
        self._clock, self._timeout_s = clock, timeout_s
        self._woken = threading.Event()
        self._stream = open_stream(address, timeout_s)
        self._parts = Parts(self._stream.boundary)
        self._delay, self._pace = LeastDelay(), Pace()
        self._passed_over = 0

    def read(self) -> Taken | None:
        """See `Reader.read`.

        Raises:
            SourceError: The connection broke, nothing came for long, or it is no stream of JPEGs.
        """
        asked_ns = self._clock()
        while True:
            pictures = self._arrived()
            if pictures is None:
                return None
            if pictures:
                skipped, self._passed_over = self._passed_over + len(pictures) - 1, 0
                return self._taken(pictures[-1], skipped)
            if self._clock() - asked_ns > 2e9 * self._timeout_s:  # a byte now and then
                msg = f"{self.name}: no whole picture came in {2 * self._timeout_s:g} s"
                raise SourceError(msg, remedy="check the address in a browser")

    def _arrived(self) -> list[Part] | None:
        """Wait for a piece and take what else is there; the parts that they complete."""
        found: list[Part] = []
        for turn in range(_MOST_PASSED_OVER * _MOST_TURNS):
            full = len(found) >= _MOST_PASSED_OVER
            if turn and (full or not (self._pace.behind or self._waiting())):
                break
            asked_ns = self._clock()
            try:
                piece = self._piece()
            except SourceError:
                if found:  # they go out first; the next read finds the same again
                    break
                raise
            now = self._clock()
            if piece is None:
                return None
            try:
                parts = [p for p in self._parts.feed(piece, now) if _is_picture(p)]
            except SourceError as error:
                msg = f"{self.name}: {error}"
                raise SourceError(msg, remedy="check the address in a browser") from error
            if self._pace.came(asked_ns, now, len(parts)):  # all before this lay in a queue
                self._passed_over += len(found)
                found = []
            found += parts
        return found

    def _piece(self) -> bytes | None:
        """Wait for bytes; None after `wake`."""
        try:
            piece = self._stream.response.read1(_PIECE_BYTES)
        except TimeoutError as error:
            msg = f"{self.name}: nothing came for {self._timeout_s:g} s"
            raise SourceError(msg) from error
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            if self._woken.is_set():  # an encrypted connection ends in odd ways
                return None
            msg = f"{self.name}: the connection broke ({reason(error)})"
            raise SourceError(msg) from error
        if piece:
            return piece
        if self._woken.is_set():
            return None
        msg = f"{self.name}: the camera ended the stream"
        raise SourceError(msg)

    def _waiting(self) -> bool:
        """Whether more has arrived already."""
        if isinstance(self._stream.socket, ssl.SSLSocket) and self._stream.socket.pending():
            return True
        try:
            return bool(select.select([self._stream.socket], [], [], 0)[0])
        except (OSError, ValueError):  # closed by `wake`
            return False

    def _taken(self, part: Part, skipped: int) -> Taken:
        body, name = part.body, self.name

        def develop() -> Picture:
            return decode_picture(body, f"a frame of {name}")

        stamp_ns = _stamp_ns(part)
        if stamp_ns is None:
            return Taken(develop, part.begun_ns, skipped=skipped)
        captured_ns = self._delay(stamp_ns, part.begun_ns)
        return Taken(develop, captured_ns, stamp="stream", skipped=skipped)

    def wake(self) -> None:
        """See `Reader.wake`."""
        self._woken.set()
        try:
            self._stream.socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # the other side was quicker
            pass

    def close(self) -> None:
        """See `Reader.close`."""
        self._stream.close()


def _is_picture(part: Part) -> bool:
    kind = part.headers.get("content-type", "image/jpeg")
    return bool(part.body) and not kind.startswith(("text/", "application/json"))


def _stamp_ns(part: Part) -> int | None:
    """The time of capture that some servers send (mjpg-streamer: seconds and microseconds)."""
    whole, dot, fraction = part.headers.get("x-timestamp", "").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 12):
        return None
    if dot and not (fraction.isascii() and fraction.isdigit()):
        return None
    return int(whole) * 10**9 + int(fraction[:9].ljust(9, "0") or 0)
