"""`billql docs build`: what is committed is what it writes, and what goes wrong is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from billql.cli import main
from billql.errors import Exit
from docs.conftest import ROOT, SITE


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def build(output: Path, *options: str) -> int:
    return main(["docs", "build", "--output", str(output), *options])


def guide(folder: Path, text: str, contents: str = "") -> Path:
    """Write a guide of one page."""
    folder.mkdir()
    (folder / "page.md").write_text(text)
    listed = contents or 'sections = [{title = "Guide", pages = ["page"]}]'
    (folder / "contents.toml").write_text(listed)
    return folder


def test_what_is_committed_is_what_is_generated(tmp_path: Path) -> None:
    assert build(tmp_path, "--pages", str(ROOT / "docs")) == 0
    made, committed = files(tmp_path), files(SITE)
    assert set(made) == set(committed), "run: make docs"
    assert [name for name in made if made[name] != committed[name]] == [], "run: make docs"


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    for seed, zone in (("1", "UTC"), ("2", "Pacific/Apia")):
        subprocess.run(
            [sys.executable, "-m", "billql", "docs", "build", "--target", "docusaurus"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            check=True,
            capture_output=True,
        )
        (tmp_path / "docs" / "docusaurus").rename(tmp_path / seed)
    assert files(tmp_path / "1") == files(tmp_path / "2") != {}


def test_without_pages_of_people_the_site_is_whole_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["docs", "build"]) == 0
    made = files(tmp_path / "docs" / "site")
    assert "digitalocean/billing/balances.html" in made
    assert "index.html" in made
    assert "cookbook.html" not in made


def test_pages_of_other_providers_are_made(tmp_path: Path) -> None:
    definitions = ROOT / "bench" / "definitions"
    assert build(tmp_path, "--definitions", str(definitions)) == 0
    assert {"bench/index.html", "bench/lists/index.html"} <= set(files(tmp_path))


@pytest.mark.parametrize("target", ["nowhere.md", "../README.md", "page.html", "missing.json"])
def test_a_link_that_leads_nowhere_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    pages = guide(tmp_path / "pages", f"# Page\n\nSee [this]({target}).\n")
    assert build(tmp_path / "site", "--pages", str(pages)) == Exit.USAGE
    assert f"page.md links to {target}" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("contents", "named"),
    [
        ('sections = [{title = "Guide", pages = ["other"]}]', "other.md"),
        ('files = ["picture.svg"]\nsections = []', "picture.svg"),
        ("sections = 3", "sections"),
        ('section = "typo"', "section"),
        ("= nothing", "contents.toml"),
    ],
)
def test_a_mistake_in_the_contents_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], contents: str, named: str
) -> None:
    pages = guide(tmp_path / "pages", "# Page\n", contents)
    assert build(tmp_path / "site", "--pages", str(pages)) == Exit.USAGE
    assert named in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert build(tmp_path / "file") == Exit.OUTPUT
    assert "cannot be written" in capsys.readouterr().err
