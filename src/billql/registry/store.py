"""Installed packages: a folder for each version, side by side, and the choice of one.

`packages/<provider>/<version>/` has the definitions as the catalog reads them, and their proof: the
index and the package. A version is renamed into its place when it is complete, and out of it
when it is removed, so that it exists as a whole or not at all. `chosen` runs whenever billql
starts: it reads little but names of folders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from billql.errors import Inaccessible, InterfaceError
from billql.registry import RegistryError, naming, staging

PACKAGE = "package.tar"
"""The file of an installed version with its package, beside the signed index."""


class Store:
    """The installed packages of a data folder, which need not exist."""

    def __init__(self, data: Path) -> None:
        self._root = data / "packages"

    def providers(self) -> list[str]:
        """Return the names of the providers with an installed version."""
        names = filter(naming.is_provider, _names(self._root))
        return sorted(name for name in names if self.versions(name))

    def versions(self, provider: str) -> list[str]:
        """Return the installed versions of a provider, the oldest first."""
        if not naming.is_provider(provider):
            return []
        found = filter(naming.is_version, _names(self._root / provider))
        return sorted(found, key=naming.order)

    def folder(self, provider: str, version: str) -> Path:
        """Return the folder of an installed version."""
        return self._root / provider / version

    def chosen(
        self, pins: Mapping[str, str], built_in: Callable[[str], str | None]
    ) -> dict[str, Path]:
        """Return the folder of each provider that is read from an installed package.

        That is the pinned version, or else the newest, if it is newer than the one that ships with
        billql, which `built_in` returns. Raise InterfaceError for a pin on a version that is not
        installed.
        """
        found: dict[str, Path] = {}
        for provider in {*self.providers(), *pins}:
            version = self.choose(provider, pins.get(provider), built_in(provider))
            if version is not None:
                found[provider] = self.folder(provider, version)
        return found

    def choose(self, provider: str, pin: str | None, built_in: str | None) -> str | None:
        """Return the installed version to use; None for the one that ships with billql, or none.

        Raise InterfaceError for a pin on a version that is not installed.
        """
        versions = self.versions(provider)
        if pin is None:
            newest = versions[-1] if versions else None
            older = newest and built_in and naming.order(newest) <= naming.order(built_in)
            return None if older else newest
        if pin in versions:
            return pin
        if pin == built_in:
            return None
        raise InterfaceError(
            f"The provider {provider} is pinned to version {pin}, which is not installed",
            hint=f"Run billql registry pull {provider} {pin}.",
        )

    def read(self, provider: str, version: str) -> dict[str, bytes]:
        """Return the files of an installed version by name; raise RegistryError if unreadable."""
        files = {}
        try:
            for path in sorted(self.folder(provider, version).iterdir()):
                if path.is_symlink() or not path.is_file():
                    raise RegistryError(f"{path} is not a plain file")
                files[path.name] = path.read_bytes()
        except OSError as error:
            raise RegistryError(f"{error.filename} cannot be read: {error.strerror}") from error
        return files

    def install(
        self, provider: str, version: str, files: Mapping[str, bytes], check: Callable[[Path], None]
    ) -> bool:
        """Install a version, whole or not at all; raise Inaccessible if it cannot be.

        `check` is called with the complete folder, and raises if it must not be installed. Return
        False if the version is installed already; then it stays as it is.
        """
        from billql.util import atomic_file  # start-up reads this module and installs nothing

        target = self.folder(provider, version)
        new = staging.temporary(self._root)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            staging.sweep(self._root)
            new.mkdir()
            for name, content in files.items():
                staging.write(new / name, content)
            atomic_file.sync_folder(new)
            check(new)
            new.rename(target)
            atomic_file.sync_folder(target.parent)
        except OSError as error:
            if target.is_dir():
                return False
            raise Inaccessible(
                f"{provider} {version} cannot be installed in {self._root}: {error.strerror}"
            ) from error
        finally:
            staging.discard(new)
        return True

    def remove(self, provider: str, version: str) -> None:
        """Remove an installed version; raise Inaccessible if it cannot be."""
        old = staging.temporary(self._root)
        try:
            self.folder(provider, version).rename(old)
            staging.discard(old)
            if not self.versions(provider):
                (self._root / provider).rmdir()
        except OSError as error:
            raise Inaccessible(
                f"{provider} {version} cannot be removed from {self._root}: {error.strerror}"
            ) from error


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Inaccessible(f"{folder} cannot be read: {error.strerror}") from error
