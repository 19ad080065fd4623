"""SQLAlchemy's own suite for dialects, on a local file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support.paths import TESTS
from support.sqlalchemy_suite.exclusions import EXCLUDED

_CONFIG = """\
[sqla_testing]
requirement_cls = support.sqlalchemy_suite.requirements:Requirements
profile_file = profiles.txt
"""

_LEAST = 1500
"""How many tests pass at least: a suite that skips more than it should tests less."""


def test_the_dialect_passes_the_suite(tmp_path: Path) -> None:
    (tmp_path / "suite.py").write_text("from sqlalchemy.testing.suite import *\n")
    (tmp_path / "setup.cfg").write_text(_CONFIG)
    plugins = ["sqlalchemy.testing.plugin.pytestplugin", "support.sqlalchemy_suite.plugin"]
    arguments = [
        *("--rootdir", str(tmp_path), "-c", os.devnull, "-q", "--tb=short", "-p", "no:warnings"),
        *("-p", "no:cacheprovider", *(word for plugin in plugins for word in ("-p", plugin))),
        *("--dburi", "billql:///suite.db"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, "suite.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=600,
    )
    last = done.stdout.rstrip().rpartition("\n")[2]
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", last)}
    assert counts["xfailed"] == len(EXCLUDED), last
    assert counts["passed"] >= _LEAST, last
