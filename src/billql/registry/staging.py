"""Folders that are made, and removed, as a whole, even if the process is killed.

A folder is filled under a temporary name and renamed when it is complete; before it is deleted it
is renamed to such a name. Nothing reads folders of these names.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

PREFIX = ".new-"
"""The beginning of temporary names."""

_STALE_AFTER = 24 * 60 * 60
"""The age in seconds at which a temporary folder is a leftover."""


def temporary(folder: Path) -> Path:
    """Return an unused temporary path in a folder."""
    import secrets

    return folder / f"{PREFIX}{secrets.token_hex(8)}"


def write(path: Path, content: bytes) -> None:
    """Write a new file and synchronize it to the disk."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def discard(folder: Path) -> None:
    """Delete a folder and its contents, if it exists and as far as possible."""
    if folder.exists():
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Delete the leftovers of killed processes in a folder."""
    for path in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - _STALE_AFTER:
                discard(path)
