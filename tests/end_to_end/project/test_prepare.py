"""What the tests use beside Python's packages is found, installed, or missed aloud."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import TESTS

APT = """#!/bin/sh
echo "$@" >> {calls}
case "$*" in *install*) /bin/cp {program} {bin}/{makes};; esac
"""
NAMES = ("chromium", "less")
"""Two programs, which stand for all of them."""
BOTH = "chromium fonts-dejavu-core less"


@pytest.fixture
def bin(tmp_path: Path) -> Path:
    """Make the only folder on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    """Write a program."""
    path.write_text(text)
    path.chmod(0o755)
    return path


def prepared(bin: Path, *, privileged: bool = True) -> str:
    """Return what is said where nothing but one folder is on the PATH."""
    script = f"import prepare; prepare.get_programs({privileged}, {NAMES})"
    environ = {name: text for name, text in os.environ.items() if name != "CHROMIUM"}
    environ |= {"PATH": str(bin), "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout


def apt(bin: Path, makes: str) -> Path:
    """Put an apt-get there that installs one program; return the file of its calls."""
    calls, made = bin.parent / "calls", program(bin.parent / "program")
    program(bin / "apt-get", APT.format(calls=calls, program=made, bin=bin, makes=makes))
    return calls


def test_what_is_there_is_not_installed(bin: Path) -> None:
    calls = apt(bin, "nothing")
    program(bin / "google-chrome")
    program(bin / "less")
    assert prepared(bin) == ""
    assert not calls.exists()


def test_what_is_not_there_is_installed(bin: Path) -> None:
    program(bin / "less")
    calls = apt(bin, "chromium")
    assert prepared(bin) == "Installing chromium, fonts-dejavu-core …\n"
    update, install = calls.read_text().splitlines()
    assert update.endswith(" update")
    assert install.endswith(" install --yes --no-install-recommends chromium fonts-dejavu-core")


def test_what_is_not_installed_after_all_is_named(bin: Path) -> None:
    calls = apt(bin, "less")
    said = prepared(bin).splitlines()
    assert said[0] == f"Installing {BOTH.replace(' ', ', ')} …"
    assert [line.split(":")[0] for line in said[1:]] == ["THERE IS NO CHROMIUM"]
    assert len(calls.read_text().splitlines()) == 2


@pytest.mark.parametrize("privileged", [True, False])
def test_who_cannot_install_is_told_what_to_do(bin: Path, privileged: bool) -> None:
    if not privileged:
        apt(bin, "chromium")
    said = prepared(bin, privileged=privileged)
    assert "THERE IS NO CHROMIUM" in said
    assert "THERE IS NO LESS" in said
    assert "`apt-get update && apt-get install chromium fonts-dejavu-core`" in said
    assert "Installing" not in said
