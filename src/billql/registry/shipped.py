"""The definitions that ship with billql, and the packages of them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from billql.definitions.shared import built_in_root
from billql.definitions.sources import PROVIDER_FILE
from billql.registry import naming


def registry_root() -> Path:
    """Return the folder of the registry: inside the package in a wheel, else in the repository."""
    package = Path(__file__).parent.parent
    packed = package / "_data" / "registry"
    return packed if packed.is_dir() else package.parent.parent / "registry"


class Shipped(msgspec.Struct, frozen=True):
    """The definitions that ship with billql, and the folder of their packages."""

    definitions: Path = msgspec.field(default_factory=built_in_root)
    registry: Path = msgspec.field(default_factory=registry_root)

    def providers(self) -> list[str]:
        """Return the names of the providers that have definitions."""
        return sorted(path.parent.name for path in self.definitions.glob(f"*/{PROVIDER_FILE}"))

    def version(self, provider: str) -> str | None:
        """Return the version of a provider's definitions, or None if it has none.

        Parsing YAML would be too slow at start-up, so only the line of `version` is read.
        """
        try:
            with (self.definitions / provider / PROVIDER_FILE).open(encoding="utf-8") as lines:
                line = next((line for line in lines if line.startswith("version:")), "")
        except OSError:
            return None
        version = line.removeprefix("version:").strip()
        return version if naming.is_version(version) else None
