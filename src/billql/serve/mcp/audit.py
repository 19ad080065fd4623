"""The audit log: a line of JSON for each call, with what was asked and what became of it.

It never has a value of a row, and no token. Only its owner can read the file.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from billql.errors import OutputError

Audit = Callable[[dict[str, Any]], object]
"""Logs one call; may be called in any thread."""


def nowhere(call: dict[str, Any]) -> None:
    """Log nothing."""


def to_file(path: str) -> Audit:
    """Return what adds a line to a file; raise OutputError if that cannot be written.

    A line that cannot be written later, as on a full disk, is lost: the response is not.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise OutputError(f"The log {path} cannot be written: {error.strerror}") from error

    def add(call: dict[str, Any]) -> None:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = json.dumps({"time": now, **call}, ensure_ascii=False)
        with suppress(OSError):  # one write, so that lines of several threads do not mix
            os.write(file, f"{line}\n".encode("utf-8", "backslashreplace"))

    return add
