"""Signatures: an index is sealed with an Ed25519 key (RFC 8032) and opened with its public half.

A sealed text is one JSON object that holds the text as it is, the public key and the signature: one
file, so that no reader meets a new index with an old signature. The signature is checked over the
bytes of the text, before anything is read out of it. This is the one module that needs
`cryptography`.
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
from billql.registry.keys import KIND
from billql.util.struct_errors import MSGSPEC_LOCK

_PURPOSE = b"billql registry index\n"
"""Stands before what is signed, so that a signature holds for an index and for nothing else."""


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text with its signature."""

    signed: msgspec.Raw
    key: str
    signature: bytes

    def encode(self) -> bytes:
        return msgspec.json.encode(self) + b"\n"


class Opened(NamedTuple):
    """A text, and the public key that its signature is by."""

    text: bytes
    key: str


class PrivateKey:
    """A key that seals; `public` is its public half, as text."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = KIND + base64.b64encode(key.public_key().public_bytes_raw()).decode()

    @classmethod
    def create(cls, path: Path) -> PrivateKey:
        """Make a key, in a new file that only its owner can read; raise InterfaceError."""
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
        """Seal a text that is JSON."""
        return _Sealed(msgspec.Raw(text), self.public, self._key.sign(_PURPOSE + text)).encode()


def unseal(data: bytes, trusted: Collection[str]) -> Opened:
    """Open what one of the trusted keys has sealed; raise RegistryError."""
    sealed = _read(data)
    if sealed.key not in trusted:
        raise RegistryError(
            f"The index is signed by a key that is not trusted here: {sealed.key}",
            hint="If you know whose it is and trust them: billql registry trust KEY --name NAME.",
        )
    text = bytes(sealed.signed)
    raw = base64.b64decode(sealed.key.removeprefix(KIND))
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(sealed.signature, _PURPOSE + text)
    except InvalidSignature:
        raise RegistryError(
            "The index is not what was signed: it was changed after it had been signed",
        ) from None
    return Opened(text, sealed.key)


def named_key(data: bytes) -> str:
    """Return the key that a sealed text names, without any check; raise RegistryError."""
    return _read(data).key


def _read(data: bytes) -> _Sealed:
    """Read a sealed text, which has one spelling only: no byte of it may be another one."""
    try:
        with MSGSPEC_LOCK:
            sealed = msgspec.json.decode(data, type=_Sealed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RegistryError("The index is not a signed one, or is damaged") from None
    if sealed.encode() != data:
        raise RegistryError("The index is damaged: it is not spelled as signed ones are")
    return sealed
