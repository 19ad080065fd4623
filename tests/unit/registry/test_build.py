"""Building: the same definitions give the same registry, and what is released never changes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from billql.errors import DefinitionError, Error, InterfaceError, OperationalError
from billql.registry import RegistryError
from billql.registry.build import Built, build, check
from billql.registry.package import unpack
from support.registry.making import OTHER, OWN, define


@pytest.fixture
def root(tmp_path: Path) -> Path:
    define(tmp_path / "definitions", "1.0.0")
    return tmp_path / "definitions"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "built"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_registry_has_the_packages_and_an_index(root: Path, output: Path) -> None:
    define(root, "0.3.0", "zenith", {"usage": "hours", "billing": "credits"})
    assert build(root, output, OWN) == [
        Built("acme", "1.0.0", True),
        Built("zenith", "0.3.0", True),
    ]
    assert set(contents(output)) == {"index.json", "acme/1.0.0.tar", "zenith/0.3.0.tar"}
    index = check(output, {OWN.public})
    assert index.issued == 1
    packed = unpack((output / "zenith" / "0.3.0.tar").read_bytes())
    assert packed == contents(root / "zenith")


def test_the_same_definitions_give_the_same_bytes(root: Path, output: Path, tmp_path: Path) -> None:
    build(root, output, OWN)
    before = contents(output)
    assert build(root, output, OWN) == [Built("acme", "1.0.0", False)]
    assert contents(output) == before
    build(root, tmp_path / "elsewhere", OWN)
    assert contents(tmp_path / "elsewhere") == before


def test_another_last_day_is_a_newer_index(root: Path, output: Path) -> None:
    """So that the one before cannot be shown in its place."""
    build(root, output, OWN, expires=date(2026, 3, 4))
    before = contents(output)
    assert build(root, output, OWN, expires=date(2026, 3, 4)) == [Built("acme", "1.0.0", False)]
    assert contents(output) == before
    build(root, output, OWN, expires=date(2026, 6, 30))
    index = check(output, {OWN.public})
    assert (index.issued, index.expires) == (2, date(2026, 6, 30))
    build(root, output, OWN)
    index = check(output, {OWN.public})
    assert (index.issued, index.expires) == (3, None)


def test_earlier_versions_stay(root: Path, output: Path) -> None:
    build(root, output, OWN)
    before = contents(output)
    define(root, "1.1.0", services={"usage": "hours"})
    assert build(root, output, OWN) == [Built("acme", "1.1.0", True)]
    after = contents(output)
    assert after.keys() == before.keys() | {"acme/1.1.0.tar"}
    assert after["acme/1.0.0.tar"] == before["acme/1.0.0.tar"]
    index = check(output, {OWN.public})
    assert (index.issued, list(index.providers["acme"])) == (2, ["1.0.0", "1.1.0"])


def test_a_provider_that_is_not_built_any_more_stays(root: Path, output: Path) -> None:
    build(root, output, OWN)
    (root / "acme").rename(root / "zenith")
    build(root, output, OWN)
    assert set(check(output, {OWN.public}).providers) == {"acme", "zenith"}


def test_a_version_never_changes(root: Path, output: Path) -> None:
    build(root, output, OWN)
    before = contents(output)
    define(root, "1.0.0", services={"billing": "credits"})
    with pytest.raises(RegistryError, match=r"version 1\.0\.0 is in the registry") as caught:
        build(root, output, OWN)
    assert caught.value.hint == "Raise `version` in acme/provider.yaml."
    assert contents(output) == before
    assert build(root, output, OWN, replace=True) == [Built("acme", "1.0.0", True)]
    assert check(output, {OWN.public}).issued == 2


def test_an_index_of_somebody_else_is_not_signed(root: Path, output: Path) -> None:
    build(root, output, OTHER)
    before = contents(output)
    define(root, "1.1.0")
    with pytest.raises(RegistryError, match="not trusted"):
        build(root, output, OWN)
    assert contents(output) == before
    build(root, output, OWN, {OTHER.public})
    assert check(output, {OWN.public}).issued == 2


def test_a_change_of_the_key_alone_signs_anew(root: Path, output: Path) -> None:
    build(root, output, OTHER)
    assert build(root, output, OWN, {OTHER.public}) == [Built("acme", "1.0.0", False)]
    assert check(output, {OWN.public}).issued == 1


@pytest.mark.parametrize("name", ["index.json", "acme/1.0.0.tar"])
def test_what_was_tampered_with_is_not_signed(root: Path, output: Path, name: str) -> None:
    build(root, output, OWN)
    data = bytearray((output / name).read_bytes())
    data[len(data) // 2] ^= 1
    (output / name).write_bytes(data)
    define(root, "1.1.0")
    with pytest.raises(RegistryError):
        build(root, output, OWN)
    assert not (output / "acme" / "1.1.0.tar").exists()


def test_a_package_that_is_gone(root: Path, output: Path) -> None:
    build(root, output, OWN)
    (output / "acme" / "1.0.0.tar").unlink()
    with pytest.raises(RegistryError, match="cannot be read"):
        build(root, output, OWN)


def test_definitions_with_a_mistake_are_not_packed(root: Path, output: Path) -> None:
    (root / "acme" / "billing.yaml").write_text("billql: 1\nresources: 5\n")
    with pytest.raises(DefinitionError, match=r"billing\.yaml"):
        build(root, output, OWN)
    assert not output.exists()


def test_what_cannot_be_packed(root: Path, output: Path, tmp_path: Path) -> None:
    def refused(root: Path) -> Error:
        with pytest.raises(Error) as caught:
            build(root, output, OWN)
        assert not output.exists()
        return caught.value

    nothing = refused(tmp_path / "nothing")
    assert isinstance(nothing, InterfaceError)
    assert "has no providers" in nothing.message
    (root / "acme").rename(root / "Acme")
    assert "Acme 1.0.0 is not the name" in refused(root).message
    (root / "Acme").rename(root / "acme")
    define(root, "1.00.0")
    assert "acme 1.00.0 is not the name" in refused(root).message
    define(root, "1.0.0", services={"my-bills": "invoices"})
    assert "my-bills.yaml" in refused(root).message


def test_a_place_that_cannot_be_written(root: Path, output: Path) -> None:
    output.write_text("A file, not a folder.")
    with pytest.raises(OperationalError, match="cannot be written"):
        build(root, output, OWN)
