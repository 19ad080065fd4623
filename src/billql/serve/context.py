"""What the servers of one process share, and what they make known of each statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from billql.dbapi.connection import Connection
from billql.definitions.catalog import Catalog
from billql.fetching.scan_stats import ScanStats
from billql.serve.notes import Notes


class Ended(NamedTuple):
    """A statement that has ended."""

    server: str
    """The protocol of its client: `http`, `mcp` or `postgres`."""
    outcome: str
    """`ok`, or the code of its error."""
    rows: int
    """How many rows were sent."""
    seconds: float
    """How long it ran."""
    scans: Iterable[ScanStats]
    """What it has cost."""


class Observer(Protocol):
    """Sees the statements of all servers of a process; may be called in any thread."""

    def __call__(self, ended: Ended, /) -> None:
        """See one."""


def ignore(ended: Ended) -> None:
    """See nothing."""


class ServerContext(NamedTuple):
    """What a server works with."""

    open_connection: Callable[[], Connection]
    """Opens a connection, in any thread, that shares what it can with the others."""
    catalog: Catalog
    """The definitions, for the pages of tables."""
    notes: Notes
    """Collects what people should know of statements."""
    observe: Observer
    """Sees each statement that has ended."""
    report: Callable[[str], object]
    """Called with the traceback of a fault of billql's own."""
