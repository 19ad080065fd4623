"""Run `uv pip`, on the packages that pip is set up to see.

uv does not read pip's configuration, and many machines name their mirror, its certificate or their
proxy in nothing else. What uv's own environment variables say comes first.
Usage: python requirements/run_uv.py ARGUMENTS, which are those of `uv pip`.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping

_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
"""For each of pip's options uv's variable."""

_SECTIONS = ("global", "install", ":env:")
"""Where pip's options stand; a later section wins."""


def variables(lines: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for uv that says what the lines of `pip config list` say."""
    options = dict(line.split("=", 1) for line in lines if "=" in line)
    # As pip does, trust what the system trusts, and take a package from whichever index has it: the
    # hashes say which one is meant.
    made = {"UV_SYSTEM_CERTS": "1", "UV_INDEX_STRATEGY": "unsafe-best-match"}
    for section in _SECTIONS:
        for option, name in _NAMES.items():
            if (written := options.get(f"{section}.{option}")) is not None:
                made[name] = " ".join(str(ast.literal_eval(written)).split())
    return made | dict(environ)


def run_uv(*arguments: str, python: str = sys.executable) -> int:
    """Run `uv pip` for an interpreter; return its exit code."""
    pip = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(pip, capture_output=True, text=True, check=True).stdout
    uv = [sys.executable, "-m", "uv", "pip", *arguments, "--quiet", "--python", python]
    return subprocess.run(
        uv, env=variables(listed.splitlines(), os.environ), check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(run_uv(*sys.argv[1:]))
