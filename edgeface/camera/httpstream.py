"""Asking a camera for a stream over http: connecting, passwords, refusals."""

import http.client
import socket
import ssl
from dataclasses import dataclass
from email.message import Message

from edgeface.camera.httpauth import authorization
from edgeface.camera.url import Address
from edgeface.errors import SourceError


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """An answer that goes on.

    Attributes:
        connection: What it comes by.
        socket: Of the connection, to look whether something waits, and to end a wait.
        response: Its body is read from here.
        boundary: Between its parts, as its header names it; empty where it names none.
    """

    connection: http.client.HTTPConnection
    socket: socket.socket
    response: http.client.HTTPResponse
    boundary: str

    def close(self) -> None:
        """Let go of it."""
        self.response.close()
        self.connection.close()


def open_stream(address: Address, timeout_s: float) -> Stream:
    """Connect and ask; a second time with a password if that is what it wants.

    Raises:
        SourceError: Nobody answers, or with an error, or with something else.
    """
    header = ""
    for attempt in (1, 2):
        connection = _connect(address, timeout_s)
        headers = {"User-Agent": "edgeface", "Accept": "multipart/x-mixed-replace, image/jpeg"}
        if header:
            headers["Authorization"] = header
        try:
            connection.connect()
            # Now, for the connection lets go of it once the answer has begun.
            sock: socket.socket = connection.sock
            connection.request("GET", address.target, headers=headers)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            msg = f"{address.shown} does not answer ({reason(error)})"
            raise SourceError(msg, remedy=_reach(address)) from error
        if response.status == 200:
            try:
                return Stream(connection, sock, response, _boundary(response.msg, address.shown))
            except SourceError:
                response.close()
                connection.close()
                raise
        challenges = response.msg.get_all("WWW-Authenticate") or []
        response.close()
        connection.close()
        if response.status == 401 and address.user and attempt == 1:
            header = authorization(challenges, "GET", address.target, address)
            if header:
                continue
        raise _refused(address, response.status, response.reason)
    raise AssertionError


def _connect(address: Address, timeout_s: float) -> http.client.HTTPConnection:
    if address.scheme == "https":
        safe = ssl.create_default_context()
        return http.client.HTTPSConnection(
            address.host, address.port, timeout=timeout_s, context=safe
        )
    return http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)


def reason(error: Exception) -> str:
    """Why, in a few words; never with the address, which may hold a password."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "timed out" if isinstance(error, TimeoutError) else type(error).__name__


def _reach(address: Address) -> str:
    return f"check that the camera is on and {address.host} port {address.port} the right place"


def _refused(address: Address, status: int, reason: str) -> SourceError:
    msg = f"{address.shown} answers {status} {reason[:60]}"
    remedies = {
        401: "write http://USER:PASSWORD@HOST/… with the right ones",
        403: "the camera allows it to nobody, or not to this user",
        404: "look the path of its MJPEG stream up in the camera's manual",
    }
    if 300 <= status < 400:
        return SourceError(msg, remedy="it points elsewhere: name that address")
    return SourceError(msg, remedy=remedies.get(status, "try the address in a browser"))


def _boundary(message: Message, name: str) -> str:
    """The boundary that a response names; empty where it names none.

    Raises:
        SourceError: It is something else than a stream of pictures.
    """
    kind = message.get_content_type()
    if kind == "multipart/x-mixed-replace" or kind == "multipart/mixed":
        found = message.get_param("boundary", "")
        return found if isinstance(found, str) else ""
    msg = f"{name} sends {kind}, not a stream of JPEGs (multipart/x-mixed-replace)"
    if kind.startswith("image/"):
        remedy = "that is the address of a single picture: look that of the stream up"
    elif kind.startswith("video/"):
        remedy = "download the clip and name the file, or use the camera's rtsp:// address"
    else:
        remedy = "look the path of its MJPEG stream up in the camera's manual"
    raise SourceError(msg, remedy=remedy)
