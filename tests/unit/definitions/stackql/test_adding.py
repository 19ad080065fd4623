"""Adding a provider: what is copied, what it is called, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from billql.cli import main
from billql.definitions.catalog import Catalog
from billql.definitions.shared import built_in_root
from billql.definitions.stackql import adding
from billql.definitions.stackql.adding import add, remove
from billql.errors import InterfaceError
from support.stackql.harbor import DOCUMENTS


def write(folder: Path, *versions: str) -> Path:
    for version in versions:
        services = folder / version / "services"
        services.mkdir(parents=True)
        (services / "a.yaml").write_text("paths: {}")
        (folder / version / "provider.yaml").write_text(
            f"{{name: acme, version: {version}, providerServices: "
            "{a: {service: {$ref: x/services/a.yaml}}, b: {service: {$ref: gone.yaml}}}}"
        )
    return folder


def test_a_provider_is_added_and_its_services_are_not_read(tmp_path: Path) -> None:
    assert add(DOCUMENTS, tmp_path) == ("harbor", 3)
    catalog = Catalog([tmp_path / "stackql", built_in_root()])
    assert "harbor" in catalog.providers()
    assert "digitalocean" in catalog.providers()


def test_the_newest_version_is_added(tmp_path: Path) -> None:
    folder = write(tmp_path / "acme", "v1.9.0", "v1.10.0", "draft")
    assert add(folder, tmp_path / "data") == ("acme", 1)
    added = tmp_path / "data" / "stackql" / "acme" / "provider.yaml"
    assert "v1.10.0" in added.read_text()


def test_a_version_may_be_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "acme", "v1.9.0", "v1.10.0")
    add(folder / "v1.9.0", tmp_path / "data")
    assert "v1.9.0" in (tmp_path / "data" / "stackql" / "acme" / "provider.yaml").read_text()


def test_adding_again_replaces(tmp_path: Path) -> None:
    data = tmp_path / "data"
    add(write(tmp_path / "one", "v1.0.0"), data)
    add(write(tmp_path / "two", "v2.0.0"), data, taken=["acme"])
    assert "v2.0.0" in (data / "stackql" / "acme" / "provider.yaml").read_text()
    assert [path.name for path in (data / "stackql").iterdir()] == ["acme"]


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    with pytest.raises(InterfaceError) as caught:
        add(DOCUMENTS, tmp_path, taken=["harbor"])
    assert caught.value.hint == "Give this one another name: --as NAME."
    assert add(DOCUMENTS, tmp_path, "port", ["harbor"]) == ("port", 3)
    assert Catalog([tmp_path / "stackql"]).table("port.ships.ships").name == "port.ships.ships"


@pytest.mark.parametrize("name", ["", "../x", "a.b", "A", "1a", "a b"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(InterfaceError, match="cannot be the name of a provider"):
        add(DOCUMENTS, tmp_path, name)


def test_what_is_no_provider(tmp_path: Path) -> None:
    with pytest.raises(InterfaceError, match="holds no provider"):
        add(tmp_path, tmp_path / "data")
    folder = write(tmp_path / "acme", "v1.0.0")
    (folder / "v1.0.0" / "services" / "a.yaml").unlink()
    with pytest.raises(InterfaceError, match="names no service"):
        add(folder, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_links_are_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "acme", "v1.0.0")
    secret = tmp_path / "secret"
    secret.write_text("x")
    (folder / "v1.0.0" / "services" / "b.yaml").symlink_to(secret)
    add(folder, tmp_path / "data")
    services = tmp_path / "data" / "stackql" / "acme" / "services"
    assert [path.name for path in services.iterdir()] == ["a.yaml"]


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "MAX_BYTES", 100)
    folder = write(tmp_path / "acme", "v1.0.0")
    (folder / "v1.0.0" / "services" / "a.yaml").write_text("x" * 101)
    with pytest.raises(InterfaceError, match="larger than"):
        add(folder, tmp_path / "data")


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("a file is in the way")
    with pytest.raises(InterfaceError, match="cannot be written"):
        add(DOCUMENTS, data)
    assert data.read_text() == "a file is in the way"


def test_a_provider_is_removed(tmp_path: Path) -> None:
    add(DOCUMENTS, tmp_path)
    assert remove("harbor", tmp_path)
    assert not remove("harbor", tmp_path)
    assert not remove("..", tmp_path)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["registry", "add-stackql", str(DOCUMENTS), "--data", str(tmp_path)]
    assert main([*words, "--as", "digitalocean"]) == 2
    assert "There is a provider called digitalocean already" in capsys.readouterr().err
    assert main(words) == 0
    assert capsys.readouterr().err == "Added harbor, with 3 services.\n"
