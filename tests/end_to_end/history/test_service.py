"""`billql history sync --every` as a service: it begins again, and ends well by a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from billql.sandbox import Sandbox

RESOURCE = "digitalocean.billing.invoices"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_begins_again_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with Sandbox(until=date(2026, 3, 15), providers=["digitalocean"]) as sandbox:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "DIGITALOCEAN_TOKEN": sandbox.tokens["digitalocean"],
            "BILLQL_DIGITALOCEAN_URL": sandbox.urls["digitalocean"],
        }
        command = [sys.executable, "-m", "billql", "history", "sync", RESOURCE, "--every", "1s"]
        with subprocess.Popen(
            [*command, "--db", str(tmp_path / "bills.db")],
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        ) as process:
            assert process.stderr is not None
            lines = [process.stderr.readline() for _ in range(4)]  # two runs
            process.send_signal(number)
            rest = process.stderr.read()
            code = process.wait(60)
    assert ["24 scopes read" in lines[0], "0 scopes read" in lines[2]] == [True, True], lines
    assert "Traceback" not in rest
    assert code == (0 if number == signal.SIGTERM else 130)
