"""Signatures: an index is signed with an Ed25519 key (RFC 8032) and verified with its public key.

A signed text is one JSON object with the text as it is, the public key and the signature: one file,
so that no reader finds a new index with an old signature. The signature is verified over the bytes
of the text, before the text is parsed. This is the only module that needs `cryptography`.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from billql.errors import InterfaceError
from billql.registry import RegistryError
from billql.util.struct_errors import MSGSPEC_LOCK

_KIND = "ed25519:"
"""The prefix of a public key as text; 32 bytes in base64 follow."""

_PURPOSE = b"billql registry index\n"
"""The prefix of the signed bytes, so that a signature is valid for an index alone."""


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text with its signature."""

    signed: msgspec.Raw
    key: str
    signature: bytes

    def encode(self) -> bytes:
        return msgspec.json.encode(self) + b"\n"


class Opened(NamedTuple):
    """A verified text, and the public key of its signature."""

    text: bytes
    key: str


class PrivateKey:
    """A signing key; `public` is its public key, as text."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = _KIND + base64.b64encode(key.public_key().public_bytes_raw()).decode()

    @classmethod
    def create(cls, path: Path) -> PrivateKey:
        """Create a key in a new file that only its owner can read; raise InterfaceError."""
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(text)
        except FileExistsError:
            raise InterfaceError(
                f"{path} is there already, and a key cannot be made a second time",
                hint="Give the name of a new file.",
            ) from None
        except OSError as error:
            raise InterfaceError(f"{path} cannot be written: {error.strerror}") from error
        return cls(key)

    @classmethod
    def read(cls, path: Path) -> PrivateKey:
        """Read a key from a PEM file in PKCS #8; raise InterfaceError."""
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise InterfaceError(f"{path} cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise InterfaceError(
                f"{path} does not hold an Ed25519 key in PEM without a passphrase",
                hint="billql registry key new FILE makes one.",
            )
        return cls(key)

    def seal(self, text: bytes) -> bytes:
        """Return a JSON text with its signature."""
        return _Sealed(msgspec.Raw(text), self.public, self._key.sign(_PURPOSE + text)).encode()


def unseal(data: bytes, trusted: Collection[str]) -> Opened:
    """Return a text that a trusted key has signed; raise RegistryError if none has."""
    sealed = _read(data)
    if sealed.key not in trusted:
        raise RegistryError(
            f"The index is signed by a key that is not trusted here: {sealed.key}",
            hint="If you know whose it is and trust them, add it to `keys` of the registry in the "
            "config file.",
        )
    text = bytes(sealed.signed)
    raw = base64.b64decode(sealed.key.removeprefix(_KIND))
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(sealed.signature, _PURPOSE + text)
    except InvalidSignature:
        raise RegistryError(
            "The index was changed after it had been signed",
        ) from None
    return Opened(text, sealed.key)


def named_key(data: bytes) -> str:
    """Return the key that a signed text names, unverified; raise RegistryError if it has none."""
    return _read(data).key


def _read(data: bytes) -> _Sealed:
    """Return a signed text, which must be in its canonical form."""
    try:
        with MSGSPEC_LOCK:
            sealed = msgspec.json.decode(data, type=_Sealed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RegistryError("The index is not a signed one, or is damaged") from None
    if sealed.encode() != data:
        raise RegistryError("The index is damaged: it is not in the form of signed ones")
    return sealed
