"""Definitions, keys and registries that are small enough to look through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from billql.config.file import RegistryConfig
from billql.registry.build import build
from billql.registry.client import Registry
from billql.registry.keys import Keyring
from billql.registry.shipped import Shipped
from billql.registry.signing import PrivateKey
from billql.registry.source import Folder, Source
from billql.registry.store import Store

PROVIDER = """\
billql: 1
title: Acme
description: An API that bills.
version: {version}
documentation: https://acme.example.com/docs
url: https://api.acme.example.com
auth: {{kind: bearer, secret: ACME_TOKEN, help: Ask for one.}}
"""

SERVICE = """\
billql: 1
description: Bills of an account.
resources:
  {resource}:
    description: One row for each.
    columns: {{id: {{type: text, description: Its name.}}}}
    methods: {{list: {{request: GET /v1/{resource}, description: Gives all.}}}}
    examples: [{{question: Which are there?, sql: SELECT 1}}]
"""


def key(number: int) -> PrivateKey:
    """Return a key that is the same in every run."""
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


OWN = key(1)
"""The key that a world trusts, for the providers that it defines."""

OTHER = key(2)


def define(
    root: Path, version: str, name: str = "acme", services: Mapping[str, str] | None = None
) -> Path:
    """Write a provider's definitions, in place of earlier ones."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "provider.yaml").write_text(PROVIDER.format(version=version))
    for service, resource in (services or {"billing": "invoices"}).items():
        (folder / f"{service}.yaml").write_text(SERVICE.format(resource=resource))
    return folder


class World:
    """A registry that is built from definitions, and a user's data folder."""

    def __init__(self, root: Path) -> None:
        self.definitions = root / "definitions"
        self.built = root / "built"
        self.data = root / "data"
        self.shipped = Shipped(root / "shipped", root / "shipped registry")
        self.shipped.definitions.mkdir(exist_ok=True)
        self.today = date(2026, 3, 4)
        self.registries: dict[str, RegistryConfig] = {}
        self.trust("own", OWN, "acme", "stripe", "zenith")

    def trust(self, name: str, signer: PrivateKey, *providers: str) -> None:
        """Configure the registry that was built under a name, with the key of who signs it."""
        self.registries[name] = RegistryConfig(
            url=str(self.built), keys=(signer.public,), providers=providers
        )

    def release(
        self,
        version: str,
        name: str = "acme",
        signer: PrivateKey = OWN,
        expires: date | None = None,
    ) -> None:
        """Define a version and bring the registry up to date with it."""
        define(self.definitions, version, name)
        build(self.definitions, self.built, signer, expires=expires)

    def registry(self, *sources: Source, **pins: str) -> Registry:
        """Open the registry that was built, or other sources."""
        keyring = Keyring(self.shipped.providers(), self.registries)
        return Registry(
            self.data,
            sources or [Folder(self.built)],
            pins,
            self.shipped,
            keyring,
            lambda: self.today,
        )

    @property
    def store(self) -> Store:
        return Store(self.data)

    def sound(self) -> list[str]:
        """Return the installed versions of the provider, all of which are as they were pulled."""
        versions = self.store.versions("acme")
        if versions:
            assert [one.problem for one in self.registry().verify("acme")] == [None] * len(versions)
        return versions
