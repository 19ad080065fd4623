"""The registry of this repository: signed with billql's own key, and true to `provider/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from billql.registry import naming
from billql.registry.build import check
from billql.registry.client import connect
from billql.registry.definitions import files, folders
from billql.registry.index import Index
from billql.registry.package import unpack
from billql.registry.shipped import KEYS, Shipped
from billql.registry.store import Store
from support.paths import ROOT

REGISTRY = ROOT / "registry"
SOURCES = folders(ROOT / "provider")


@pytest.fixture(scope="module")
def index() -> Index:
    """Read the index; this fails if a byte of it, or of a package, is not what was signed."""
    return check(REGISTRY, KEYS)


def test_it_holds_its_packages_and_nothing_else(index: Index) -> None:
    packages = {
        naming.package_path(provider, version)
        for provider, listing in index.providers.items()
        for version in listing.versions
    }
    found = {str(path.relative_to(REGISTRY)) for path in REGISTRY.rglob("*") if path.is_file()}
    assert found == {*packages, naming.INDEX, "README.md"}


@pytest.mark.parametrize("folder", SOURCES, ids=lambda folder: folder.name)
def test_definitions_are_what_was_released_or_newer(index: Index, folder: Path) -> None:
    """Definitions change before they are released, on machines that have no key."""
    version = Shipped(definitions=folder.parent).version(folder.name)
    assert version is not None
    released = index.providers[folder.name].versions if folder.name in index.providers else {}
    if version in released:
        package = (REGISTRY / naming.package_path(folder.name, version)).read_bytes()
        assert unpack(package) == files(folder), (
            f"provider/{folder.name} has changed since version {version} of it was released: "
            f"raise `version` in provider/{folder.name}/provider.yaml. "
            "Who has the key then runs: make registry KEY=FILE"
        )
    else:
        newest = max(released, key=naming.order, default="0.0.0")
        assert naming.order(version) > naming.order(newest), (
            f"provider/{folder.name} has version {version}, and {newest} of it is released: "
            f"raise `version` in provider/{folder.name}/provider.yaml above that"
        )


def test_every_released_version_installs(index: Index, tmp_path: Path) -> None:
    with connect(tmp_path) as registry:
        for provider, listing in index.providers.items():
            for version in listing.versions:
                assert registry.pull(provider, version).new
        assert {one.problem for one in registry.verify()} == {None}
    assert Store(tmp_path).providers() == sorted(index.providers)
