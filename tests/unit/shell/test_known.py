"""Reading the names that can be completed, which ends with the shell."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import Any, cast

from billql.dbapi.connection import Connection
from billql.errors import Interrupted
from billql.shell.known import NameLoader


class _Endless:
    """A connection whose statements end by an interrupt alone, and there are two of them."""

    def __init__(self) -> None:
        self.is_reading = threading.Event()
        self._interrupted = threading.Event()

    def execute(self, sql: str) -> Any:
        for _ in range(2):
            self.is_reading.set()
            self._interrupted.wait()
            self._interrupted.clear()
        raise Interrupted

    def interrupt(self) -> None:
        self._interrupted.set()


def test_reading_ends_with_the_shell() -> None:
    endless = _Endless()
    names = NameLoader(lambda: cast(Connection, nullcontext(endless)))
    names.start()
    endless.is_reading.wait()
    names.stop()
    assert not any(one.name == "billql-names" for one in threading.enumerate())
