"""Writing to disk so that a crash, or `kill -9`, leaves the old or the new, whole."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

TEMPORARY = ".new-"
"""How the name of what is not complete yet, or not any more, begins; nothing reads it."""

_OLD = 24 * 60 * 60
"""After how many seconds nobody works on it any more."""


def temporary(folder: Path) -> Path:
    """Name something in a folder that nothing else is called."""
    import secrets

    return folder / f"{TEMPORARY}{secrets.token_hex(8)}"


def write(path: Path, content: bytes) -> None:
    """Write a new file, down to the disk."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: bytes) -> None:
    """Write a file in place of an earlier one; its folder is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = temporary(path.parent)
    try:
        write(new, content)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    flush(path.parent)


def flush(folder: Path) -> None:
    """Make the names in a folder last; Windows has no way to ask for it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(folder: Path) -> None:
    """Delete a folder with all that it has, if it is there and as far as that is possible."""
    if folder.exists():
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Delete what processes that were killed have left in a folder."""
    for path in folder.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - _OLD:
                discard(path)
