"""Building: the definitions of a folder become packages and a signed index.

Releases are permanent: each new index has the earlier versions, and a version never changes. The
same definitions make the same registry, byte for byte. The index is written last, so that a reader
never finds one whose packages are missing.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from billql.definitions.model import Provider
from billql.errors import Inaccessible, InterfaceError
from billql.registry import RegistryError, definitions, naming
from billql.registry.index import (
    INDEX_LIMIT,
    Index,
    Listing,
    Release,
    decode,
    encode,
    release_of,
)
from billql.registry.package import PACKAGE_LIMIT, pack
from billql.registry.signing import PrivateKey, unseal
from billql.registry.source import Folder
from billql.util import atomic_file


class Built(NamedTuple):
    """A version that was built, and whether it is new in the registry."""

    provider: str
    version: str
    new: bool


class _Made(NamedTuple):
    """A package, and the definition that it is made from."""

    name: str
    provider: Provider
    package: bytes
    release: Release


def build(
    root: Path,
    output: Path,
    key: PrivateKey,
    trusted: Collection[str] = (),
    *,
    replace: bool = False,
) -> list[Built]:
    """Update the registry in `output` from the definitions below `root`, and sign it.

    An existing index must be signed by the same key or a trusted one. `replace` overwrites versions
    that have changed since, as long as nobody has pulled them. Raise DefinitionError,
    RegistryError, InterfaceError or Inaccessible; then the registry is unchanged for readers.
    """
    made = [_make(folder) for folder in definitions.folders(root)]
    if not made:
        raise InterfaceError(
            f"{root} has no providers", hint="A provider is a folder with a provider.yaml."
        )
    issued, before = 0, {}
    if (output / naming.INDEX).exists():
        index = check(output, {*trusted, key.public})
        issued, before = index.issued, index.providers
    after = before | {one.name: _listed(one, before.get(one.name), replace) for one in made}
    new = [one for one in made if after[one.name] != before.get(one.name)]
    text = encode(Index(billql=1, issued=issued + bool(new), providers=after))
    try:
        for one in new:
            path = naming.package_path(one.name, one.provider.version)
            (output / path).parent.mkdir(parents=True, exist_ok=True)
            atomic_file.replace(output / path, one.package)
        output.mkdir(parents=True, exist_ok=True)
        atomic_file.replace(output / naming.INDEX, key.seal(text))
    except OSError as error:
        raise Inaccessible(f"{output} cannot be written: {error.strerror}") from error
    return [Built(one.name, one.provider.version, one in new) for one in made]


def check(output: Path, trusted: Collection[str]) -> Index:
    """Return the index of a registry in a folder, all packages checked; raise RegistryError."""
    folder = Folder(output)
    index = decode(unseal(folder.read(naming.INDEX, INDEX_LIMIT), trusted).text)
    for provider, listing in index.providers.items():
        for version, release in listing.versions.items():
            path = naming.package_path(provider, version)
            if not release.check(folder.read(path, PACKAGE_LIMIT)):
                raise RegistryError(f"{output / path} is not the package that the index has")
    return index


def _make(folder: Path) -> _Made:
    provider = definitions.check(folder)
    if not (naming.is_provider(folder.name) and naming.is_version(provider.version)):
        raise RegistryError(
            f"{folder} cannot be packed: {folder.name} {provider.version} is not the name of a "
            "provider and a version",
            hint="Names are of lower-case letters, digits and underscores; a version is three "
            "numbers without idle zeros.",
        )
    package = pack(definitions.files(folder))
    return _Made(folder.name, provider, package, release_of(package))


def _listed(made: _Made, before: Listing | None, replace: bool) -> Listing:
    """Return a provider's part of the index, with the new version."""
    provider = made.provider
    versions = before.versions if before else {}
    if not replace and versions.get(provider.version, made.release) != made.release:
        raise RegistryError(
            f"The definitions of {made.name} have changed, and their version {provider.version} "
            "is in the registry already",
            hint=f"Raise `version` in {made.name}/provider.yaml.",
        )
    versions = versions | {provider.version: made.release}
    if before and provider.version != max(versions, key=naming.order):
        return Listing(title=before.title, description=before.description, versions=versions)
    return Listing(title=provider.title, description=provider.description, versions=versions)
