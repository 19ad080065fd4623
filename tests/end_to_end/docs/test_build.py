"""`billql docs build`: what is committed is what it writes, whoever writes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from billql.cli import main
from billql.docs.samples import NoSamples, SandboxSamples
from billql.errors import Exit
from support.paths import ROOT

from .conftest import REFERENCE


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def build(output: Path, *options: str) -> int:
    return main(["docs", "build", "--output", str(output), *options])


@pytest.fixture
def unsampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the samples out of the pages, which take their time."""
    monkeypatch.setattr(SandboxSamples, "values", NoSamples.values)
    monkeypatch.setattr(SandboxSamples, "result", NoSamples.result)


def test_another_process_writes_what_is_committed(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "billql", "docs", "build"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "1", "TZ": "Pacific/Apia", "LC_ALL": "C"},
        check=True,
        capture_output=True,
    )
    made, committed = files(tmp_path / "docs" / "reference"), files(REFERENCE)
    assert set(made) == set(committed), "run: make docs"
    assert [name for name in made if made[name] != committed[name]] == [], "run: make docs"


def test_pages_of_other_providers_are_made_too(tmp_path: Path, unsampled: None) -> None:
    definitions = ROOT / "bench" / "definitions"
    assert build(tmp_path, "--definitions", str(definitions)) == 0
    made = files(tmp_path)
    assert {"bench/index.md", "bench/lists/index.md", "stripe/core/payouts.md"} <= set(made)
    assert "(bench/index.md)" in made["index.md"].decode()


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, unsampled: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert build(tmp_path / "file") == Exit.OUTPUT
    assert "cannot be written" in capsys.readouterr().err
