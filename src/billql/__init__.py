"""billql answers questions about bills in SQL.

    import billql

    with billql.connect() as connection:
        for row in connection.execute("SELECT * FROM digitalocean.billing.balances"):
            print(row)

This is a PEP 249 module; `billql.dbapi` has the details. Importing it loads next to
nothing: every name is fetched when it is first used.
"""

from __future__ import annotations

from billql._version import __version__

TYPE_CHECKING = False  # not typing's, which takes a while to load: the command line starts here
if TYPE_CHECKING:
    from billql.config.settings import Settings
    from billql.dbapi.aio import AsyncConnection, AsyncCursor, aconnect
    from billql.dbapi.connection import (
        Connection,
        apilevel,
        connect,
        paramstyle,
        sqlite_version_info,
        threadsafety,
    )
    from billql.dbapi.cursor import Cursor
    from billql.dbapi.rows import Row
    from billql.dbapi.types import (
        BINARY,
        DATETIME,
        NUMBER,
        ROWID,
        STRING,
        Binary,
        Date,
        DateFromTicks,
        Time,
        TimeFromTicks,
        Timestamp,
        TimestampFromTicks,
    )
    from billql.errors import (
        ApiError,
        BadResponse,
        BadValue,
        ClosedError,
        ConnectionFailed,
        CostLimit,
        CredentialMissing,
        CredentialRefused,
        DatabaseError,
        DataError,
        DefinitionError,
        Error,
        Inaccessible,
        IntegrityError,
        InterfaceError,
        InternalError,
        Interrupted,
        ListChanged,
        NotSupportedError,
        OperationalError,
        OutputError,
        ParameterMissing,
        ProgrammingError,
        ReadOnly,
        RequestLimit,
        RowLimit,
        SqlError,
        StatementTimeout,
        UnknownName,
        Warning,
    )
    from billql.fetching.response_cache import CacheStats
    from billql.fetching.scan_stats import ScanStats
    from billql.integrations.polars.scan import scan_polars
    from billql.sql.amounts import Amount
    from billql.sqlite.estimate import Estimate, ScanEstimate

__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "Amount",
    "ApiError",
    "AsyncConnection",
    "AsyncCursor",
    "BadResponse",
    "BadValue",
    "Binary",
    "CacheStats",
    "ClosedError",
    "Connection",
    "ConnectionFailed",
    "CostLimit",
    "CredentialMissing",
    "CredentialRefused",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "DefinitionError",
    "Error",
    "Estimate",
    "Inaccessible",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "Interrupted",
    "ListChanged",
    "NotSupportedError",
    "OperationalError",
    "OutputError",
    "ParameterMissing",
    "ProgrammingError",
    "ReadOnly",
    "RequestLimit",
    "Row",
    "RowLimit",
    "ScanEstimate",
    "ScanStats",
    "Settings",
    "SqlError",
    "StatementTimeout",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "UnknownName",
    "Warning",
    "__version__",
    "aconnect",
    "apilevel",
    "connect",
    "paramstyle",
    "scan_polars",
    "sqlite_version_info",
    "threadsafety",
]

_HOMES = (
    "dbapi",
    "dbapi.rows",
    "dbapi.cursor",
    "dbapi.types",
    "errors",
    "sql.amounts",
    "config.settings",
    "fetching.scan_stats",
    "fetching.response_cache",
    "sqlite.estimate",
    "integrations.polars.scan",
    "dbapi.aio",
)
"""The modules that have the exported names; the ones that take longest to load come last."""

if not TYPE_CHECKING:  # a type checker shall complain of names that are not above

    def __getattr__(name: str) -> object:
        """Fetch an exported name from the module that has it."""
        if name in __all__:
            from importlib import import_module

            for home in _HOMES:
                module = import_module(f"billql.{home}")
                if name in vars(module):
                    globals()[name] = value = vars(module)[name]
                    return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
