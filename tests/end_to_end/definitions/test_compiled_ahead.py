"""Other processes compile what a list comes to last; the list is the same with them and without."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from billql.definitions.catalog import Catalog
from billql.definitions.stackql import folder as stackql_folder
from billql.definitions.stackql.ahead import ahead, compile_all
from billql.definitions.stackql.folder import StackqlFolder
from support.stackql.harbor import DOCUMENTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DOCUMENTS / "v00.00.00000", tmp_path / "root" / "harbor"))


def services(folder: Path, cache: Path) -> list[tuple[StackqlFolder, str]]:
    source = StackqlFolder(folder, cache)
    return [(source, service) for service in source.services()]


def names(cache: Path) -> set[str]:
    return {path.relative_to(cache).as_posix() for path in cache.rglob("*.service")}


def test_they_compile_what_there_is(folder: Path, tmp_path: Path) -> None:
    cache, alone = tmp_path / "cache", tmp_path / "alone"
    with ahead(services(folder, cache), cache, least=0, cores=3) as processes:
        assert [process.wait(60) for process in processes] == [0, 0]
    for service in ("dues", "ships"):
        StackqlFolder(folder, alone).compile(service)
    assert names(cache) == names(alone), "what is broken is left out"
    for name in names(alone):
        assert (cache / name).read_bytes() == (alone / name).read_bytes()


def test_they_end_with_the_list(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with ahead(services(folder, cache) * 20_000, cache, least=0, cores=2) as processes:
        assert len(processes) == 1
    assert processes[0].returncode is not None


def test_processes_of_two_versions_read_what_they_have_made_themselves(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    replaced = 0
    with ahead(services(folder, cache) * 5_000, cache, least=0, cores=3) as processes:
        monkeypatch.setattr(stackql_folder, "rules_state", lambda: "other rules")
        expected = StackqlFolder(folder, None).summaries("ships")
        while replaced < 5 and None in [process.poll() for process in processes]:
            here = StackqlFolder(folder, cache)
            replaced += not here.is_compiled("ships")
            assert here.summaries("ships") == expected
    assert replaced == 5
    assert len(names(cache)) == 2, "one for each service that is no broken one"


def test_there_are_none_for_little_work(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with ahead(services(folder, cache), cache, cores=2) as processes:
        assert processes == []
    known = [one for one in services(folder, cache) if one[1] != "broken"]
    for source, service in known:
        source.compile(service)
    with ahead(services(folder, cache), cache, least=0, cores=2) as processes:
        assert processes == [], "the cache has all of them but a broken one"
    with ahead([], cache, least=0, cores=2) as processes:
        assert processes == []


def test_a_list_goes_on_if_they_cannot_start(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no" / "python3"))
    with ahead(services(folder, cache), cache, least=0, cores=2) as processes:
        assert processes == []
    monkeypatch.setattr(sys, "executable", "/usr/sbin/a-web-server")
    with ahead(services(folder, cache), cache, least=0, cores=2) as processes:
        assert processes == [], "it is not Python"


def test_a_list_goes_on_if_they_cannot_write(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.write_text("a file")
    compile_all([b'["%s", "ships"]' % str(folder).encode()], cache)
    catalog = Catalog([tmp_path / "root"], cache)
    with catalog.ahead([("harbor", "ships")]):
        assert [one.name for one in catalog.summaries("harbor", "ships")][:1] == ["ships"]
