"""SQLAlchemy's SQLite dialect, on billql's DB-API and with the tables of the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from sqlalchemy import pool, types
from sqlalchemy.dialects.sqlite.base import SQLiteDialect, SQLiteIdentifierPreparer
from sqlalchemy.engine import URL, Connection, reflection
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import ReflectionDefaults
from sqlalchemy.exc import NoSuchTableError

import billql
from billql.errors import ClosedError
from billql.integrations.sqlalchemy import catalog
from billql.integrations.sqlalchemy.types import ExactNumeric, Instant, of_local_column
from billql.integrations.sqlalchemy.url import arguments

_AUTOCOMMIT = "AUTOCOMMIT"


class BillqlIdentifierPreparer(SQLiteIdentifierPreparer):
    """Quotes `provider.service` part by part, as two names."""

    def quote_schema(self, schema: str) -> str:
        """Return a schema as it stands before a table's name."""
        if catalog.is_place(schema):
            return ".".join(map(self.quote, schema.split(".")))
        return super().quote_schema(schema)


class BillqlDialect(SQLiteDialect):
    """The dialect of `billql://`.

    Its name is that of the SQL that it writes, as SQLAlchemy wants it, so that what programs have
    for SQLite holds for their local tables here too.
    """

    driver = "billql"
    supports_statement_cache = True
    supports_native_decimal = True
    returns_native_bytes = True
    preparer = BillqlIdentifierPreparer
    colspecs = SQLiteDialect.colspecs | {
        types.DateTime: Instant,
        types.Numeric: ExactNumeric,
        types.Float: types.Float,  # else it would be taken for the Numeric that it is made of
    }

    # Connections.

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """Return the module of PEP 249."""
        return billql

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        """Return a pool for a file; in memory each thread has a connection, with its own tables."""
        in_memory = url.database in (None, "", ":memory:")
        return pool.SingletonThreadPool if in_memory else pool.QueuePool

    def create_connect_args(self, url: URL) -> tuple[Sequence[str], dict[str, Any]]:
        """Return the arguments of `billql.connect`; raise ArgumentError."""
        database, named = arguments(url)
        return (database,), named

    def _get_server_version_info(self, connection: Connection) -> tuple[int, ...]:
        return billql.sqlite_version_info

    def is_disconnect(self, e: Exception, connection: Any, cursor: Any) -> bool:
        """Return whether a connection is of no use any more."""
        return isinstance(e, ClosedError)

    # Transactions: the DB-API begins one before the first change.

    def get_isolation_level_values(self, dbapi_connection: Any) -> list[Any]:
        """Return the levels that a connection may have."""
        return [*super().get_isolation_level_values(dbapi_connection), _AUTOCOMMIT]

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        """Return the level that a connection has."""
        if dbapi_connection.autocommit:
            return _AUTOCOMMIT
        return super().get_isolation_level(dbapi_connection)

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """Choose whether the DB-API begins transactions, and what they read."""
        dbapi_connection.autocommit = level == _AUTOCOMMIT
        if level != _AUTOCOMMIT:
            super().set_isolation_level(dbapi_connection, level)

    def detect_autocommit_setting(self, dbapi_conn: Any) -> bool:
        """Return whether the DB-API begins no transactions."""
        return bool(dbapi_conn.autocommit)

    def do_savepoint(self, connection: Connection, name: str) -> None:
        """Set a savepoint in a transaction: releasing one outside would commit."""
        if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            connection.exec_driver_sql("BEGIN")
        super().do_savepoint(connection, name)

    # Reflection: the catalog, and what SQLite knows of local tables.

    @reflection.cache
    def get_schema_names(self, connection: Connection, **kw: Any) -> list[str]:
        """Return the local databases and the services of the catalog."""
        return [*super().get_schema_names(connection, **kw), *catalog.schemas(connection)]

    @reflection.cache
    def get_table_names(
        self,
        connection: Connection,
        schema: str | None = None,
        sqlite_include_internal: bool = False,
        **kw: Any,
    ) -> list[str]:
        """Return the names of a schema's tables."""
        if schema is not None and catalog.is_place(schema):
            return catalog.names(connection, schema, "resource")
        own = super().get_table_names(connection, schema, sqlite_include_internal, **kw)
        return list(own)

    @reflection.cache
    def get_view_names(
        self,
        connection: Connection,
        schema: str | None = None,
        sqlite_include_internal: bool = False,
        **kw: Any,
    ) -> list[str]:
        """Return the names of a schema's views."""
        if schema is not None and catalog.is_place(schema):
            return catalog.names(connection, schema, "view")
        own = super().get_view_names(connection, schema, sqlite_include_internal, **kw)
        return list(own)

    @reflection.cache
    def get_view_definition(
        self, connection: Connection, view_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Return the SQL of a local view; raise NotImplementedError for one of the catalog."""
        if schema is not None and catalog.is_place(schema):
            raise NotImplementedError("the SQL of views of definitions is not reflected")
        return super().get_view_definition(connection, view_name, schema, **kw)

    @reflection.cache
    def has_table(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> bool:
        """Return whether there is a table or a view."""
        if schema is not None and catalog.is_place(schema):
            return catalog.comment(connection, schema, table_name) is not None
        return bool(super().has_table(connection, table_name, schema, **kw))

    @reflection.cache
    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> list[ReflectedColumn]:
        """Return the columns of a table or view; raise NoSuchTableError."""
        if schema is None or not catalog.is_place(schema):
            return list(super().get_columns(connection, table_name, schema, **kw))
        if not (found := catalog.columns(connection, schema, table_name)):
            raise NoSuchTableError(f"{schema}.{table_name}")
        return found

    @reflection.cache
    def get_table_comment(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Return what one row is; a local table has no comment. Raise NoSuchTableError."""
        if schema is not None and catalog.is_place(schema):
            if (text := catalog.comment(connection, schema, table_name)) is None:
                raise NoSuchTableError(f"{schema}.{table_name}")
            return {"text": text}
        if not self.has_table(connection, table_name, schema, **kw):
            raise NoSuchTableError(table_name if schema is None else f"{schema}.{table_name}")
        return ReflectionDefaults.table_comment()

    @reflection.cache
    def _get_table_sql(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        if schema is not None and catalog.is_place(schema):
            if not self.has_table(connection, table_name, schema, **kw):
                raise NoSuchTableError(f"{schema}.{table_name}")
            return None  # there are neither constraints nor options
        return super()._get_table_sql(connection, table_name, schema, **kw)

    def _get_table_pragma(
        self, connection: Connection, pragma: str, table_name: str, schema: str | None = None
    ) -> Any:
        if schema is not None and catalog.is_place(schema):
            return []  # there are neither keys nor indexes
        return super()._get_table_pragma(connection, pragma, table_name, schema)

    def _resolve_type_affinity(self, type_: str) -> Any:
        return of_local_column(type_) or super()._resolve_type_affinity(type_)
