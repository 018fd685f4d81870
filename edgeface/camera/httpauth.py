"""What a camera wants to see of a user: Basic (RFC 7617) and Digest (RFC 7616)."""

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence
from urllib.request import parse_http_list, parse_keqv_list

from edgeface.camera.url import Address

_HASHES: dict[str, Callable[[bytes], "hashlib._Hash"]] = {
    "SHA-256": hashlib.sha256,
    "MD5": hashlib.md5,
}


def authorization(
    challenges: Sequence[str],
    method: str,
    target: str,
    address: Address,
    cnonce: str | None = None,
) -> str:
    """The header that answers a refusal; empty if none of what it names can be answered.

    Digest goes before Basic, which sends the password itself, and SHA-256 before MD5.

    Args:
        challenges: The WWW-Authenticate headers.
        method: Of the request.
        target: Its path and query.
        address: Holds user and password.
        cnonce: Our own random text; for tests.
    """
    digests = []
    for challenge in challenges:
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "digest":
            digests.append(parse_keqv_list([p for p in parse_http_list(rest) if "=" in p]))
    for algorithm in _HASHES:
        for asked in digests:
            if asked.get("algorithm", "MD5").upper() == algorithm:
                mine = cnonce or secrets.token_hex(8)
                return _digest(asked, algorithm, method, target, address, mine)
    if any(c.partition(" ")[0].lower() == "basic" for c in challenges):
        pair = f"{address.user}:{address.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return ""


def _digest(
    asked: dict[str, str],
    algorithm: str,
    method: str,
    target: str,
    address: Address,
    cnonce: str,
) -> str:
    def hashed(text: str) -> str:
        return _HASHES[algorithm](text.encode()).hexdigest()

    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    who = hashed(f"{address.user}:{realm}:{address.password}")
    what = hashed(f"{method}:{target}")
    fields = {"username": address.user, "realm": realm, "nonce": nonce, "uri": target}
    plain = {"algorithm": algorithm}
    if "auth" in [q.strip() for q in asked.get("qop", "").split(",")]:
        plain |= {"qop": "auth", "nc": "00000001"}
        fields["cnonce"] = cnonce
        fields["response"] = hashed(f"{who}:{nonce}:00000001:{cnonce}:auth:{what}")
    else:  # as of RFC 2069, which old cameras still speak
        fields["response"] = hashed(f"{who}:{nonce}:{what}")
    if "opaque" in asked:
        fields["opaque"] = asked["opaque"]
    quoted = [f'{name}="{_escaped(value)}"' for name, value in fields.items()]
    return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in plain.items())])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
