"""The packages that ship with billql: made of its definitions, and trusted as billql itself is.

They need no signature: the wheel has them beside the code that would verify one. A test compares
them with the definitions that people review, byte for byte. They have no index in a file, so that
changes of two providers touch no file in common; one is made when it is read.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from billql.registry import naming
from billql.registry.definitions import packed
from billql.registry.index import Index, Release, encode, release_of
from billql.registry.package import PACKAGE_LIMIT
from billql.registry.source import Folder
from billql.util import atomic_file


def write(definitions: Path, output: Path) -> None:
    """Make `output` hold the packages of the definitions below a folder, and no other ones.

    Raise as `definitions.packed` does, before anything is changed; and OSError.
    """
    made = {
        output / naming.package_path(one.provider, one.version): one.package
        for one in packed(definitions)
    }
    for path, package in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_file.replace(path, package)
    for path in _packages(output):
        if path not in made:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()


class Bundle:
    """A folder of such packages as a source; its index is made of the packages that it has."""

    name = "billql itself"
    signed = False

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = Folder(root)

    def read(self, path: str, limit: int) -> bytes:
        """Return the index, or a package; raise RegistryError or BadResponse."""
        return self._index if path == naming.INDEX else self._folder.read(path, limit)

    @cached_property
    def _index(self) -> bytes:
        providers: dict[str, dict[str, Release]] = {}
        for path in _packages(self._root):
            provider, version = path.parent.name, path.stem
            if naming.is_provider(provider) and naming.is_version(version):
                package = self._folder.read(naming.package_path(provider, version), PACKAGE_LIMIT)
                providers.setdefault(provider, {})[version] = release_of(package)
        return encode(Index(billql=1, issued=1, providers=providers))


def _packages(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/*{naming.SUFFIX}"))
