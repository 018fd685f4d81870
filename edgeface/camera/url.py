"""Addresses of cameras, whose passwords are never shown."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from edgeface.errors import UsageError

_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart.

    Attributes:
        scheme: ``http``, ``https``, ``rtsp`` or ``rtsps``.
        host: Without brackets.
        port: As written, or the usual one.
        target: Path and query, as they go into a request.
        user: Decoded; empty where there is none.
        password: The same.
        shown: What may be printed and logged: no user, no password, no query.
    """

    scheme: str
    host: str
    port: int
    target: str
    user: str
    password: str
    shown: str

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"


def parse_address(url: str) -> Address:
    """Take an address apart.

    Raises:
        UsageError: It is none; what was written is not repeated, for it may hold a password.
    """
    remedy = "write it as http://HOST:PORT/PATH or rtsp://USER:PASSWORD@HOST/PATH"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:  # the text of it repeats what was written
        msg = "--source: the address cannot be read; is the port a number?"
        raise UsageError(msg, remedy=remedy) from error.with_traceback(None)
    if parts.scheme not in _PORTS or not parts.hostname:
        msg = "--source: the address names no host"
        raise UsageError(msg, remedy=remedy)
    if any(ord(c) <= 32 or ord(c) == 127 for c in url):
        msg = "--source: the address holds a space or a control character"
        raise UsageError(msg, remedy="write a space as %20")
    host = parts.hostname
    named = f"[{host}]" if ":" in host else host
    at = named if port is None else f"{named}:{port}"
    hidden = "?…" if parts.query else ""
    return Address(
        parts.scheme,
        host,
        port or _PORTS[parts.scheme],
        (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        f"{parts.scheme}://{at}{parts.path}{hidden}",
    )
