"""billql doctor --online, as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from billql.errors import Exit
from billql.sandbox import Sandbox


def test_online_against_the_sandbox(tmp_path: Path) -> None:
    with Sandbox(size="small") as sandbox:
        environ = {f"BILLQL_{name.upper()}_URL": url for name, url in sandbox.urls.items()}
        tokens = sandbox.tokens
        environ |= {
            "DIGITALOCEAN_TOKEN": tokens["digitalocean"],
            "STRIPE_API_KEY": tokens["stripe"],
            "METRONOME_BEARER_TOKEN": "wrong",
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            [sys.executable, "-m", "billql", "doctor", "--online"],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert len(sandbox.requests) == 3
    assert done.returncode == Exit.CREDENTIAL
    assert "ok      connection digitalocean: its token is accepted; " in done.stdout
    assert "ok      connection stripe: its token is accepted" in done.stdout
    assert "error   connection metronome: " in done.stdout
    assert not [one for one in tokens.values() if one in done.stdout + done.stderr]
