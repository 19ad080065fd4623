"""Where the definitions lie that come with billql, and the views that belong to no provider.

This imports no grammar, because names are looked up before any definition is read.
"""

from __future__ import annotations

from pathlib import Path

SHARED = "billql"
"""The folder beside those of the providers with the views that belong to none of them, and the
first part of their names."""


def built_in_root() -> Path:
    """Return the folder of the definitions that come with billql.

    In a wheel they lie inside the package; in an editable install, at the top of the repository.
    """
    package = Path(__file__).parent.parent
    packed = package / "_data" / "provider"
    return packed if packed.is_dir() else package.parent.parent / "provider"


def files(root: Path) -> dict[str, Path]:
    """Return the files of such views below a folder of providers, by the names of their
    services.
    """
    return {path.stem: path for path in sorted((root / SHARED).glob("*.yaml"))}


def services() -> list[str]:
    """Return the services of such views that come with billql."""
    return list(files(built_in_root()))
