"""The engine of a session: everything that statements over resources share.

It is made for the first statement that names a resource, because its imports take longer than a
plain query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from billql.definitions import views
from billql.definitions.catalog import Table
from billql.definitions.types import SQLValue
from billql.definitions.views import ViewTable
from billql.errors import Error, InterfaceError
from billql.fetching.exact_amounts import ExactAmounts
from billql.fetching.left_out import LeftOut
from billql.fetching.response_cache import ResponseCache
from billql.fetching.running_statement import RunningStatement
from billql.fetching.scan_stats import ScanStats
from billql.fetching.statement import Series, Statement
from billql.http.credentials import ApiConnection, ConnectionInfo
from billql.planning.plan import Plan
from billql.sql import rewriter
from billql.sql.read_part import ReadPart, read_part_of
from billql.sql.statements import Bindings, ParsedStatement
from billql.sqlite import _catalog_listings
from billql.sqlite._catalog_table import CatalogModule
from billql.sqlite._computed_tables import ComputedTables
from billql.sqlite._current_statement import CurrentStatement
from billql.sqlite._resource_table import ResourceModule
from billql.sqlite._view_table import ViewModule
from billql.sqlite.historic import Historic
from billql.sqlite.shared import DEFAULT_CACHE_TTL, Options, Shared

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from billql.registry.client import Listed, Registry
    from billql.sqlite._views import ViewExpander


class Engine:
    """Reads resources for one SQLite connection; the host of the virtual tables.

    What it shares with others is theirs, or is made of options. `note` is called with what people
    should know of a statement.
    """

    def __init__(
        self,
        database: apsw.Connection,
        shared: Shared | Options,
        note: Callable[[str], object] = lambda text: None,
    ) -> None:
        self._database = database
        self._note = note
        self.shared = Shared(shared) if isinstance(shared, Options) else shared
        self.shared.users.add(self)
        self.catalog = self.shared.catalog
        self.cache = self.shared.services.cache
        self._resolver = self.shared.resolver
        self.computed = ComputedTables(self._resource, self.register)
        self._selects: dict[str, ParsedStatement] = {}
        """The SELECTs of views that statements have read."""
        self._module = ViewModule(self.view, ResourceModule(self))
        self._catalog_module = CatalogModule(self)
        self._views: dict[str, ViewTable | None] = {}
        self._registered: set[str] = set()
        self.last_scans: Sequence[ScanStats] = ()
        """The statistics of the scans of the last statement that has read a resource."""
        self.current = CurrentStatement()
        self._series: Series | None = None
        self.historic: Historic | None = None
        """What views read in the place of resources, if not the APIs."""

    def refresh(self) -> None:
        """Forget the tables of definitions that a session has replaced; between statements."""
        if self.catalog is not self.shared.catalog:
            self.catalog = self.shared.catalog
            for name in self._registered:
                self._database.create_module(name, None)
            self._registered.clear()
            self.computed.clear()
            self._selects.clear()
            self._views.clear()

    def warn(self, text: str) -> None:
        """Let people know of something in a statement."""
        self._note(text)

    def register(self, names: Iterable[str]) -> None:
        """Register tables with SQLite under their dotted names, in lower case."""
        for name in names:
            if name not in self._registered:
                listed = name.startswith(_catalog_listings.PREFIX)
                self._database.create_module(
                    name,
                    self._catalog_module if listed else self._module,  # type: ignore[arg-type]  # the stubs ask for optional parts
                    use_bestindex_object=True,
                    eponymous_only=True,
                    read_only=True,
                )
                self._registered.add(name)

    def _resource(self, name: str) -> Table | None:
        """Return the resource that SQLite knows by a dotted name; None if there is none."""
        found = self.registered(name)
        return found if isinstance(found, Table) else None

    def expander(self) -> ViewExpander:
        """Return what puts SELECTs in the place of views."""
        from billql.sqlite._views import ViewExpander

        clock = self.shared.options.clock
        return ViewExpander(self.view, self._select_of, self.is_connected, clock, self.historic)

    def _select_of(self, view: ViewTable) -> ParsedStatement:
        """Return the SELECT of a view as SQLite knows its tables; it is read once."""
        if view.name not in self._selects:
            assert view.select is not None, "a view of several providers has parts"
            self.register([name for name in view.reads if self.view(name) is None])
            named = rewriter.rewrite(view.select, lambda reference: reference.name.lower())
            if self.historic is None:  # a history has no columns that a resource computes
                named = self.computed.rewrite(named, is_view=True)
            self._selects[view.name] = named.parsed
        return self._selects[view.name]

    def view(self, name: str) -> ViewTable | None:
        """Return the view of a whole name, in lower case; None if there is none.

        Raise DefinitionError.
        """
        if name not in self._views:
            dotted = name.count(".") == 2 and not name.startswith(_catalog_listings.PREFIX)
            self._views[name] = views.find(self.catalog, name) if dotted else None
        return self._views[name]

    @property
    def rates(self) -> Path | None:
        """Return the user's file of exchange rates, which need not exist; None for no file."""
        return self.shared.options.rates

    def is_connected(self, provider: str) -> bool:
        """Return whether there is a connection with a token for a provider.

        Of a session that reads views from histories, whether there are any of the provider.
        """
        if self.historic is not None:
            return self.historic.has(provider)
        return any(
            self.connection_info(name, provider).ready for name in self._resolver.names(provider)
        )

    def begin(
        self,
        parsed: ParsedStatement,
        bindings: Bindings,
        run: ParsedStatement | None = None,
        reads: ReadPart | None = None,
    ) -> RunningStatement:
        """Return a new statement; see `RunningStatement`. It reads what is in it, as SQLite is to
        `run` it, by default.
        """
        # What is stored is complete, or else the next one that compares with it would be wrong.
        allowed = self.shared.options.skip_failing_connections and self._series is None
        statement = Statement(
            self.shared.services,
            interrupted=lambda: self._database.is_interrupted,
            left_out=LeftOut(allowed=allowed),
            series=self._series,
        )
        reads = reads or read_part_of(run or parsed)
        return RunningStatement(statement, self._database, parsed, reads, bindings)

    @contextmanager
    def series(self) -> Iterator[Series]:
        """Let the statements of a block share what those of a `Series` do; they store what they
        read, so they go on without no connection.
        """
        cache = ResponseCache(self.shared.options.cache_bytes, self.time, None)
        self._series = Series(cache, DEFAULT_CACHE_TTL, ExactAmounts())
        try:
            yield self._series
        finally:
            self._series = None
            cache.close()

    def time(self) -> float:
        """Return the seconds since 1970 by the clock of the session."""
        return self.shared.time()

    def has_provider(self, name: str) -> bool:
        """Return whether there is a provider of a name, in any case."""
        return name.lower() in (_catalog_listings.PROVIDER, *self.catalog.providers())

    def find(self, parts: Sequence[str]) -> tuple[str, ...]:
        """Return the names of what a dotted name means; see `_catalog_listings.find`."""
        return _catalog_listings.find(self.catalog, parts)

    def tables_of(self, provider: str, service: str) -> list[str]:
        """Return the last parts of the names of a service's tables; raise DefinitionError."""
        return _catalog_listings.tables(self.catalog, provider, service)

    def services_of(self, provider: str) -> list[str]:
        """Return the names of a provider's services; raise DefinitionError."""
        return _catalog_listings.services(self.catalog, provider)

    def promised_orders(self, name: str) -> list[tuple[str, ...]]:
        """Return the orders in which some method of a resource returns rows; raise DefinitionError.

        A view, and what is no table of the catalog, has none.
        """
        found = self.registered(name)
        if not isinstance(found, Table):
            return []
        return [method.order for method in found.resource.methods.values() if method.order]

    def is_never_null(self, name: str, column: str) -> bool:
        """Return whether each row of a resource has a value in a column; raise DefinitionError."""
        found = self.registered(name)
        columns = found.columns if isinstance(found, Table) else {}
        return column in columns and not columns[column].nullable

    def truth_values(self, names: Iterable[str] | None) -> set[str]:
        """Return the columns of truth values of some resources and views, or of all that SQLite
        knows, in lower case; raise DefinitionError.
        """
        tables = map(self.registered, list(self._registered if names is None else names))
        return {
            name.lower()
            for table in tables
            if table is not None
            for name, column in table.columns.items()
            if column.type == "boolean"
        }

    def methods(self, name: str) -> list[str]:
        """Return the names of a table's methods; raise UnknownName or DefinitionError."""
        if name.startswith(_catalog_listings.PREFIX) or self.view(name) is not None:
            return []
        return list(self.table(name).resource.methods)

    def columns(self, name: str) -> list[str]:
        """Return a table's columns; raise UnknownName or DefinitionError."""
        if name.startswith(_catalog_listings.PREFIX):
            return list(_catalog_listings.listing(name).fields)
        return list((self.view(name) or self.table(name)).columns)

    def table(self, name: str) -> Table:
        """Return the resource of a dotted name; raise UnknownName or DefinitionError."""
        return self.catalog.table(name)

    def registered(self, name: str) -> Table | ViewTable | None:
        """Return the resource or view that SQLite knows by a dotted name; None if there is none."""
        is_known = name in self._registered and not name.startswith(_catalog_listings.PREFIX)
        whole, _ = self.computed.resource(name)
        return self.view(whole) or self.table(whole) if is_known else None

    def running(self) -> RunningStatement:
        """Return the statement that SQLite is running now."""
        running = self.current.find()
        assert running is not None, "a statement that reads a resource was begun"
        return running

    def number_of(self, plan: Plan, table: Table) -> int:
        """Return the number by which the statement that SQLite prepares now will name a plan."""
        running = self.current.find()
        # A statement that is only prepared is explained.
        return 0 if running is None else running.number_of(plan, table)

    def fail(self, fault: Error) -> None:
        """Let the statement that SQLite prepares now fail; raise if it is only prepared."""
        running = self.current.find()
        if running is None:
            raise fault
        running.fail(fault)

    @property
    def has_limit(self) -> bool:
        """Whether the statement that SQLite prepares now has a LIMIT."""
        running = self.current.find()
        return running is not None and running.has_limit

    def connections(self, table: Table) -> list[str]:
        """Return the names of the connections that a resource is read from."""
        return self._resolver.names(table.provider_name)

    def connection_names(self) -> list[tuple[str, str]]:
        """Return the name and the provider of every connection, without looking for its token."""
        providers = self.catalog.providers()
        return [
            (name, provider) for provider in providers for name in self._resolver.names(provider)
        ]

    def connection_info(self, name: str, provider: str) -> ConnectionInfo:
        """Return the public facts of a connection; raise DefinitionError."""
        return self._resolver.info(name, provider, self.catalog.provider(provider))

    def refreshes(self) -> Iterator[tuple[SQLValue, ...]]:
        """Yield the refreshes of the histories in the main database, in their order."""
        if self._database.table_exists("main", "billql_refreshes"):
            columns = (
                "id, history, scope, state, started, finished, added, removed, unchanged, requests"
            )
            yield from self._database.execute(
                f"SELECT {columns}, version FROM main.billql_refreshes ORDER BY id"
            )

    def versions(self) -> list[Listed]:
        """Return the available versions of definitions; raise as `Registry.versions` does."""
        if self.shared.options.registry is None:
            return []
        with self._registry() as registry:
            return registry.versions()

    def pull(self, provider: str, version: str | None) -> str:
        """Install a version of a provider's definitions and return it; see `Registry.pull`.

        Later statements use the new definitions.
        """
        with self._registry() as registry:
            pulled = registry.pull(provider, version)
        self.shared.catalog = self.shared.options.reload()
        self.refresh()
        return pulled.version

    def _registry(self) -> AbstractContextManager[Registry]:
        if self.shared.options.registry is None:
            raise InterfaceError("This session has no registry")
        return self.shared.options.registry()

    def connection(self, table: Table, name: str) -> ApiConnection:
        """Return a connection with its credential; raise CredentialMissing."""
        # Services of a provider may have servers of their own.
        key = (name, table.provider_name, table.provider.url)
        found = self.shared.connections.get(key)
        if found is None:
            made = self._resolver.connection(name, table.provider_name, table.provider)
            found = self.shared.connections.setdefault(key, made)
        return found

    def close(self) -> None:
        """Leave what it shares: the last engine closes the sockets, the threads and the caches."""
        self.shared.leave(self)

    def shutdown_nowait(self) -> None:
        """Ask threads to end and close SQLite, without a lock; see `billql.sqlite._lifetime`.

        SQLite refers to the engine and the engine to SQLite, a cycle that Python does not see.
        """
        self.shared.leave_nowait(self)
        self._database.close(force=True)
