"""Pulling: what does not hold is refused, and what was installed stays."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from billql.errors import BadResponse, Error, UnknownName
from billql.registry import RegistryError, naming
from billql.registry.build import build
from billql.registry.client import Listed, Pulled, connect
from billql.registry.index import Index, Release, encode, release_of
from billql.registry.package import PACKAGE_LIMIT, pack
from billql.registry.source import Folder
from support.registry.making import OTHER, OWN, PROVIDER, SERVICE, World, define


def refused(world: World, version: str | None = None, *sources: Folder) -> Error:
    """Pull what must be refused; whatever was installed is still there, and sound."""
    before = world.sound()
    with pytest.raises(Error) as caught:
        world.registry(*sources).pull("acme", version)
    assert world.sound() == before
    left = world.data / "packages"
    assert not left.exists() or [path.name for path in left.iterdir()] == ["acme"][: len(before)]
    return caught.value


def publish(
    world: World,
    version: str,
    package: bytes,
    release: Release | None = None,
    issued: int = 100,
) -> None:
    """Sign a package without the care that building takes."""
    providers = {"acme": {version: release or release_of(package)}}
    index = Index(billql=1, issued=issued, providers=providers)
    (world.built / "acme").mkdir(parents=True, exist_ok=True)
    (world.built / naming.package_path("acme", version)).write_bytes(package)
    (world.built / naming.INDEX).write_bytes(OWN.seal(encode(index)))


def packed(version: str, service: str = SERVICE.format(resource="invoices")) -> bytes:
    files = {"provider.yaml": PROVIDER.format(version=version), "billing.yaml": service}
    return pack({name: text.encode() for name, text in files.items()})


# What goes well.


def test_a_version_is_pulled(world: World) -> None:
    world.release("1.0.0")
    folder = world.data / "packages" / "acme" / "1.0.0"
    assert world.registry().pull("Acme") == Pulled("acme", "1.0.0", True, True, folder)
    source = world.definitions / "acme"
    for path in source.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert world.registry().pull("acme") == Pulled("acme", "1.0.0", False, True, folder)
    assert world.sound() == ["1.0.0"]


def test_versions_stand_side_by_side(world: World) -> None:
    for version in ("0.9.0", "0.10.0", "0.2.0"):
        world.release(version)
    assert world.registry().pull("acme").version == "0.10.0"
    assert not world.registry().pull("acme", "0.2.0").in_use
    assert world.sound() == ["0.2.0", "0.10.0"]


def test_a_pin_says_what_is_pulled(world: World) -> None:
    for version in ("1.0.0", "1.1.0"):
        world.release(version)
    pulled = world.registry(acme="1.0.0").pull("acme")
    assert (pulled.version, pulled.in_use) == ("1.0.0", True)
    pulled = world.registry(acme="1.0.0").pull("acme", "1.1.0")
    assert (pulled.version, pulled.in_use) == ("1.1.0", False)


def test_what_there_is(world: World) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        world.release(version)
    world.release("0.1.0", "zenith")
    define(world.shipped.definitions, "1.1.0")
    define(world.shipped.definitions, "2.0.0", "stripe")
    for version in ("1.0.0", "1.2.0"):
        world.registry().pull("acme", version)
    sizes = {path.stem: path.stat().st_size for path in (world.built / "acme").iterdir()}
    place = str(world.built)
    acme = [
        Listed("acme", version, status, sizes[version], place)
        for version, status in (
            ("1.3.0", "available"),
            ("1.2.0", "in use"),
            ("1.1.0", "built in"),
            ("1.0.0", "installed"),
        )
    ]
    assert world.registry().versions("ACME") == acme
    stripe, zenith = world.registry().versions()[4:]
    assert stripe == Listed("stripe", "2.0.0", "in use", None, None)
    assert zenith[:3] == ("zenith", "0.1.0", "available")
    # A pin on what is not there: nothing is in use.
    pinned = world.registry(acme="3.0.0").versions("acme")
    assert [one.status for one in pinned] == ["available", "installed", "built in", "installed"]
    with pytest.raises(UnknownName, match="no provider zenit") as caught:
        world.registry().versions("zenit")
    assert caught.value.hint == "Did you mean zenith?"


def test_the_registry_that_ships_goes_before_the_one_that_is_configured(world: World) -> None:
    world.release("1.0.0")
    world.built.rename(world.shipped.registry)
    world.release("1.0.0")
    world.release("1.1.0")
    with connect(world.data, registries=world.registries, shipped=world.shipped) as registry:
        listed = [(one.version, one.source) for one in registry.versions()]
        assert listed == [("1.1.0", str(world.built)), ("1.0.0", "billql itself")]
        assert registry.pull("acme").version == "1.1.0"
    with connect(world.data, shipped=world.shipped) as registry:
        assert [one.source for one in registry.versions()] == [None, "billql itself"]
    for place in ("own", str(world.built)):
        with connect(
            world.data, place, registries=world.registries, shipped=world.shipped
        ) as registry:
            assert {one.source for one in registry.versions()} == {str(world.built)}


def test_what_is_found_first_needs_no_other_source(world: World, tmp_path: Path) -> None:
    world.release("1.0.0")
    nowhere = Folder(tmp_path / "nowhere")
    assert world.registry(Folder(world.built), nowhere).pull("acme", "1.0.0").new
    with pytest.raises(RegistryError, match="nowhere"):
        world.registry(Folder(world.built), nowhere).pull("acme")


# What is refused.


def test_names_that_are_not_there(world: World) -> None:
    world.release("1.0.0")
    with pytest.raises(UnknownName, match="no provider acne"):
        world.registry().pull("acne")
    with pytest.raises(UnknownName, match=r"no version acme 1\.0\.1"):
        world.registry().pull("acme", "1.0.1")
    with pytest.raises(UnknownName, match=r"no version acme \.\./"):
        world.registry().pull("acme", "../../1.0.0")


def test_a_folder_without_a_registry(world: World, tmp_path: Path) -> None:
    error = refused(world, None, Folder(tmp_path))
    assert "index.json cannot be read" in error.message


def test_an_index_by_a_key_that_is_not_trusted(world: World) -> None:
    world.release("1.0.0", signer=OTHER)
    assert f"not trusted here: {OTHER.public}" in refused(world).message


def test_an_index_that_goes_back(world: World) -> None:
    world.release("1.0.0")
    old = (world.built / naming.INDEX).read_bytes()
    world.release("1.1.0")
    world.registry().versions()
    (world.built / naming.INDEX).write_bytes(old)
    error = refused(world)
    assert "gone back from number 2 to number 1" in error.message
    # What the hint says, works.
    path = Path((error.hint or "").rpartition("delete ")[2].rstrip("."))
    for file in path.iterdir():
        assert file.read_text() == f"{world.built}\n"
        file.unlink()
    assert world.registry().pull("acme").version == "1.0.0"


def test_an_index_that_is_held_back_counts_until_its_day_has_passed(world: World) -> None:
    """A server that shows an old index for ever (freeze) is noticed when that has expired."""
    world.release("1.0.0", expires=date(2026, 3, 4))
    assert world.registry().pull("acme").new
    world.today = date(2026, 3, 5)
    error = refused(world, "1.0.0")
    assert "The index has expired on 2026-03-04" in error.message
    # What is installed goes on being used, and is verified.
    assert world.sound() == ["1.0.0"]
    world.release("1.0.0", expires=date(2026, 6, 30))
    assert not world.registry().pull("acme").new
    world.today = date(2026, 7, 1)
    refused(world)
    world.release("1.0.0")
    world.registry().pull("acme")


def test_each_source_has_its_own_numbers(world: World, tmp_path: Path) -> None:
    for version in ("1.0.0", "1.1.0"):
        world.release(version)
    world.registry().versions()
    world.built.rename(tmp_path / "moved")
    world.release("1.0.0")
    refused(world)
    world.built.rename(tmp_path / "other")
    assert world.registry(Folder(tmp_path / "other")).pull("acme").version == "1.0.0"


def test_a_version_goes_back_only_when_it_is_named(world: World, tmp_path: Path) -> None:
    world.release("1.0.0")
    old = Folder(world.built)
    world.built.rename(tmp_path / "old")
    old = Folder(tmp_path / "old")
    world.release("2.0.0")
    world.registry().pull("acme")
    error = refused(world, None, old)
    assert "1.0.0, is older than 2.0.0, which is installed" in error.message
    assert "billql registry pull acme 1.0.0" in (error.hint or "")
    assert world.registry(old).pull("acme", "1.0.0").new
    assert world.sound() == ["1.0.0", "2.0.0"]


def test_a_package_that_is_not_the_one_that_was_signed(world: World) -> None:
    world.release("1.0.0")
    world.registry().pull("acme")
    world.release("1.1.0")
    path = world.built / "acme" / "1.1.0.tar"
    whole = path.read_bytes()
    for content in (whole[:-1], whole[:-512], b"", packed("1.2.0")):
        path.write_bytes(content)
        assert "not what was released" in refused(world).message
    path.write_bytes(whole + b"\0")
    error = refused(world)
    assert isinstance(error, BadResponse)
    assert f"larger than {len(whole)} bytes" in error.message
    path.unlink()
    assert "cannot be read" in refused(world).message
    path.write_bytes(whole)
    assert world.registry().pull("acme").version == "1.1.0"


@pytest.mark.parametrize(
    ("package", "problem"),
    [
        (b"", "size"),
        (b"not a tar", "not a plain tar"),
        (packed("1.1.0")[:-512], "not laid out"),
        (packed("1.0.0"), "of another version: 1.0.0"),
        (packed("1.1.0", "billql: 1\nresources: 5\n"), "A definition is not valid"),
        (packed("1.1.0", "billql: 2\n"), "A definition is not valid"),
        (packed("1.1.0", "!!python/object/apply:os.system ['true']"), "tag"),
        (pack({"billing.yaml": b""}), "provider.yaml"),
        (pack({}), "provider.yaml"),
    ],
)
def test_a_signed_package_that_does_not_hold(world: World, package: bytes, problem: str) -> None:
    """A key that is trusted may be in bad hands, or in careless ones."""
    world.release("1.0.0")
    world.registry().pull("acme")
    publish(world, "1.1.0", package)
    assert problem in refused(world).message


def test_an_index_that_is_too_large(world: World) -> None:
    world.release("1.0.0")
    with (world.built / naming.INDEX).open("ab") as file:
        file.truncate(1 << 40)
    assert "larger than" in refused(world).message


def test_a_package_that_is_said_to_be_too_large(world: World) -> None:
    huge = Release(sha256="0" * 64, size=PACKAGE_LIMIT + 1)
    publish(world, "1.0.0", b"", huge)
    assert "size" in refused(world).message


def test_another_package_under_the_same_number(world: World) -> None:
    world.release("1.0.0")
    world.registry().pull("acme")
    publish(world, "1.0.0", packed("1.0.0", SERVICE.format(resource="credits")))
    error = refused(world)
    assert "has something else under the same number" in error.message
    world.registry().remove("acme", "1.0.0")
    assert world.registry().pull("acme").new


# Whose provider it is.


def test_a_trusted_key_brings_out_what_is_its_own(world: World) -> None:
    world.trust("others", OTHER)
    world.release("1.0.0", signer=OTHER)
    assert world.registry().pull("acme").new
    assert world.sound() == ["1.0.0"]
    world.trust("others", OTHER, "zenith")
    (verified,) = world.registry().verify()
    assert "others is not trusted for the provider acme" in (verified.problem or "")
    del world.registries["others"]
    (verified,) = world.registry().verify()
    assert "not trusted" in (verified.problem or "")


def test_what_ships_with_billql_is_not_anybodys(world: World) -> None:
    define(world.shipped.definitions, "1.0.0")
    world.trust("others", OTHER)
    world.release("1.1.0", signer=OTHER)
    error = refused(world)
    assert "others is not trusted for the provider acme" in error.message
    world.trust("others", OTHER, "acme")
    assert world.registry().pull("acme").in_use


def test_what_a_key_may_not_sign_stands_in_nobodys_way(world: World, tmp_path: Path) -> None:
    define(world.shipped.definitions, "1.0.0")
    world.release("1.0.0")
    world.built.rename(tmp_path / "own")
    world.trust("others", OTHER)
    world.release("1.1.0", signer=OTHER)
    registry = world.registry(Folder(tmp_path / "own"), Folder(world.built))
    assert [one.version for one in registry.versions()] == ["1.0.0"]
    assert registry.pull("acme").version == "1.0.0"
    with pytest.raises(RegistryError, match="others is not trusted for the provider acme"):
        registry.pull("acme", "1.1.0")


def test_a_new_key_of_a_registry_takes_over(world: World, tmp_path: Path) -> None:
    """While both are named, what either has signed is pulled over what the other has."""
    world.release("1.0.0")
    world.registry().pull("acme")
    define(world.definitions, "1.1.0")
    build(world.definitions, world.built, OTHER, {OWN.public})
    assert f"not trusted here: {OTHER.public}" in refused(world).message
    old = world.registries["own"]
    world.registries["own"] = replace(old, keys=(*old.keys, OTHER.public))
    assert world.registry().pull("acme").version == "1.1.0"
    assert world.sound() == ["1.0.0", "1.1.0"]
    # Without the old one, what it has signed is no longer vouched for.
    world.registries["own"] = replace(old, keys=(OTHER.public,))
    problems = {one.version: one.problem for one in world.registry().verify("acme")}
    assert problems.pop("1.1.0") is None
    assert f"not trusted here: {OWN.public}" in (problems.pop("1.0.0") or "")


def test_a_mirror_serves_what_is_signed_by_the_original(world: World, tmp_path: Path) -> None:
    world.release("1.0.0")
    mirror = shutil.copytree(world.built, tmp_path / "mirror")
    shutil.rmtree(world.built)
    with connect(world.data, str(mirror), registries=world.registries) as registry:
        assert registry.pull("acme").new
    assert world.sound() == ["1.0.0"]


def test_a_provider_stays_with_who_signed_it(world: World) -> None:
    world.release("1.0.0")
    world.registry().pull("acme")
    world.trust("others", OTHER)
    world.definitions.rename(world.definitions.parent / "before")
    world.built.rename(world.built.parent / "built before")
    world.release("1.1.0", signer=OTHER)
    for file in (world.data / "seen").rglob("1"):
        file.unlink()
    error = refused(world)
    assert "1.1.0 is signed by another key than 1.0.0, which is installed" in error.message
    world.registry().remove("acme")
    assert world.registry().pull("acme").version == "1.1.0"
