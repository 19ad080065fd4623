"""A test that does more than its layer allows fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import layers
from support.paths import TESTS

TESTS_OF_A_LAYER = """\
import socket, subprocess, sys
import pytest

@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server

def test_alone(): pass
def test_server(server): pass
def test_client():
    with pytest.raises(OSError), socket.socket() as client:
        client.connect(("127.0.0.1", 1))
def test_process(): subprocess.run([sys.executable, "-c", ""], check=True)
"""


@pytest.mark.parametrize(
    ("layer", "failed"),
    [
        ("unit", {"server", "client", "process"}),
        ("integration", {"process"}),
        ("end_to_end", set()),
    ],
)
def test_what_a_layer_allows(tmp_path: Path, layer: str, failed: set[str]) -> None:
    """The plugin is run beside a copy of itself, in a folder of tests of its own."""
    (tmp_path / "support").mkdir()
    for name in ("__init__.py", "layers.py", "paths.py"):
        (tmp_path / "support" / name).write_text((TESTS / "support" / name).read_text())
    (tmp_path / layer).mkdir()
    (tmp_path / layer / "test_it.py").write_text(TESTS_OF_A_LAYER)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environ = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "support.layers", "-rfE", "."],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert (
        set(re.findall(r"^(?:FAILED|ERROR) .*::test_(\w+)", done.stdout, re.MULTILINE)) == failed
    ), done
    assert done.stdout.count(f"{layers.FAULT}: ") >= len(failed)
    assert f"{4 - len(failed)} passed" in done.stdout
