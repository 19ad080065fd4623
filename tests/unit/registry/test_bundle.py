"""The packages that ship with billql: what `make registry` makes of `provider/`, byte for byte."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from billql.errors import DefinitionError, InterfaceError
from billql.registry import RegistryError, bundle
from billql.registry.bundle import Bundle
from billql.registry.client import Listed, connect
from billql.registry.source import Folder
from support.paths import ROOT
from support.registry.making import OWN, World, define


def packages(folder: Path) -> dict[str, bytes]:
    """Return the files of a registry, other than the one for people."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.md"
    }


def test_the_repository_has_what_its_definitions_make(tmp_path: Path) -> None:
    bundle.write(ROOT / "provider", tmp_path)
    made, found = packages(tmp_path), packages(ROOT / "registry")
    differing = sorted(
        name for name in made.keys() | found.keys() if made.get(name) != found.get(name)
    )
    assert not differing, (
        f"registry/ is not what provider/ makes: {', '.join(differing)}. "
        "Run `make registry` and commit the result. Raise `version` in the provider.yaml first "
        "if billql was released with it."
    )


def test_neither_times_nor_modes_nor_order_change_a_byte(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    define(here, "1.0.0", services={"usage": "hours", "billing": "credits"})
    define(there, "1.0.0", services={"billing": "credits", "usage": "hours"})
    for number, path in enumerate(there.rglob("*.yaml")):
        path.chmod(0o600)
        os.utime(path, (number * 1e8, number * 1e8))
    for folder in (here, there):
        bundle.write(folder, folder / "built")
    assert packages(here / "built") == packages(there / "built")


def test_what_is_gone_goes(tmp_path: Path) -> None:
    root, output = tmp_path / "provider", tmp_path / "registry"
    define(root, "1.0.0")
    define(root, "1.0.0", "zenith")
    bundle.write(root, output)
    (output / "README.md").write_text("What this is.\n")
    define(root, "1.1.0")
    shutil.rmtree(root / "zenith")
    bundle.write(root, output)
    assert {path.relative_to(output).as_posix() for path in output.rglob("*")} == {
        "README.md",
        "acme",
        "acme/1.1.0.tar",
    }


def test_a_version_may_change_until_it_is_released(tmp_path: Path) -> None:
    root, output = tmp_path / "provider", tmp_path / "registry"
    define(root, "1.0.0")
    bundle.write(root, output)
    before = packages(output)
    define(root, "1.0.0", services={"billing": "credits"})
    bundle.write(root, output)
    after = packages(output)
    assert after.keys() == before.keys()
    assert after != before


def test_a_mistake_leaves_the_packages_as_they_are(tmp_path: Path) -> None:
    root, output = tmp_path / "provider", tmp_path / "registry"
    define(root, "1.0.0")
    bundle.write(root, output)
    before = packages(output)
    (define(root, "1.1.0") / "billing.yaml").write_text("billql: 1\nresources: 5\n")
    with pytest.raises(DefinitionError, match=r"billing\.yaml"):
        bundle.write(root, output)
    with pytest.raises(InterfaceError, match="has no providers"):
        bundle.write(tmp_path / "nowhere", output)
    assert packages(output) == before


def test_all_that_ships_installs_without_a_key(tmp_path: Path) -> None:
    with connect(tmp_path) as registry:
        shipped = [one for one in registry.versions() if one.source == "billql itself"]
        assert {one.status for one in shipped} == {"in use"}
        for one in shipped:
            assert registry.pull(one.provider, one.version).new
        assert {one.problem for one in registry.verify()} == {None}
        assert len(shipped) == len(registry.verify()) == len(packages(ROOT / "registry"))


# Beside registries elsewhere, which are signed.


def ship(world: World, version: str) -> None:
    define(world.shipped.definitions, version)
    bundle.write(world.shipped.definitions, world.shipped.registry)


def test_what_shipped_stays_installed_and_is_verified_when_billql_is_newer(world: World) -> None:
    ship(world, "1.0.0")
    with connect(world.data, shipped=world.shipped) as registry:
        folder = registry.pull("acme").folder
    ship(world, "1.1.0")
    with connect(world.data, pins={"acme": "1.0.0"}, shipped=world.shipped) as registry:
        size = (world.shipped.registry / "acme" / "1.1.0.tar").stat().st_size
        assert registry.versions("acme") == [
            Listed("acme", "1.1.0", "built in", size, "billql itself"),
            Listed("acme", "1.0.0", "in use", None, None),
        ]
        assert registry.verify() == [("acme", "1.0.0", None)]
        (folder / "billing.yaml").write_text("")
        assert registry.verify() == [("acme", "1.0.0", "Not what was pulled: billing.yaml")]


def test_a_package_that_was_changed_after_it_was_pulled(world: World) -> None:
    ship(world, "1.0.0")
    with connect(world.data, shipped=world.shipped) as registry:
        folder = registry.pull("acme").folder
        package = bytearray((folder / "package.tar").read_bytes())
        package[700] ^= 1
        (folder / "package.tar").write_bytes(package)
        assert registry.verify() == [("acme", "1.0.0", "package.tar is not what was pulled")]


def test_packages_without_a_signature_are_taken_from_billql_alone(world: World) -> None:
    ship(world, "1.0.0")
    index = Bundle(world.shipped.registry).read("index.json", 10_000)
    (world.shipped.registry / "index.json").write_bytes(index)
    with pytest.raises(RegistryError, match="The index is not a signed one"):
        world.registry(Folder(world.shipped.registry)).pull("acme")
    assert world.store.providers() == []


def test_a_trusted_key_goes_on_from_what_shipped(world: World) -> None:
    """And what ships goes on from what somebody signed: it is trusted as the code is."""
    ship(world, "1.0.0")
    with connect(world.data, shipped=world.shipped) as registry:
        registry.pull("acme")
    world.release("1.1.0", signer=OWN)
    assert world.registry().pull("acme").new
    ship(world, "1.2.0")
    with connect(world.data, shipped=world.shipped) as registry:
        assert registry.pull("acme").new
    assert world.sound() == ["1.0.0", "1.1.0", "1.2.0"]
