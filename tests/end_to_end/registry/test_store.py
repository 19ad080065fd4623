"""Installed packages when a process is killed, and what a process loads to choose one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from support.paths import TESTS
from support.registry.making import World


def test_choosing_loads_nothing_heavy(world: World) -> None:
    """It happens whenever billql starts."""
    world.release("1.0.0")
    world.registry().pull("acme")
    code = """
import json, os, sys
from pathlib import Path
from billql.registry.store import Store
found = Store(Path(sys.argv[1])).chosen({}, {}.get)
heavy = {"cryptography", "yaml", "msgspec", "httpx", "tarfile", "tempfile", "shutil"}
print(json.dumps([list(found), sorted(heavy & set(sys.modules))]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(world.data)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [["acme"], []]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed and begun anew quickly")
@pytest.mark.parametrize("what", ["pull", "remove"])
def test_a_process_that_is_killed_leaves_old_or_new(world: World, what: str) -> None:
    """It dies, as by `kill -9`, before the first thing that it does to a file, the second, …"""
    world.release("1.0.0")
    world.registry().pull("acme")
    world.release("1.1.0")
    done = subprocess.run(
        [sys.executable, "-m", "support.registry.killing", what, str(world.definitions.parent)],
        capture_output=True,
        text=True,
        check=False,
        cwd=TESTS,
    )
    assert done.stderr == ""
    left = json.loads(done.stdout)
    old, new = ["1.0.0"], ["1.0.0", "1.1.0"]
    if what == "remove":
        old, new = new, old
    assert len(left) > 10
    changed = left.index(new)
    assert changed > 1
    assert left == [old] * changed + [new] * (len(left) - changed)
