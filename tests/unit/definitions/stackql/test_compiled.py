"""What a service was compiled to is what its document says, and is made again if it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from billql.definitions.stackql import folder as stackql_folder
from billql.definitions.stackql.folder import StackqlFolder
from billql.errors import DefinitionError, NotSupportedError
from support.stackql.harbor import DOCUMENTS

VERSION = DOCUMENTS / "v00.00.00000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A provider whose names no definition of billql's own may have."""
    folder = tmp_path / "harbor"
    shutil.copytree(VERSION, folder)
    ships = folder / "services" / "ships.yaml"
    ships.write_text(ships.read_text().replace("tonnage", "TonnageOf"))
    return folder


def content(source: StackqlFolder) -> dict[str, object]:
    """Return all that a source says, save for the services that are broken."""
    found: dict[str, object] = {}
    for service in ("dues", "ships"):
        found[service] = source.resources(service), source.summaries(service)
        for name in source.resources(service):
            found[f"{service}.{name}"] = msgspec.json.encode(source.find(service, name))
    return found


def files(cache: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in cache.rglob("*.service")}


def test_it_says_what_the_document_says(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    made = content(StackqlFolder(folder, cache))
    written = files(cache)
    assert content(StackqlFolder(folder, cache)) == made == content(StackqlFolder(folder, None))
    assert files(cache) == written, "nothing is compiled twice"
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in (cache / "x", *written)} == {0o700}
    summaries = {one.name: one for one in StackqlFolder(folder, cache).summaries("ships")}
    ships = StackqlFolder(folder, cache).find("ships", "ships").resource
    assert "TonnageOf" in ships.columns
    assert summaries["ships"].columns == tuple(ships.columns)
    assert (summaries["ships"].description, summaries["ships"].refusal) == (ships.description, None)
    assert summaries["manifests"].columns == ()
    why = summaries["manifests"].refusal
    assert why is not None
    assert why.startswith("harbor.ships.manifests cannot be read: it needs a response of type")
    assert "launches" not in summaries
    with pytest.raises(NotSupportedError, match="no method of it reads"):
        StackqlFolder(folder, cache).find("ships", "launches")


@pytest.mark.parametrize("damage", [b"", b"\x00" * 9, None])
def test_a_damaged_file_is_made_again(folder: Path, tmp_path: Path, damage: bytes | None) -> None:
    cache = tmp_path / "cache"
    made = content(StackqlFolder(folder, cache))
    for path in files(cache):
        whole = path.read_bytes()
        path.write_bytes(whole[:-9] + whole[-8:] if damage is None else damage)
    assert content(StackqlFolder(folder, cache)) == made
    assert all(len(path.read_bytes()) > 100 for path in files(cache))


def test_a_file_is_for_one_folder_its_settings_and_its_content(
    folder: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    StackqlFolder(folder, cache).resources("ships")
    for file in ("provider.yaml", "services/ships.yaml"):
        (kept,) = files(cache)
        content = kept.read_bytes()
        path = folder / file
        path.write_text(f"{path.read_text()}\n# another text\n")
        assert not StackqlFolder(folder, cache).is_compiled("ships")
        StackqlFolder(folder, cache).resources("ships")
        assert list(files(cache)) == [kept], "what was made of the old text is replaced"
        assert kept.read_bytes() != content
        assert StackqlFolder(folder, cache).is_compiled("ships")
    other = folder.rename(tmp_path / "haven")
    example = StackqlFolder(other, cache).find("ships", "ships").resource.examples[0]
    assert example.sql.startswith("SELECT * FROM haven.ships.ships")


def test_a_file_is_for_one_version(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    made = content(StackqlFolder(folder, cache))
    written = files(cache)
    monkeypatch.setattr(stackql_folder, "rules_state", lambda: "other rules")
    assert not StackqlFolder(folder, cache).is_compiled("ships")
    assert content(StackqlFolder(folder, cache)) == made
    assert files(cache).keys() == written.keys(), "what older rules have made is replaced"
    assert StackqlFolder(folder, cache).is_compiled("ships")
    monkeypatch.undo()
    assert not StackqlFolder(folder, cache).is_compiled("ships")


def test_a_broken_document_is_broken_again(folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(DefinitionError, match=r"broken\.yaml:\d+: not YAML"):
            StackqlFolder(folder, tmp_path / "cache").resources("broken")


def test_a_cache_that_cannot_be_written_is_only_slower(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    found = StackqlFolder(folder, tmp_path / "cache")
    assert content(found) == content(StackqlFolder(folder, None))
