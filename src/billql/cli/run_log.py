"""The log of a command: `--verbose` shows it on stderr, `--log-file` adds it to a file.

A line on stderr begins with the seconds since the command began, one in the file with the moment.
"""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable
from contextlib import suppress

from billql.errors import OutputError
from billql.output import stderr
from billql.output.text_cells import visible

Log = Callable[[str], None]

_BEGIN = time.perf_counter()


def to_stderr(line: str) -> None:
    """Log a line on stderr."""
    stderr.line(f"{time.perf_counter() - _BEGIN:8.3f} {visible(line)}")


def to_file(path: str) -> Log:
    """Return what adds a line to a file that only its owner can read; raise OutputError.

    A line that cannot be written, as on a full disk, is lost: the result is not.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise OutputError(f"The log {path} cannot be written: {error.strerror}") from error

    def log(line: str) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        with suppress(OSError):  # one write, so that lines of several threads do not mix
            os.write(file, f"{now.removesuffix('+00:00')}Z {visible(line)}\n".encode())

    return log


def of(*, verbose: bool, path: str | None) -> Log:
    """Return what logs a line where the options ask for it; raise OutputError."""
    logs = [*((to_stderr,) if verbose else ()), *((to_file(path),) if path is not None else ())]

    def log(line: str) -> None:
        for one in logs:
            one(line)

    return log
