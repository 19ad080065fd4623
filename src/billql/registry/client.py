"""The operations on a registry: list versions, pull one, verify and remove installed ones.

Everything from a source is checked before anything is changed: its index, the package's checksum,
its names and sizes, and that its definitions are valid. Installed versions stay as they are until
a new one is complete beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from billql.config.file import RegistryConfig
from billql.definitions.catalog import unknown
from billql.definitions.stackql import adding
from billql.errors import DefinitionError, Inaccessible, InterfaceError
from billql.registry import RegistryError, definitions, installed, naming
from billql.registry.bundle import Bundle
from billql.registry.keys import Keyring
from billql.registry.offers import Offer, about, offered, today
from billql.registry.package import unpack
from billql.registry.shipped import Shipped
from billql.registry.source import Source, opened
from billql.registry.store import PACKAGE, Store


class Listed(NamedTuple):
    """A version of a provider in a list."""

    provider: str
    version: str
    status: str
    """`in use`, `installed`, `built in` (it ships with billql) or `available`."""
    size: int | None
    """The size of its package in bytes; None if no source has it."""
    source: str | None
    """The first source that has it; `StackQL` for what was added from its documents."""


class Pulled(NamedTuple):
    """The result of a pull; `new` is whether the version was not installed before."""

    provider: str
    version: str
    new: bool
    in_use: bool
    folder: Path


class Verified(NamedTuple):
    """An installed version and its problem; None if it is as it was pulled, or added."""

    provider: str
    version: str
    problem: str | None


@contextmanager
def connect(
    data: Path,
    place: str | None = None,
    *,
    registries: Mapping[str, RegistryConfig] | None = None,
    pins: Mapping[str, str] | None = None,
    shipped: Shipped | None = None,
    today: Callable[[], date] = today,
) -> Iterator[Registry]:
    """Open a registry, by its name in the configuration, its folder or its address, and the
    installed versions in a data folder.

    Without `place` the sources are what ships with billql, then the configured registries. Raise
    InterfaceError for an address that is not valid.
    """
    shipped = shipped or Shipped()
    registries = registries or {}
    with ExitStack() as stack:
        if place is not None:
            places = [registries[place].url if place in registries else place]
            sources: list[Source] = []
        else:
            places = [one.url for one in registries.values()]
            sources = [Bundle(shipped.registry)]
        sources += [stack.enter_context(opened(one)) for one in places]
        keyring = Keyring(shipped.providers(), registries)
        yield Registry(data, sources, pins or {}, shipped, keyring, today)


class Registry:
    """Installed packages and the sources of more; earlier sources take precedence.

    `data` is the folder of installed packages, `pins` the configured versions by provider, and
    `keyring` has the keys whose signatures count; `today` returns the day in UTC.
    """

    def __init__(
        self,
        data: Path,
        sources: Sequence[Source],
        pins: Mapping[str, str],
        shipped: Shipped,
        keyring: Keyring,
        today: Callable[[], date] = today,
    ) -> None:
        self._data = data
        self._sources = sources
        self._pins = pins
        self._shipped = shipped
        self._store = Store(data)
        self._keyring = keyring
        self._today = today

    def versions(self, provider: str | None = None) -> list[Listed]:
        """Return the versions that are installed, built in or can be pulled, the newest first.

        Raise RegistryError, ConnectionFailed or BadResponse for a source that cannot be read, and
        UnknownName for a provider that is nowhere.
        """
        offers: dict[tuple[str, str], Offer] = {}
        for offer in offered(self._sources, self._keyring, self._data, self._today):
            if self._allows(offer):
                offers.setdefault((offer.provider, offer.version), offer)
        found: dict[str, set[str]] = {}
        for name, version in offers:
            found.setdefault(name, set()).add(version)
        for name in self._store.providers():
            found.setdefault(name, set()).update(self._store.versions(name))
        for name in self._shipped.providers():
            if (built_in := self._shipped.version(name)) is not None:
                found.setdefault(name, set()).add(built_in)
        added = adding.added(self._data)
        every = sorted({*found, *added})
        names = every if provider is None else [_known(provider, every)]
        listed: list[Listed] = []
        for name in names:
            if name in added:
                listed.append(self._added(name))
            for version in reversed(_ordered(found.get(name, ()))):
                listed.append(self._listed(name, version, offers.get((name, version))))
        return listed

    def pull(self, provider: str, version: str | None = None) -> Pulled:
        """Install a version: this one, or else the one that is pinned, or else the newest.

        Raise RegistryError if a check fails, Inaccessible if it cannot be written,
        ConnectionFailed or BadResponse for a source that cannot be read, and UnknownName.
        """
        offer = self._find(provider, version)
        self._check_owner(offer)
        new = offer.version not in self._store.versions(offer.provider) and self._install(offer)
        if not new:
            self._check_same(offer)
        return Pulled(
            offer.provider,
            offer.version,
            new,
            self._status(offer.provider, offer.version) == "in use",
            self._store.folder(offer.provider, offer.version),
        )

    def verify(self, provider: str | None = None) -> list[Verified]:
        """Return the installed versions, each compared with what was pulled or, for StackQL's
        documents, with what was added; raise InterfaceError if none is installed.
        """
        added = adding.added(self._data)
        every = sorted({*self._store.providers(), *added})
        verified: list[Verified] = []
        for name in every if provider is None else [provider.lower()]:
            if name in added:
                version = adding.version(name, self._data)
                verified.append(Verified(name, version, adding.problem(name, self._data)))
            if name not in added or self._store.versions(name):
                verified += [
                    Verified(
                        name, version, installed.problem(self._store, self._keyring, name, version)
                    )
                    for version in self._installed(name)
                ]
        return verified

    def remove(self, provider: str, version: str | None = None) -> list[str]:
        """Remove a version, or all of a provider's; return the removed versions.

        Raise InterfaceError if it is not installed, Inaccessible if it cannot be removed.
        """
        provider = provider.lower()
        versions = self._store.versions(provider)
        added = adding.version(provider, self._data) if self._is_added(provider) else None
        if added is None:
            versions = self._installed(provider)
        elif added not in versions:
            versions = [*versions, added]
        if version is not None and version not in versions:
            raise InterfaceError(
                f"{provider} {version} is not installed",
                hint=f"Installed of {provider}: {', '.join(versions)}.",
            )
        removed = versions if version is None else [version]
        for one in removed:
            if one == added:
                self._remove_added(provider)
            if one in self._store.versions(provider):
                self._store.remove(provider, one)
        return removed

    def _is_added(self, provider: str) -> bool:
        return provider in adding.added(self._data)

    def _remove_added(self, provider: str) -> None:
        try:
            adding.remove(provider, self._data)
        except OSError as error:
            raise Inaccessible(
                f"{provider} cannot be removed from {self._data}: {error.strerror}"
            ) from error

    # Lists.

    def _allows(self, offer: Offer) -> bool:
        return offer.key is None or self._keyring.allows(offer.key, offer.provider)

    def _find(self, provider: str, version: str | None) -> Offer:
        """Return the version to pull; sources are read only as far as needed."""
        provider = provider.lower()
        version = version or self._pins.get(provider)
        found: dict[str, Offer] = {}
        known: set[str] = set()
        denied: str | None = None
        for offer in offered(self._sources, self._keyring, self._data, self._today):
            known.add(offer.provider)
            if offer.provider != provider:
                continue
            if not self._allows(offer):
                denied = offer.key
            elif offer.version == version:
                return offer
            else:
                found.setdefault(offer.version, offer)
        _known(provider, known)
        if denied is not None and (version is not None or not found):
            self._keyring.check(denied, provider)
        if version is not None:
            raise unknown("version", version, _ordered(found), f"{provider} ")
        newest = _ordered(found)[-1]
        installed = self._store.versions(provider)
        if installed and naming.order(newest) < naming.order(installed[-1]):
            raise RegistryError(
                f"The newest version of {provider} that is offered, {newest}, is older than "
                f"{installed[-1]}, which is installed",
                hint=f"To go back, name it: billql registry pull {provider} {newest}.",
            )
        return found[newest]

    def _installed(self, provider: str) -> list[str]:
        versions = self._store.versions(provider)
        if not versions:
            known = ", ".join(sorted({*self._store.providers(), *adding.added(self._data)}))
            raise InterfaceError(
                f"No version of {provider} is installed",
                hint=f"Installed: {known}." if known else "Nothing is: see billql registry pull.",
            )
        return versions

    def _listed(self, provider: str, version: str, offer: Offer | None) -> Listed:
        status = self._status(provider, version)
        if offer is None:
            return Listed(provider, version, status, None, None)
        return Listed(provider, version, status, offer.release.size, offer.source.name)

    def _added(self, provider: str) -> Listed:
        """Return a provider that was added from StackQL's documents; installed packages take
        precedence over it, and it over built-in definitions.
        """
        version = adding.version(provider, self._data)
        status = "installed" if self._used(provider) else "in use"
        return Listed(provider, version, status, None, "StackQL")

    def _used(self, provider: str) -> str | None:
        """Return the installed version in use, or None."""
        built_in = self._shipped.version(provider)
        try:
            return self._store.choose(provider, self._pins.get(provider), built_in)
        except InterfaceError:  # the pinned version is not there
            return "none"

    def _status(self, provider: str, version: str) -> str:
        built_in = self._shipped.version(provider)
        used = self._used(provider)
        if used is None and not self._is_added(provider):
            used = built_in
        if version == used:
            return "in use"
        if version in self._store.versions(provider):
            return "installed"
        return "built in" if version == built_in else "available"

    # Checks.

    def _install(self, offer: Offer) -> bool:
        """Install a version; return False if another process has done so meanwhile."""

        def check(folder: Path) -> None:
            try:
                version = definitions.check(folder).version
            except DefinitionError as error:
                raise RegistryError(
                    f"A definition is not valid: {error}",
                    hint="It may have been made for a newer billql.",
                ) from error
            if version != offer.version:
                raise RegistryError(f"The package is of another version: {version}")

        path = naming.package_path(offer.provider, offer.version)
        with about(f"{offer.name} from {offer.source.name}"):
            package = offer.source.read(path, offer.release.size)
            if not offer.release.check(package):
                raise RegistryError("The package is not what was released: its checksum differs")
            proof = naming.INDEX if offer.source.signed else naming.UNSIGNED
            files = {**unpack(package), PACKAGE: package, proof: offer.proof}
            return self._store.install(offer.provider, offer.version, files, check)

    def _check_owner(self, offer: Offer) -> None:
        """Raise RegistryError if an installed version is signed by other people.

        What ships with billql is nobody's, and may take the place of anything.
        """
        if offer.key is None:
            return
        for version in self._store.versions(offer.provider):
            again = f"To install it anew: billql registry remove {offer.provider} {version}."
            with about(f"{offer.provider} {version}, which is installed", again):
                key = installed.signer(self._store, offer.provider, version)
            if key is not None and not self._keyring.are_one(key, offer.key):
                raise RegistryError(
                    f"{offer.name} is signed by another key than {version}, which is installed",
                    hint=f"If that is right: billql registry remove {offer.provider}, then pull.",
                )

    def _check_same(self, offer: Offer) -> None:
        """Raise RegistryError if the installed version differs from the offered one."""
        hint = f"To install it anew: billql registry remove {offer.provider} {offer.version}."
        problem = installed.problem(self._store, self._keyring, offer.provider, offer.version)
        if problem is not None:
            raise RegistryError(f"{offer.name} is installed, but damaged: {problem}", hint=hint)
        if not offer.release.check(self._store.read(offer.provider, offer.version)[PACKAGE]):
            raise RegistryError(
                f"{offer.name} is installed, and {offer.source.name} has something else under "
                "the same number",
                hint=hint,
            )


def _known(provider: str, known: Iterable[str]) -> str:
    provider = provider.lower()
    if provider not in known:
        raise unknown("provider", provider, sorted(known), "")
    return provider


def _ordered(versions: Iterable[str]) -> list[str]:
    return sorted(versions, key=naming.order)
