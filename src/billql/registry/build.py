"""Building: the definitions of a folder become packages and a signed index.

Releases are permanent: each new index has the earlier versions, and a version never changes. The
same definitions make the same registry, byte for byte. The index is written last, so that a reader
never finds one whose packages are missing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import NamedTuple

from billql.errors import Inaccessible
from billql.registry import RegistryError, naming
from billql.registry.definitions import Packed, packed
from billql.registry.index import INDEX_LIMIT, Index, Release, decode, encode
from billql.registry.package import PACKAGE_LIMIT
from billql.registry.signing import PrivateKey, unseal
from billql.registry.source import Folder
from billql.util import atomic_file


class Built(NamedTuple):
    """A version that was built, and whether it is new in the registry."""

    provider: str
    version: str
    new: bool


def build(
    root: Path,
    output: Path,
    key: PrivateKey,
    trusted: Collection[str] = (),
    *,
    expires: date | None = None,
    replace: bool = False,
) -> list[Built]:
    """Update the registry in `output` from the definitions below `root`, and sign it.

    An existing index must be signed by the same key or a trusted one. `expires` is the last day on
    which the new one counts. `replace` overwrites versions
    that have changed since, as long as nobody has pulled them. Raise DefinitionError,
    RegistryError, InterfaceError or Inaccessible; then the registry is unchanged for readers.
    """
    made = packed(root)
    issued, before, expired = 0, {}, None
    if (output / naming.INDEX).exists():
        index = check(output, {*trusted, key.public})
        issued, before, expired = index.issued, index.providers, index.expires
    after = before | {one.provider: _versions(one, before, replace) for one in made}
    new = [one for one in made if after[one.provider] != before.get(one.provider)]
    issued += bool(new) or expires != expired
    text = encode(Index(billql=1, issued=issued, expires=expires, providers=after))
    try:
        for one in new:
            path = output / naming.package_path(one.provider, one.version)
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_file.replace(path, one.package)
        output.mkdir(parents=True, exist_ok=True)
        atomic_file.replace(output / naming.INDEX, key.seal(text))
    except OSError as error:
        raise Inaccessible(f"{output} cannot be written: {error.strerror}") from error
    return [Built(one.provider, one.version, one in new) for one in made]


def check(output: Path, trusted: Collection[str]) -> Index:
    """Return the index of a registry in a folder, all packages checked; raise RegistryError."""
    folder = Folder(output)
    index = decode(unseal(folder.read(naming.INDEX, INDEX_LIMIT), trusted).text)
    for provider, versions in index.providers.items():
        for version, release in versions.items():
            path = naming.package_path(provider, version)
            if not release.check(folder.read(path, PACKAGE_LIMIT)):
                raise RegistryError(f"{output / path} is not the package that the index has")
    return index


def _versions(
    made: Packed, before: dict[str, dict[str, Release]], replace: bool
) -> dict[str, Release]:
    """Return a provider's part of the index, with the new version."""
    versions = before.get(made.provider, {})
    if not replace and versions.get(made.version, made.release) != made.release:
        raise RegistryError(
            f"The definitions of {made.provider} have changed, and their version {made.version} "
            "is in the registry already",
            hint=f"Raise `version` in {made.provider}/provider.yaml.",
        )
    return versions | {made.version: made.release}
