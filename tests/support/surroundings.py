"""Runs the real command line in surroundings of a test's own making."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SECONDS = 60
"""After that long, a process that should have ended is given up."""

_AS_OTHERS = """\
import ctypes, os, sys
for power in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: see capabilities(7)
    if ctypes.CDLL(None).prctl(24, power, 0, 0, 0):  # PR_CAPBSET_DROP
        sys.exit("a power of root's could not be dropped")
os.execv(sys.argv[1], sys.argv[1:])
"""


class Outcome(NamedTuple):
    """How a process has ended, and all that it said."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def bound() -> list[str]:
    """Give what a command begins with, so that modes of files count for root as for others."""
    if os.geteuid() != 0:
        return []
    return [sys.executable, "-S", "-E", "-c", _AS_OTHERS]


_HOMELESS = """\
import sys
sys.modules["pwd"] = None  # Python then knows of no home but HOME's, as for users without an entry
from billql.cli import main
sys.exit(main())
"""


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    folder: Path | None = None,
    stdin: bytes = b"",
) -> Outcome:
    """Run billql with this environment and no other, as a user who has a home by HOME alone."""
    done = subprocess.run(
        [*bound(), sys.executable, "-c", _HOMELESS, *arguments],
        env=environ,
        cwd=folder,
        input=stdin,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    out, err = (text.decode("utf-8") for text in (done.stdout, done.stderr))
    return Outcome(done.returncode, out, err)
