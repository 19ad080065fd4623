"""Get what the tests use beside Python's packages.

Chromium opens the site, less is the pager of the shell's tests, and a server of billql's is
compared with a PostgreSQL and asked by psql. `make test` runs this before the tests. What cannot be
had is named here, and the tests that need it are skipped, which is a failure where CI=true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The names that a Chromium may have."""

DEBIAN_NAMES = {
    "chromium": ("chromium", "fonts-dejavu-core"),
    "less": ("less",),
    "postgres": ("postgresql",),
    "psql": ("postgresql-client",),
}
"""Debian's packages of each program; a page without any font has no size."""


def find_chromium() -> str | None:
    """Return the path of a Chromium: the one that CHROMIUM names, or one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def find_less() -> str | None:
    """Return the path of less."""
    return shutil.which("less")


def find_postgres() -> str | None:
    """Return the path of the newest PostgreSQL server, where Debian has it or on the PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    return str(found[-1]) if found else shutil.which("postgres")


def find_psql() -> str | None:
    """Return the path of psql."""
    return shutil.which("psql")


PROGRAMS: Mapping[str, Callable[[], str | None]] = {
    "chromium": find_chromium,
    "less": find_less,
    "postgres": find_postgres,
    "psql": find_psql,
}
"""How each program is found."""


def missing(names: Iterable[str]) -> list[str]:
    """Return those of some programs that are not there."""
    return [name for name in names if PROGRAMS[name]() is None]


def get_programs(privileged: bool, names: Iterable[str] = tuple(PROGRAMS)) -> None:
    """Install Debian's packages of the programs that are not there; name what cannot be had."""
    packages = [package for name in missing(names) for package in DEBIAN_NAMES[name]]
    if packages and privileged and shutil.which("apt-get"):
        print(f"Installing {', '.join(packages)} …", flush=True)
        apt = ["apt-get", "-qq", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"]
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            subprocess.run([*apt, *command], env=environ, stdout=subprocess.DEVNULL, check=False)
    for name in missing(names):
        print(
            f"THERE IS NO {name.upper()}: the tests that need it are skipped. As root, run "
            f"`apt-get update && apt-get install {' '.join(DEBIAN_NAMES[name])}`, or install it "
            "as your system does."
        )


if __name__ == "__main__":
    get_programs(privileged=os.geteuid() == 0)
