"""What the functions and texts of one session depend on: settings, clock, catalog."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from billql.serve.postgres.catalog.names import Catalog
from billql.serve.postgres.settings import Settings

Terminate = Callable[[int, bool], bool]
"""Cancels another session's statement or, if the flag is set, ends the session."""


class SessionContext:
    """One session's surroundings; see `functions.registry.Context`."""

    def __init__(
        self, settings: Settings, catalog: Catalog, process_id: int, terminate: Terminate
    ) -> None:
        self.settings = settings
        self._catalog = catalog
        self._process_id = process_id
        self._terminate = terminate
        self._began = datetime.datetime.now(datetime.UTC)

    def begin(self) -> None:
        """Set the clock of a transaction."""
        self._began = datetime.datetime.now(datetime.UTC)

    @property
    def zone(self) -> datetime.tzinfo:
        """Return the time zone of the session."""
        return self.settings.zone

    @property
    def now(self) -> datetime.datetime:
        """Return when the transaction began, in the session's zone."""
        return self._began.astimezone(self.settings.zone)

    @property
    def process_id(self) -> int:
        """Return the number by which a client cancels the statements of the session."""
        return self._process_id

    def name_of(self, kind: str, oid: int) -> str:
        """Return how the object of a number is written."""
        return self._catalog.name_of(kind, oid, self.settings.search_path)

    def oid_of(self, kind: str, name: str) -> int:
        """Return the number of an object, by its type (`regclass`) and its name."""
        return self._catalog.oid_of(kind, name, self.settings.search_path)

    def terminate(self, process_id: int, *, ends: bool) -> bool:
        """Cancel another session's statement, or end the session; return whether there is one."""
        return self._terminate(process_id, ends)
