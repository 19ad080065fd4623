"""Tracing follows the tests: some are traced, others and the processes that they start are not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import TESTS

MEASURED = """\
def in_a_unit_test():
    return 1

def in_a_random_test():
    return 2

def in_a_process_of_a_unit_test():
    return 3

def in_a_process_of_a_random_test():
    return 4

def at_the_end():
    return 5
"""

CONFTEST = """\
import os
import measured

def pytest_unconfigure(config):
    if hasattr(config, "workerinput"):
        os._exit(0)  # as if it were killed, for taking long to end
    measured.at_the_end()
"""

TESTS_OF = """\
import subprocess, sys
import measured

def test_it():
    measured.in_a_{0}_test()
    code = "import measured; measured.in_a_process_of_a_{0}_test()"
    subprocess.run([sys.executable, "-c", code], check=True)
"""

SETTINGS = """\
[run]
parallel = true
patch = subprocess
include = */measured.py
disable_warnings = no-data-collected
"""


@pytest.mark.parametrize(
    ("options", "missing"),
    [((), [5, 11]), (("-p", "xdist.plugin", "-n", "1", "--dist", "worksteal"), [5, 11, 14])],
    ids=["one process", "a process that hands out"],
)
def test_what_is_not_traced_is_not_covered(
    tmp_path: Path, options: tuple[str, ...], missing: list[int]
) -> None:
    """The random test runs first, so tracing has to be turned off, and on again."""
    files = {
        "measured.py": MEASURED,
        "conftest.py": CONFTEST,
        "differential/test_random.py": TESTS_OF.format("random"),
        "unit/test_unit.py": TESTS_OF.format("unit"),
        "pytest.ini": "[pytest]\n",
        ".coveragerc": SETTINGS,
        **{
            f"support/{name}": (TESTS / "support" / name).read_text()
            for name in ("__init__.py", "paths.py", "tracing.py")
        },
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE_")}
    environ |= {"PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for arguments in (
        ("run", "-m", "pytest", "-p", "support.tracing", *options, "differential", "unit"),
        ("combine", "-q"),
        ("json", "-q"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "coverage", *arguments],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "coverage.json").read_text())
    assert report["files"]["measured.py"]["missing_lines"] == missing
