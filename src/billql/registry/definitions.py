"""A provider's folder of definitions: its files, and whether they are valid."""

from __future__ import annotations

from pathlib import Path

from billql.definitions.model import Provider
from billql.definitions.yaml_file import read_provider, read_service

_PROVIDER_FILE = "provider.yaml"


def folders(root: Path) -> list[Path]:
    """Return the providers' folders below a folder."""
    return sorted(path.parent for path in root.glob(f"*/{_PROVIDER_FILE}"))


def files(folder: Path) -> dict[str, bytes]:
    """Read the files of a definition, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.yaml"))}


def check(folder: Path) -> Provider:
    """Read all definitions of a provider; raise DefinitionError for the first mistake."""
    provider = read_provider(folder / _PROVIDER_FILE)
    for path in sorted(folder.glob("*.yaml")):
        if path.name != _PROVIDER_FILE:
            read_service(path, provider)
    return provider
