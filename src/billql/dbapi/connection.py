"""The Python API: PEP 249 (https://peps.python.org/pep-0249/) on a session.

    with billql.connect() as connection:
        cursor = connection.execute("SELECT * FROM digitalocean.billing.balances")
        print(cursor.fetchall(), cursor.scans)

Beyond the PEP: `Connection.execute`, `executescript`, `interrupt`, `autocommit`, `namespace`,
`cache_info` and `clear_cache`, and `Cursor.scans`, the statistics of a statement.

As the PEP requires, a transaction begins before the first statement that changes data, and ends
with `commit()` or `rollback()`; statements that define tables begin none.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import apsw

from billql import errors
from billql.dbapi._statements import single_statement
from billql.dbapi.cursor import Cursor
from billql.dbapi.sessions import Sessions
from billql.dbapi.types import Parameters, adapt
from billql.sqlite.restrictions import Restrictions

if TYPE_CHECKING:
    import datetime
    from types import TracebackType

    import httpx

    from billql.config.file import ResolvedConfig
    from billql.config.settings import Settings
    from billql.dbapi.rows import RowFactory
    from billql.fetching.response_cache import CacheStats
    from billql.fetching.scan_stats import ScanStats
    from billql.history.session import HistorySession
    from billql.history.sync import Synced
    from billql.sql.statements import ParsedStatement
    from billql.sqlite.estimate import Estimate
    from billql.sqlite.options import ConnectOptions
    from billql.sqlite.shared import Shared

apilevel = "2.0"
threadsafety = 1
"""Threads may share the module, but not a connection; only `interrupt()` may come from another."""
sqlite_version_info = tuple(map(int, apsw.sqlite_lib_version().split(".")))
"""The version of SQLite, as the standard module sqlite3 has it; SQLAlchemy looks at it."""
paramstyle = "qmark"
"""`?`, and `:name` as well."""


def connect(
    database: str | os.PathLike[str] = ":memory:",
    *,
    sandbox: bool = False,
    profile: str | None = None,
    config: str | os.PathLike[str] | None = None,
    tokens: Mapping[str, str] | None = None,
    urls: Mapping[str, str] | None = None,
    definitions: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    read_only: bool = False,
    from_history: bool | str = False,
    max_requests: int | None = None,
    max_cost: float | None = None,
    max_rows: int | None = None,
    limits: Mapping[str, str] | None = None,
    timeout: float | None = None,
    cache_ttl: float | None = None,
    cache: str | os.PathLike[str] | None = None,
    decimals: bool = False,
    autocommit: bool = False,
    skip_failing_connections: bool = False,
    interactive: bool = False,
    environ: Mapping[str, str] | None = None,
    http_transport: httpx.BaseTransport | None = None,
    clock: Callable[[], datetime.datetime] | None = None,
    settings: Settings | None = None,
    warn: Callable[[str], object] = warnings.warn,
    log: Callable[[str], object] | None = None,
) -> Connection:
    """Open a SQLite database in which billing APIs are tables.

    database        a file of local tables; it is made if it does not exist
    sandbox         query a private sandbox instead of the APIs; it ends with the connection
    profile         a profile of the config file, instead of the one that the file names
    config          a config file, instead of the user's own
    tokens, urls    by provider; they override the config file and the environment
    definitions     a folder with more providers, or some; they override those that billql includes
    from_history    views such as focus.cost_and_usage read the histories in the database, not the
                    APIs; a time, or a refresh's number: as they were then
    read_only       refuse every statement that writes, reaches a file or pulls definitions; a
                    database file must exist
    max_requests    how many requests one statement may send
    max_cost        how much they may cost, where an API charges for them; default: any amount
    max_rows        how many rows one statement may read from APIs, and how many it may return
    limits          rates by provider, such as {"digitalocean": "1000/minute"}, or "none", in the
                    place of the limits that billql knows; what an API states itself goes first
    timeout         how many seconds one statement may take, from its begin to its last row
    cache_ttl       how many seconds responses are cached for later statements; default: 300
    cache           a folder that keeps cached responses between processes
    decimals        amounts are `decimal.Decimal`, not `float`
    autocommit      no transaction begins by itself
    skip_failing_connections
                    go on without connections whose token is missing or refused, or whose API
                    cannot be reached; `left_out` of the cursor's scans names them
    interactive     a person waits: a request that fails is retried for 4 seconds only, unless
                    `failure_patience` of the settings is another time
    environ         where tokens and settings are looked up, if not in `os.environ`
    http_transport, clock, settings    for tests and special networks
    warn            called with what is no error, such as a token in a file that others can read,
                    a sum of amounts in several currencies, a text that no row has because its API
                    writes it in another case, or a definition that is broken and so missing in a
                    list of the catalog
    log             called with a line for each phase of a statement, request and response, from
                    several threads

    No SQL lifts these limits, nor `read_only`.

    The config file is read when a statement first names a resource, but at once if it or a profile
    is named here. An argument overrides the file.

    A connection may go from thread to thread, but two at once are refused with ProgrammingError; in
    asyncio, use it with `asyncio.to_thread`. A process that is forked opens connections of its own:
    one of its parent's raises InterfaceError there, and closing it does nothing.
    """
    arguments: dict[str, Any] = {
        "profile": profile,
        "config": config,
        "tokens": tokens,
        "urls": urls,
        "definitions": (
            (definitions,) if isinstance(definitions, str | os.PathLike) else tuple(definitions)
        ),
        "max_requests": max_requests,
        "max_cost": max_cost,
        "max_rows": max_rows,
        "limits": limits,
        "timeout": timeout,
        "cache_ttl": cache_ttl,
        "cache": cache,
        "http_transport": http_transport,
        "clock": clock,
        "settings": settings,
        "log": log,
        "skip_failing_connections": skip_failing_connections,
        "interactive": interactive,
    }
    arguments |= {} if environ is None else {"environ": environ}

    def load_config() -> tuple[ConnectOptions, ResolvedConfig]:
        from billql.sqlite.options import ConnectOptions

        connect_options = ConnectOptions(**arguments)
        found = connect_options.load_config()
        for warning in found.warnings:
            warn(warning)
        return connect_options, found

    def shared() -> Shared:
        # Called when a statement first names a resource, so that plain SQL does not load all this.
        from billql.sqlite.shared import Shared

        connect_options, found = at_once or load_config()
        made = connect_options.engine_options(found)
        if not sandbox:
            return Shared(made)
        from msgspec.structs import replace

        from billql.sandbox import Sandbox

        until = None if clock is None else clock().date()
        private = Sandbox(until=until, untidy=True, catalog=made.catalog)
        # Without the user's own tokens, nothing can go to a real API.
        own = replace(made, environ={}, connections={}, urls=private.urls, tokens=private.tokens)
        return Shared(own, private.close)

    restrictions = Restrictions(read_only=read_only, max_rows=max_rows, timeout=timeout)
    at_once = load_config() if profile is not None or config is not None else None
    sessions = Sessions(shared, warn, log, restrictions, from_history)
    return Connection(sessions.open(database), sessions, decimals=decimals, autocommit=autocommit)


class Connection:
    """A connection; made by `connect()`.

    Used in a `with` statement it is closed at the end, committed if all went well, else rolled
    back.
    """

    Warning = errors.Warning
    Error = errors.Error
    InterfaceError = errors.InterfaceError
    DatabaseError = errors.DatabaseError
    DataError = errors.DataError
    OperationalError = errors.OperationalError
    IntegrityError = errors.IntegrityError
    InternalError = errors.InternalError
    ProgrammingError = errors.ProgrammingError
    NotSupportedError = errors.NotSupportedError

    def __init__(
        self, session: HistorySession, sessions: Sessions, *, decimals: bool, autocommit: bool
    ) -> None:
        self._session = session
        self._sessions = sessions
        self._closed = False
        self.decimals = decimals
        """Whether amounts are returned as `decimal.Decimal`."""
        self.row_factory: RowFactory | None = None
        """What new cursors make of each row; None for tuples. `billql.Row` has names."""
        self.autocommit = autocommit
        """Whether each statement is a transaction of its own, except after BEGIN."""

    def another(self, database: str | os.PathLike[str] | None = None) -> Connection:
        """Open a further connection with the same options, for another thread or client.

        It is to the same file, or to a database in memory of its own. It opens in milliseconds,
        because it shares the definitions, the sandbox, the limits of requests and the cached
        responses with this one; tables in memory, transactions and USE are its own. Each may be
        closed before the other. May be called in any thread.
        """
        path = self._use().database.filename or ":memory:" if database is None else database
        # This connection uses it too, lest the other's end closes it.
        self._sessions.shared().users.add(self)
        session = self._sessions.open(path)
        _ = session.engine  # which uses what is shared from now on, even if this one is closed
        return Connection(
            session, self._sessions, decimals=self.decimals, autocommit=self.autocommit
        )

    @property
    def session(self) -> HistorySession:
        """Return the session below, for a server that runs statements of its own in it."""
        return self._use()

    @property
    def read_only(self) -> bool:
        """Return whether everything is refused that writes or reaches a file."""
        return self._use().restrictions.read_only

    def cursor(self) -> Cursor:
        """Return a new cursor."""
        self._use()
        return Cursor(self)

    def execute(self, sql: str | ParsedStatement, parameters: Parameters = ()) -> Cursor:
        """Run a statement with a cursor of its own, and return that cursor."""
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Parameters]) -> Cursor:
        """Run a statement once for each set of parameters, with a cursor of its own."""
        return self.cursor().executemany(sql, rows)

    def executescript(self, script: str) -> Cursor:
        """Run several statements with a cursor of their own."""
        return self.cursor().executescript(script)

    def estimate(self, sql: str | ParsedStatement, parameters: Parameters = ()) -> Estimate:
        """Return what a statement would cost in requests and money; nothing is sent.

        Raise what running it would raise before its first request.
        """
        from billql.sqlite.estimate import estimate

        return estimate(self._use(), single_statement(sql), adapt(parameters))

    def sync_history(
        self, names: Sequence[str] = (), note: Callable[[str], object] = lambda text: None
    ) -> Iterator[Synced]:
        """Read histories again, and make those that are missing, as `billql history sync` does.

        `names` are histories or resources; by default all that matters of the connected providers.
        Yield the outcome of each; `note` is called with a line for each scope.
        """
        from billql.history.sync import sync

        return sync(self._use(), names, note)

    def export_history(
        self,
        name: str,
        folder: str | os.PathLike[str],
        as_of: str | None = None,
        *,
        every: bool = False,
    ) -> Iterator[str]:
        """Write a history to a folder as Parquet, a file for each scope; yield their paths.

        It has what holds now, or what held `as_of` a time, or `every` row that ever held, with the
        times from which and until which it did.
        """
        from billql.history.export import export

        return export(self, self._use().store(), name, os.fspath(folder), as_of, every=every)

    @property
    def scans(self) -> list[ScanStats]:
        """Return the statistics of the last statement so far; may be called in any thread."""
        return self._use().scans

    @property
    def in_transaction(self) -> bool:
        """Return whether there is something to commit or to roll back."""
        return self._use().database.in_transaction

    def commit(self) -> None:
        """Commit the changes since the last commit."""
        if self.in_transaction:
            self._session.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the changes since the last commit."""
        if self.in_transaction:
            self._session.execute("ROLLBACK")

    def interrupt(self) -> None:
        """End the statements under way, which raise `Interrupted`; may be called in any thread."""
        self._use().interrupt()

    @property
    def namespace(self) -> str:
        """Return what USE has chosen, as a dotted name; empty if nothing."""
        return self._use().names.in_use

    def cache_info(self) -> CacheStats:
        """Return how much of the responses is cached for later statements."""
        return self._use().engine.cache.stats()

    def clear_cache(self) -> None:
        """Remove the cached responses, so that later statements send their requests again."""
        self._use().engine.cache.clear()

    def close(self) -> None:
        """Close the connection without a commit; closing again does nothing."""
        if not self._closed:
            self._session.close()
            self._closed = True
            if not self._session.guard.is_forked_copy:
                self._sessions.leave(self)

    def __enter__(self) -> Self:
        """Return the connection itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit or roll back, and close."""
        try:
            if not (self._closed or self._session.guard.is_forked_copy):
                (self.commit if kind is None else self.rollback)()
        finally:
            self.close()

    def _use(self) -> HistorySession:
        if self._closed:
            raise errors.ClosedError("The connection is closed")
        self._session.guard.check()
        return self._session
