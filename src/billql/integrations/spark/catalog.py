"""A table as Spark sees it: its columns in Spark's types, and who can read it.

billql      Spark
decimal     decimal(38, 18)
timestamp   timestamp, an instant
date        date
boolean     boolean
integer     bigint
real        double
blob        binary
others      string
"""

from __future__ import annotations

from typing import NamedTuple

from pyspark.sql.types import (
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

import billql
from billql.errors import InterfaceError
from billql.integrations.spark.options import ReadOptions

_TYPES: dict[str, DataType] = {
    "decimal": DecimalType(38, 18),
    "timestamp": TimestampType(),
    "date": DateType(),
    "boolean": BooleanType(),
    "integer": LongType(),
    "real": DoubleType(),
    "blob": BinaryType(),
}


class Part(NamedTuple):
    """A table of one provider: a resource, or what a provider brings to a view."""

    table: str
    columns: frozenset[str]
    """The columns that it has; a part of a view has NULL for the others."""
    connections: tuple[str, ...]
    """Who can read it; empty for a part of a view, which reads all that it has."""


class Column(NamedTuple):
    """A column of a table."""

    name: str
    kind: str
    description: str
    is_key: bool
    """Whether an API can be asked for single values."""

    @property
    def type(self) -> DataType:
        """Return its type in Spark."""
        return _TYPES.get(self.kind, StringType())


class Table(NamedTuple):
    """A table, in billql's words."""

    columns: tuple[Column, ...]
    parts: tuple[Part, ...]

    def column(self, name: str) -> Column:
        """Return a column; raise InterfaceError if there is none of this name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise InterfaceError(
            f"There is no column {name}",
            hint=f"The columns are {', '.join(column.name for column in self.columns)}.",
        )

    def schema(self) -> StructType:
        """Return the schema, with descriptions as comments."""
        return StructType(
            [
                StructField(column.name, column.type, metadata={"comment": column.description})
                for column in self.columns
            ]
        )


def read(options: ReadOptions) -> Table:
    """Return a table from billql's catalog, for which nothing is requested.

    Raise InterfaceError for a table that is not there, and for a connection that is none of its
    provider's.
    """
    with billql.connect(**options.connect_arguments()) as connection:
        found = connection.execute(
            "SELECT provider, service, resource FROM billql.catalog.resources WHERE name IN (?, ?)",
            (options.table, f"billql.{options.table}"),
        ).fetchone()
        if found is None:
            raise InterfaceError(
                f"There is no table {options.table}",
                hint="SELECT name FROM billql.catalog.resources lists them all.",
            )
        provider, service, resource = found
        columns = tuple(
            Column(name, kind, text, "=" in operators.split(", "))
            for name, kind, text, operators in connection.execute(
                "SELECT column, type, description, operators FROM billql.catalog.columns "
                "WHERE provider = ? AND service = ? AND resource = ? "
                "AND (NOT hidden OR column = 'connection') ORDER BY position",
                (provider, service, resource),
            )
        )
        parts = tuple(
            Part(part, frozenset(names.split(", ")), ())
            for part, names in connection.execute(
                "SELECT part, columns FROM billql.catalog.view_parts WHERE provider = ? "
                "AND service = ? AND resource = ? AND is_read",
                (provider, service, resource),
            )
        )
        if not parts:
            connections = tuple(
                name
                for (name,) in connection.execute(
                    "SELECT connection FROM billql.catalog.connections WHERE provider = ?",
                    (provider,),
                )
            )
            names = frozenset(column.name for column in columns)
            parts = (Part(options.table, names, _selected(options, connections)),)
        elif options.connections:
            raise InterfaceError(
                f"{options.table} is a view of several providers, and reads all connections",
                hint="Read the view of one provider, or omit the option connections.",
            )
    return Table(columns, parts)


def _selected(options: ReadOptions, all_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the connections that shall be read."""
    for name in options.connections:
        if name not in all_names:
            raise InterfaceError(
                f"{options.table} has no connection {name}",
                hint=f"There are {', '.join(all_names) or 'none'}.",
            )
    return options.connections or all_names
