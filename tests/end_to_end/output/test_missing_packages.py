"""Typed formats without the package that each needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules[sys.argv[2]] = None
from billql.cli import main
sys.exit(main(["query", "--format", sys.argv[1], "SELECT 1"]))
"""


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("parquet", "pyarrow", "arrow"),
        ("arrow", "pyarrow", "arrow"),
        ("xlsx", "xlsxwriter", "xlsx"),
    ],
)
def test_without_the_package_of_a_format(name: str, package: str, extra: str) -> None:
    command = [sys.executable, "-c", WITHOUT, name, package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: The format {name} needs {package}, which is not installed\n"
        f"hint: Install it with: pip install 'billql[{extra}]'\n"
    )
