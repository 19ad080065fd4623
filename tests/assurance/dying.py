"""Processes that die, as by `kill -9`, at a step that was chosen beforehand.

A step is whatever changes a file below a folder: opening it for writing, renaming it, deleting it,
and, for SQLite's files, each write, the half of which is still done, and each sync. A file may also
be the end of a process when it grows beyond a size.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import apsw

from billql.cli import main

_EVENTS = {"open", "os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.chmod", "os.chown"}


class Fate:
    """Kills its process when so many steps have been taken."""

    def __init__(self, within: str, steps: int) -> None:
        self._within = within
        self._left = steps

    def has(self, name: object) -> bool:
        """Tell whether a file is one that counts."""
        return str(name).startswith(self._within)

    def step(self) -> bool:
        """Take a step; true if it is the last one."""
        self._left -= 1
        return self._left < 0

    def event(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Hear from Python what it is about to do."""
        if name not in _EVENTS or not self.has(arguments[0]):
            return
        reads = name == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if not reads and self.step():
            die()

    def begin(self) -> None:
        """Watch Python and SQLite from now on."""
        sys.addaudithook(self.event)
        self._vfs = _Vfs(self)


class _Vfs(apsw.VFS):
    """SQLite's way to files, which counts."""

    def __init__(self, fate: Fate) -> None:
        self._fate = fate
        self._base = apsw.vfs_names()[0]
        super().__init__("dying", self._base, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _File(self._base, name, flags, self._fate if self._fate.has(path) else None)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        if self._fate.has(name) and self._fate.step():
            die()
        super().xDelete(name, sync)


class _File(apsw.VFSFile):
    """One file of SQLite's."""

    def __init__(self, base: str, name: Any, flags: list[int], fate: Fate | None) -> None:
        self._fate = fate
        super().__init__(base, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        if self._fate is not None and self._fate.step():
            super().xWrite(data[: len(data) // 2], offset)
            die()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._die_now()
        super().xSync(flags)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._die_now()
        super().xTruncate(size)

    def _die_now(self) -> None:
        if self._fate is not None and self._fate.step():
            die()


def die() -> NoReturn:
    """End at once."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("alive after all")


def at_step(arguments: Sequence[str], within: str, steps: int) -> bool:
    """Run billql in a process that dies at a step; tell whether it has lived to its end."""
    return _ends_well(arguments, Fate(within, steps).begin) is not None


def at_size(arguments: Sequence[str], size: int) -> bool:
    """Run billql in a process that dies when it writes a file beyond a size."""

    def bound() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return _ends_well(arguments, bound) is not None


def at_time(arguments: Sequence[str], seconds: float) -> bool:
    """Run billql in a process that is killed after a while."""
    return _ends_well(arguments, lambda: None, seconds) is not None


def alive(arguments: Sequence[str]) -> float:
    """Run billql to its end, and tell how many seconds that took."""
    took = _ends_well(arguments, lambda: None)
    assert took is not None, "it was killed by somebody else"
    return took


def _ends_well(
    arguments: Sequence[str], before: Callable[[], None], seconds: float | None = None
) -> float | None:
    """Run billql in a child; None if it was killed, else the seconds that it took."""
    start = time.monotonic()
    child = os.fork()
    if not child:
        before()
        code = main(arguments)
        sys.stderr.flush()
        os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXFSZ), status
        return None
    assert status == 0, f"billql ended with {os.WEXITSTATUS(status)}"
    return time.monotonic() - start
