"""SCRAM-SHA-256 from the server's side: a password is checked without being sent.

https://www.rfc-editor.org/rfc/rfc5802, https://www.rfc-editor.org/rfc/rfc7677
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import stringprep
import unicodedata
from dataclasses import dataclass

from billql.serve.postgres.errors import FatalError

MECHANISM = "SCRAM-SHA-256"
_ITERATIONS = 4096


@dataclass(frozen=True)
class Verifier:
    """What a server needs to know of a password, from which the password cannot be read."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


def prepared(password: str) -> str:
    """Return a password in the one form of all of its spellings (SASLprep); as it is if none."""
    mapped = "".join(
        " " if stringprep.in_table_c12(one) else one
        for one in password
        if not stringprep.in_table_b1(one)
    )
    found = unicodedata.normalize("NFKC", mapped)
    forbidden = (
        stringprep.in_table_c21_c22, stringprep.in_table_c3, stringprep.in_table_c4,
        stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7,
        stringprep.in_table_c8, stringprep.in_table_c9, stringprep.in_table_a1,
    )  # fmt: skip
    return password if any(test(one) for one in found for test in forbidden) else found


def verifier(password: str, salt: bytes | None = None) -> Verifier:
    """Return the verifier of a password."""
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password).encode(), salt, _ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client_key).digest()
    return Verifier(salt, _ITERATIONS, stored, hmac.digest(salted, b"Server Key", "sha256"))


class Exchange:
    """One login; raise FatalError if it is not as the protocol has it, or the password is wrong."""

    def __init__(self, known: Verifier, *, is_known_user: bool) -> None:
        self._known = known
        self._is_known_user = is_known_user
        self._first = ""
        self._binding = ""
        self._server_first = ""
        self._nonce = ""

    def challenge(self, message: bytes) -> bytes:
        """Return the response to the client's first message."""
        text = _ascii(message)
        flag, _, rest = text.partition(",")
        name, _, self._first = rest.partition(",")
        if flag not in ("n", "y") or not self._first.startswith(("n=", "r=")):
            raise _broken()
        self._binding = f"{flag},{name},"
        fields = _fields(self._first)
        if not fields.get("r"):
            raise _broken()
        self._nonce = fields["r"] + secrets.token_urlsafe(18)
        salt = base64.b64encode(self._known.salt).decode()
        self._server_first = f"r={self._nonce},s={salt},i={self._known.iterations}"
        return self._server_first.encode()

    def proof(self, message: bytes) -> bytes:
        """Return the response to the client's proof."""
        text = _ascii(message)
        without, _, proof = text.rpartition(",p=")
        fields = _fields(without)
        binding = base64.b64encode(self._binding.encode()).decode()
        if fields.get("c") != binding or fields.get("r") != self._nonce:
            raise _broken()
        whole = f"{self._first},{self._server_first},{without}".encode()
        try:
            sent = base64.b64decode(proof, validate=True)
        except binascii.Error:
            raise _broken() from None
        signature = hmac.digest(self._known.stored_key, whole, "sha256")
        key = bytes(a ^ b for a, b in zip(sent, signature, strict=False))
        is_right = hmac.compare_digest(hashlib.sha256(key).digest(), self._known.stored_key)
        if not (is_right and self._is_known_user and len(sent) == len(signature)):
            raise FatalError(
                "28P01", "password authentication failed", hint="Check the user and the password."
            )
        response = hmac.digest(self._known.server_key, whole, "sha256")
        return b"v=" + base64.b64encode(response)


def _ascii(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise _broken() from None


def _fields(text: str) -> dict[str, str]:
    return {part[:1]: part[2:] for part in text.split(",") if part[1:2] == "="}


def _broken() -> FatalError:
    return FatalError("08P01", "malformed SCRAM message", hint="Use a client of PostgreSQL's.")
