"""A cached definition is checked again when the rules have changed: another billql."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import billql
from support.acme import PROVIDER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "example.yaml"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "cache"


def test_other_rules_check_again(path: Path, cache: Path, tmp_path: Path) -> None:
    """What older rules have accepted is not taken from the cache."""
    path.write_text(PROVIDER)
    package = tmp_path / "copy" / "billql"
    ignored = shutil.ignore_patterns("__pycache__", "sandbox")
    shutil.copytree(Path(billql.__file__).parent, package, ignore=ignored)
    code = (
        "import sys; from pathlib import Path; "
        "from billql.definitions.yaml_file import read_provider; "
        "read_provider(Path(sys.argv[1]), Path(sys.argv[2]))"
    )

    def cached() -> bytes:
        subprocess.run(
            [sys.executable, "-c", code, str(path), str(cache)],
            env={**os.environ, "PYTHONPATH": str(package.parent)},
            check=True,
        )
        (one,) = cache.iterdir()
        return one.read_bytes()

    before = cached()
    assert cached() == before
    rules = package / "definitions" / "rules.py"
    os.utime(rules, ns=(0, rules.stat().st_mtime_ns + 1))
    assert cached() != before
