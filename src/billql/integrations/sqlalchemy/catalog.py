"""What is known of tables of the catalog: names, columns, comments, by `billql.catalog.*`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import ReflectedColumn

from billql.integrations.sqlalchemy import types

_CONNECTION = "connection"
"""The hidden column that every resource has, and that can be read whatever a statement filters."""


def is_place(schema: str | None) -> bool:
    """Return whether a schema has the form of the catalog's: `provider.service`."""
    return schema is not None and schema.count(".") == 1


def schemas(connection: Connection) -> list[str]:
    """Return the schemas, `provider.service`, of the catalog."""
    sql = "SELECT provider || '.' || service FROM billql.catalog.services"
    return list(connection.exec_driver_sql(sql).scalars())


def names(connection: Connection, schema: str, kind: str) -> list[str]:
    """Return the names of a schema's tables of a kind, `resource` or `view`."""
    sql = (
        "SELECT resource FROM billql.catalog.resources "
        "WHERE provider = ? AND service = ? AND kind = ?"
    )
    return list(connection.exec_driver_sql(sql, (*_parts(schema), kind)).scalars())


def comment(connection: Connection, schema: str, table: str) -> str | None:
    """Return what one row of a table is; None if there is no such table."""
    sql = (
        "SELECT description FROM billql.catalog.resources "
        "WHERE provider = ? AND service = ? AND resource = ?"
    )
    found: str | None = connection.exec_driver_sql(sql, (*_parts(schema), table.lower())).scalar()
    return found


def columns(connection: Connection, schema: str, table: str) -> list[ReflectedColumn]:
    """Return the columns that SELECT * reads, and `connection`; none if there is no such table.

    Others cost more requests, or can be compared in WHERE alone.
    """
    sql = (
        'SELECT "column", type, description, required FROM billql.catalog.columns '
        "WHERE provider = ? AND service = ? AND resource = ? "
        'AND (NOT hidden OR "column" = ?) AND NOT input ORDER BY position'
    )
    place = *_parts(schema), table.lower(), _CONNECTION
    return [_column(row) for row in connection.exec_driver_sql(sql, place)]


def _parts(schema: str) -> Sequence[str]:
    return schema.lower().split(".")


def _column(row: Sequence[Any]) -> ReflectedColumn:
    name, kind, description, required = row
    needed = " A statement needs a condition on it, or on another key." if required else ""
    return {
        "name": name,
        "type": types.of_column(kind),
        "nullable": True,
        "default": None,
        "comment": f"{description}{needed}",
    }
