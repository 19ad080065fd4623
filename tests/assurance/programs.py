"""The programs of some cases: modules of this package and others, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .case import Broken

_TESTS = Path(__file__).parent.parent


def run(module: str, *arguments: str, seconds: float = 60.0, **environ: str) -> str:
    """Run a module to its end and give what it prints; raises Broken for whatever goes wrong."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, "PYTHONPATH": str(_TESTS), **environ},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Broken(f"it did not end within {seconds:.0f} seconds") from None
    if done.returncode or done.stderr:
        raise Broken(f"it ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
