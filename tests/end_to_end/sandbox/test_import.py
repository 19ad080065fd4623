"""What importing and opening the sandbox loads, seen from a process of its own."""

from __future__ import annotations

import subprocess
import sys


def test_nothing_is_computed_before_it_is_requested() -> None:
    code = (
        "import sys; from datetime import date; from billql.sandbox import Sandbox\n"
        "with Sandbox(until=date(2026, 3, 15)): print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "billql.sandbox.metronome.api" in loaded
    assert "billql.sandbox.metronome.tables" not in loaded


def test_importing_the_package_is_cheap() -> None:
    code = "import billql.sandbox, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "billql.sandbox" in loaded
    assert not {"http.server", "orjson", "socketserver", "email", "ssl"} & set(loaded)
