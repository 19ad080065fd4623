"""billql's tables, and those of a database file, as schemas and tables of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from billql.dbapi import Connection
from billql.serve.postgres import types
from billql.serve.postgres.compiler.values import quote_name
from billql.sql.tokenizer import type_name

PUBLIC = "public"
"""The schema of the tables of a database file."""


class UserColumn(NamedTuple):
    """A column of a table; a hidden one is listed nowhere, and can be named all the same."""

    name: str
    type: str
    description: str
    is_hidden: bool = False
    is_month: bool = False
    currency: str | None = None
    """The column that holds the currency of an amount."""


@dataclass(frozen=True)
class UserTable:
    """A table that clients may read."""

    schema: str
    name: str
    description: str
    sql: str
    """Its name in SQLite."""
    columns: tuple[UserColumn, ...]

    @property
    def listed(self) -> list[UserColumn]:
        """Return the columns that are listed."""
        return [column for column in self.columns if not column.is_hidden]


def read(connection: Connection) -> list[UserTable]:
    """Return all tables by schema and name."""
    found = [*_resources(connection), *_local(connection)]
    return sorted(found, key=lambda table: (table.schema.encode(), table.name.encode()))


_NEEDS = "Needs a condition on {}."


def _resources(connection: Connection) -> Iterator[UserTable]:
    about = {
        (provider, service, resource): description
        for provider, service, resource, description in connection.execute(
            "SELECT provider, service, resource, description FROM billql.catalog.resources"
        )
    }
    rows: dict[tuple[str, str, str], list[UserColumn]] = {}
    needed: dict[tuple[str, str, str], list[str]] = {}
    for (
        provider,
        service,
        resource,
        name,
        kind,
        text,
        hidden,
        required,
        currency,
    ) in connection.execute(
        "SELECT provider, service, resource, column, type, description, hidden, required, "
        "currency FROM billql.catalog.columns"
    ):
        key = provider, service, resource
        column = UserColumn(
            name,
            types.OF_COLUMN[kind],
            text or "",
            is_hidden=bool(hidden) and name != "connection",
            is_month=kind == "month",
            currency=currency,
        )
        rows.setdefault(key, []).append(column)
        if required:
            needed.setdefault(key, []).append(name)
    for key, columns in rows.items():
        if key not in about:
            continue
        provider, service, resource = key
        keys = " or ".join(needed.get(key, ()))
        text = f"{about[key] or ''} {_NEEDS.format(keys) if keys else ''}".strip()
        yield UserTable(f"{provider}_{service}", resource, text, ".".join(key), tuple(columns))


def _local(connection: Connection) -> Iterator[UserTable]:
    names = connection.execute(
        "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()
    for (name,) in names:
        info = connection.execute(f"PRAGMA main.table_info({quote_name(name)})").fetchall()
        columns = tuple(UserColumn(row[1], local_type(row[2]), "") for row in info)
        yield UserTable(PUBLIC, name, "", f"main.{quote_name(name)}", columns)


def local_type(declared: str | None) -> str:
    """Return the type of a column of a local table, by what it is declared as.

    https://sqlite.org/datatype3.html#determination_of_column_affinity
    """
    base = (type_name(declared) or "").upper()
    exact = {"DATE": "date", "BOOLEAN": "bool", "BOOL": "bool", "JSON": "jsonb", "JSONB": "jsonb"}
    if base in exact:
        return exact[base]
    if base.startswith("TIMESTAMP") or base == "DATETIME":
        return "timestamptz"
    if "INT" in base:
        return "int8"
    if any(part in base for part in ("CHAR", "CLOB", "TEXT", "MONTH")):
        return "text"
    if "BLOB" in base:
        return "bytea"
    if any(part in base for part in ("REAL", "FLOA", "DOUB")):
        return "float8"
    return "numeric" if base else "text"


def schemas(tables: Sequence[UserTable]) -> list[str]:
    """Return the schemas in order, without that of the database file, which is PostgreSQL's own."""
    return sorted({table.schema for table in tables} - {PUBLIC})
