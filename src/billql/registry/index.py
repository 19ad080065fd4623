"""The index of a registry: the versions of each provider, and their checksums."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from billql.registry import RegistryError, naming
from billql.registry.package import PACKAGE_LIMIT
from billql.util.struct_errors import MSGSPEC_LOCK, explain_mismatch

INDEX_LIMIT = 4 * 1024 * 1024
"""The largest index, in bytes."""

_Provider = Annotated[
    str, Meta(pattern=rf"^{naming.PROVIDER}$(?!\n)", description="The name of a provider.")
]
_Version = Annotated[
    str, Meta(pattern=rf"^{naming.VERSION}$(?!\n)", description="A version like 1.2.3.")
]
_Sha256 = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="A SHA-256 in hexadecimal digits.")
]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Release(_Strict, frozen=True, kw_only=True):
    """One version of a provider: the checksum and size of its package."""

    sha256: _Sha256
    size: Annotated[int, Meta(gt=0, le=PACKAGE_LIMIT)]
    """In bytes."""

    def check(self, package: bytes) -> bool:
        """Return whether a package has this checksum and size."""
        return len(package) == self.size and hashlib.sha256(package).hexdigest() == self.sha256


class Index(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """The content of a registry; `issued` grows with each index that replaces another."""

    billql: Literal[1]
    issued: Annotated[int, Meta(gt=0)]
    expires: date | None = None
    """The last day, in UTC, on which it counts; None if there is no such day."""
    providers: dict[_Provider, dict[_Version, Release]]


def release_of(package: bytes) -> Release:
    """Return the entry of a package in an index."""
    return Release(sha256=hashlib.sha256(package).hexdigest(), size=len(package))


def encode(index: Index) -> bytes:
    """Return the canonical JSON of an index."""
    return msgspec.json.format(msgspec.json.encode(index, order="sorted"), indent=2)


def decode(text: bytes) -> Index:
    """Return the index of a JSON text; raise RegistryError if it is not valid."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(str(error)) from None
    try:
        with MSGSPEC_LOCK:
            return msgspec.convert(value, Index)
    except msgspec.ValidationError:
        place, message = explain_mismatch(value, Index)
        raise _unreadable(": ".join(filter(None, (".".join(map(str, place)), message)))) from None


def _unreadable(why: str) -> RegistryError:
    return RegistryError(
        f"The index cannot be read: {why}", hint="It may have been made for a newer billql."
    )
