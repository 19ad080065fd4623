"""Trusted public keys, and the providers that each may sign.

A definition decides where a provider's token is sent, so a key is trusted for providers, not for
everything: those that the config file names with its registry or, without any, those that do not
ship with billql.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from billql.config.file import RegistryConfig
from billql.registry import RegistryError


class Keyring:
    """The keys of the configured registries, by whose names they are called.

    `reserved` are the providers that ship with billql.
    """

    def __init__(self, reserved: Collection[str], registries: Mapping[str, RegistryConfig]) -> None:
        self._reserved = frozenset(reserved)
        self._registries = registries
        self.keys = frozenset(key for one in registries.values() for key in one.keys)

    def allows(self, key: str, provider: str) -> bool:
        """Return whether one of these keys may sign a provider."""
        return any(
            provider in (self._registries[name].providers or {provider} - self._reserved)
            for name in self._owners(key)
        )

    def check(self, key: str, provider: str) -> None:
        """Raise RegistryError if one of these keys may not sign a provider."""
        if not self.allows(key, provider):
            names = self._owners(key)
            raise RegistryError(
                f"The key of the registry {', '.join(names)} is not trusted for the provider "
                f"{provider}",
                hint=f"If it shall be, add {provider} to `providers` of [registries.{names[0]}] "
                "in the config file.",
            )

    def are_one(self, key: str, other: str) -> bool:
        """Return whether two keys have one owner, as an old and a new key of a registry have."""
        return key == other or not set(self._owners(key)).isdisjoint(self._owners(other))

    def _owners(self, key: str) -> list[str]:
        return [name for name, one in self._registries.items() if key in one.keys]
