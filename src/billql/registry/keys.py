"""Trusted public keys, and the providers that each may sign.

A definition decides where a provider's token is sent, so a key is trusted for providers, not for
everything: those that are named with it or, without any, those that do not ship with billql.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from billql.errors import Inaccessible, InterfaceError
from billql.registry import RegistryError, naming
from billql.util import atomic_file
from billql.util.struct_errors import MSGSPEC_LOCK

KIND = "ed25519:"
"""The prefix of a public key as text; 32 bytes in base64 follow."""

_FOLDER = "keys"


class TrustedKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A key that a user trusts; without providers, for any that does not ship with billql."""

    key: str
    providers: tuple[str, ...] = ()


class Keyring:
    """The trusted keys of this machine.

    `reserved` are the providers that ship with billql; `trusted` has the user's keys by their
    names.
    """

    def __init__(self, reserved: Collection[str], trusted: Mapping[str, TrustedKey]) -> None:
        self._reserved = frozenset(reserved)
        self._trusted = {one.key: (name, one.providers) for name, one in trusted.items()}
        self.keys = frozenset(self._trusted)

    def allows(self, key: str, provider: str) -> bool:
        """Return whether one of these keys may sign a provider."""
        _, providers = self._trusted[key]
        return provider in (providers or {provider} - self._reserved)

    def check(self, key: str, provider: str) -> None:
        """Raise RegistryError if one of these keys may not sign a provider."""
        if self.allows(key, provider):
            return
        name, providers = self._trusted[key]
        options = "".join(f" --provider {one}" for one in (*providers, provider))
        raise RegistryError(
            f"The key {name} is not trusted for the provider {provider}",
            hint=f"If it shall be: billql registry trust {key} --name {name}{options}.",
        )


def check_key(text: str) -> str:
    """Return a public key's text; raise InterfaceError if it is not valid."""
    try:
        raw = base64.b64decode(text.removeprefix(KIND), validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != 32 or text != KIND + base64.b64encode(raw).decode():
        raise InterfaceError(
            f"{text!r} is not a public key",
            hint=f"One is written {KIND}…, as billql registry key show FILE prints it.",
        )
    return text


def load(data: Path) -> dict[str, TrustedKey]:
    """Return the trusted keys of a data folder by name; raise Inaccessible if unreadable."""
    return {path.stem: _read(path) for path in sorted((data / _FOLDER).glob("[!.]*.json"))}


def trust(data: Path, name: str, key: str, providers: Collection[str]) -> None:
    """Add a trusted key; raise InterfaceError if the name or key is invalid or taken."""
    check_key(key)
    for one in (name, *providers):
        if not naming.is_provider(one):
            raise InterfaceError(
                f"{one!r} is not a name",
                hint="Names are of lower-case letters, digits and underscores.",
            )
    for other, known in load(data).items():
        if (other == name) != (known.key == key):
            raise InterfaceError(
                f"The name {name} belongs to another key"
                if other == name
                else f"This key is trusted already, under the name {other}",
                hint=f"To remove it: billql registry distrust {other}.",
            )
    trusted = TrustedKey(key=key, providers=tuple(sorted(providers)))
    path = _path(data, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_file.replace(path, msgspec.json.encode(trusted) + b"\n")


def distrust(data: Path, name: str) -> None:
    """Remove a trusted key; raise InterfaceError if none has the name."""
    known = load(data)
    if name not in known:
        raise InterfaceError(
            f"No trusted key is called {name}",
            hint=f"There are: {', '.join(known)}." if known else "None is trusted yet.",
        )
    _path(data, name).unlink(missing_ok=True)


def _path(data: Path, name: str) -> Path:
    return data / _FOLDER / f"{name}.json"


def _read(path: Path) -> TrustedKey:
    try:
        with MSGSPEC_LOCK:
            return msgspec.json.decode(path.read_bytes(), type=TrustedKey)
    except OSError as error:
        raise Inaccessible(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Inaccessible(
            f"{path} is damaged", hint="Delete it, and trust the key again."
        ) from None
