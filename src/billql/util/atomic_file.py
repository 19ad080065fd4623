"""Files that are written whole or not at all.

What is written goes to a new file in the same folder, which takes the place of the old one in one
step, when all of it lies on the disk. Whoever reads the file sees the old one or the new one, at
any moment and after any crash. A process that is killed leaves at most a `.billql-….tmp` beside it,
which the next one to write in that folder deletes: its lock is gone with its owner.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

_OPEN_ALREADY = ("/dev/fd/", "/dev/std", "/proc/")
"""What lies there is a way to something that is open already, even where it is a plain file."""


@contextmanager
def atomic_write(path: str, *, private: bool = False, durable: bool = True) -> Iterator[BinaryIO]:
    """Return a file to write, which takes the place of `path` when the block has ended well.

    An earlier file keeps its mode and its owner, and a symbolic link stays one; with `private`
    only the owner can read the new file, whatever the earlier one allowed. Without `durable`
    nothing is synchronized to the disk: after a crash of the machine the file may be damaged, as a
    cache may. A pipe or a device is written directly. Raise OSError.
    """
    try:
        before = Path(path).stat()
    except FileNotFoundError:
        before = None
    if path.endswith(os.sep) or (before is not None and stat.S_ISDIR(before.st_mode)):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if path.startswith(_OPEN_ALREADY) or not (before is None or stat.S_ISREG(before.st_mode)):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND), "wb") as file:
            yield file
        return
    if before is not None and not os.access(path, os.W_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), path)
    target = Path(path).resolve()
    mode = 0o666 if before is None and not private else 0o600  # less what the umask takes
    with _created(target.parent, mode) as (new, opened):
        try:
            with os.fdopen(opened, "wb") as file:
                yield file
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            if before is not None and not private:
                _resemble(new, before)
            new.replace(target)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
    if durable:
        sync_folder(target.parent)


def replace(path: Path, content: bytes, *, private: bool = False, durable: bool = True) -> None:
    """Write a file as a whole, in place of an earlier one; see `atomic_write`."""
    with atomic_write(str(path), private=private, durable=durable) as file:
        file.write(content)


@contextmanager
def _created(folder: Path, mode: int) -> Iterator[tuple[Path, int]]:
    """Make a new file and open it; nobody sweeps it away before the block has ended."""
    _sweep(folder)
    while True:
        new = folder / f".billql-{secrets.token_hex(4)}.tmp"
        opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        if sys.platform == "win32":
            yield new, opened
            return
        lock = os.dup(opened)  # it holds the lock when the file is closed already
        try:
            with suppress(OSError):  # not every file system has locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(lock).st_nlink:
                yield new, opened
                return
            os.close(opened)  # it was swept away before it was locked
        finally:
            os.close(lock)


def _sweep(folder: Path) -> None:
    """Delete what processes that were killed have left; what is being written is locked."""
    if sys.platform != "win32":
        for left in folder.glob(".billql-*.tmp"):
            with suppress(OSError), left.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()


def _resemble(new: Path, before: os.stat_result) -> None:
    """Set the owner of a file, as far as that is allowed, and its mode to those of another."""
    with suppress(OSError):
        os.chown(new, before.st_uid, before.st_gid)
    new.chmod(stat.S_IMODE(before.st_mode))


def sync_folder(folder: Path) -> None:
    """Synchronize the names in a folder to the disk, where the system allows it."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
