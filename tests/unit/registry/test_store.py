"""Installed packages: side by side, whole or not there, and one of them chosen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from billql.definitions.catalog import Catalog
from billql.errors import InterfaceError, OperationalError
from billql.registry.shipped import Shipped
from billql.registry.store import Store
from support.registry.making import World, define

BUILT_IN = {"stripe": "0.2.0"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def install(store: Store, provider: str, *versions: str) -> None:
    for version in versions:
        assert store.install(provider, version, {"a.yaml": b""}, lambda folder: None)


def chosen(store: Store, pins: Mapping[str, str] | None = None) -> dict[str, str]:
    found = store.chosen(pins or {}, BUILT_IN.get)
    assert all(folder == store.folder(name, folder.name) for name, folder in found.items())
    return {name: folder.name for name, folder in found.items()}


def test_nothing_is_installed(store: Store) -> None:
    assert store.providers() == []
    assert chosen(store) == {}


def test_the_newest_is_chosen(store: Store) -> None:
    install(store, "acme", "0.9.0", "0.10.0", "0.2.0")
    install(store, "zenith", "1.0.0")
    assert store.versions("acme") == ["0.2.0", "0.9.0", "0.10.0"]
    assert chosen(store) == {"acme": "0.10.0", "zenith": "1.0.0"}


def test_a_pin_chooses(store: Store) -> None:
    install(store, "acme", "0.9.0", "0.10.0")
    assert chosen(store, {"acme": "0.9.0"}) == {"acme": "0.9.0"}
    for pins in ({"acme": "0.3.0"}, {"nosuch": "0.3.0"}, {"../acme": "0.9.0"}):
        with pytest.raises(InterfaceError, match=r"is pinned to version 0\..\.0, which is not"):
            chosen(store, pins)


def test_what_ships_with_billql_counts_as_a_version(store: Store) -> None:
    install(store, "stripe", "0.1.0")
    assert chosen(store) == {}
    assert chosen(store, {"stripe": "0.1.0"}) == {"stripe": "0.1.0"}
    assert chosen(store, {"stripe": "0.2.0"}) == {}
    install(store, "stripe", "0.2.0")
    assert chosen(store) == {}
    assert chosen(store, {"stripe": "0.2.0"}) == {"stripe": "0.2.0"}
    install(store, "stripe", "0.3.0")
    assert chosen(store) == {"stripe": "0.3.0"}


def test_only_what_is_named_as_versions_are_is_one(store: Store) -> None:
    install(store, "acme", "1.0.0")
    root = store.folder("acme", "1.0.0").parent.parent
    for name in ("acme/latest", "acme/2.0", "Zenith/1.0.0", ".new-1/1.0.0", "empty"):
        (root / name).mkdir(parents=True)
    (root / "README").write_text("")
    assert (store.providers(), store.versions("acme")) == (["acme"], ["1.0.0"])


def test_a_version_that_is_there_stays(store: Store) -> None:
    install(store, "acme", "1.0.0")
    assert not store.install("acme", "1.0.0", {"b.yaml": b""}, lambda folder: None)
    assert store.read("acme", "1.0.0") == {"a.yaml": b""}
    assert leftovers(store) == []


def leftovers(store: Store) -> list[str]:
    root = store.folder("acme", "1.0.0").parent.parent
    return [path.name for path in root.iterdir() if path.name != "acme"]


def test_what_a_check_refuses_leaves_nothing(store: Store) -> None:
    def check(folder: Path) -> None:
        assert (folder / "a.yaml").read_bytes() == b"new"
        raise InterfaceError("no")

    with pytest.raises(InterfaceError, match="no"):
        store.install("acme", "1.0.0", {"a.yaml": b"new"}, check)
    assert (store.providers(), leftovers(store)) == ([], [])


def test_what_a_killed_process_has_left_is_swept_up(store: Store) -> None:
    install(store, "acme", "1.0.0")
    root = store.folder("acme", "1.0.0").parent.parent
    for name in (".new-old", ".new-young"):
        (root / name).mkdir()
        (root / name / "a.yaml").write_text("")
    yesterday = (root / "acme").stat().st_mtime - 25 * 60 * 60
    os.utime(root / ".new-old", (yesterday, yesterday))
    os.utime(root / "acme", (yesterday, yesterday))
    install(store, "acme", "1.1.0")
    assert leftovers(store) == [".new-young"]
    assert store.versions("acme") == ["1.0.0", "1.1.0"]


def test_what_is_removed_is_gone(store: Store) -> None:
    install(store, "acme", "1.0.0", "1.1.0")
    store.remove("acme", "1.0.0")
    assert store.versions("acme") == ["1.1.0"]
    store.remove("acme", "1.1.0")
    assert (store.providers(), leftovers(store)) == ([], [])
    assert not store.folder("acme", "1.0.0").parent.exists()


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("A file, not a folder.")
    store = Store(tmp_path / "data")
    assert store.providers() == []
    with pytest.raises(OperationalError, match="cannot be installed"):
        install(store, "acme", "1.0.0")
    with pytest.raises(OperationalError, match="cannot be removed"):
        store.remove("acme", "1.0.0")


def test_a_catalog_reads_what_is_chosen(world: World) -> None:
    world.release("1.0.0")
    world.registry().pull("acme")
    define(world.shipped.definitions, "0.9.0", services={"usage": "hours"})
    catalog = Catalog([world.store.chosen({}, world.shipped.version), world.shipped.definitions])
    assert catalog.provider("acme").version == "1.0.0"
    assert list(catalog.names()) == ["acme.billing.invoices"]


def test_the_versions_that_ship_are_found_without_yaml(tmp_path: Path) -> None:
    shipped = Shipped()
    catalog = Catalog()
    assert "digitalocean" in shipped.providers()
    for provider in shipped.providers():
        assert shipped.version(provider) == catalog.provider(provider).version
    assert shipped.version("nosuch") is None
    path = define(tmp_path, "1.0.0") / "provider.yaml"
    own = Shipped(tmp_path, tmp_path)
    assert own.version("acme") == "1.0.0"
    for text in ("", "version: latest\n", "# version: 1.0.0\n", "version: [1.0.0]\n"):
        path.write_text(text)
        assert own.version("acme") is None


# Killed at any moment.
