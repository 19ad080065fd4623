"""A provider's folder of definitions: its files, checked, and the package of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from billql.definitions.model import Provider
from billql.definitions.sources import PROVIDER_FILE
from billql.definitions.yaml_file import read_provider, read_service
from billql.errors import InterfaceError
from billql.registry import RegistryError, naming
from billql.registry.index import Release, release_of
from billql.registry.package import pack


class Packed(NamedTuple):
    """The package of a provider's definitions, and its entry in an index."""

    provider: str
    version: str
    package: bytes
    release: Release


def folders(root: Path) -> list[Path]:
    """Return the providers' folders below a folder."""
    return sorted(path.parent for path in root.glob(f"*/{PROVIDER_FILE}"))


def files(folder: Path) -> dict[str, bytes]:
    """Read the files of a definition, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.yaml"))}


def check(folder: Path) -> Provider:
    """Read all definitions of a provider; raise DefinitionError for the first mistake."""
    provider = read_provider(folder / PROVIDER_FILE)
    for path in sorted(folder.glob("*.yaml")):
        if path.name != PROVIDER_FILE:
            read_service(path, provider)
    return provider


def packed(root: Path) -> list[Packed]:
    """Return the packages of the providers below a folder, by name.

    Raise DefinitionError for a mistake in a definition, RegistryError for what cannot be packed,
    and InterfaceError if there are no providers.
    """
    made = [_packed(folder) for folder in folders(root)]
    if not made:
        raise InterfaceError(
            f"{root} has no providers", hint="A provider is a folder with a provider.yaml."
        )
    return made


def _packed(folder: Path) -> Packed:
    version = check(folder).version
    if not (naming.is_provider(folder.name) and naming.is_version(version)):
        raise RegistryError(
            f"{folder} cannot be packed: {folder.name} {version} is not the name of a "
            "provider and a version",
            hint="Names are of lower-case letters, digits and underscores; a version is three "
            "numbers without idle zeros.",
        )
    package = pack(files(folder))
    return Packed(folder.name, version, package, release_of(package))
