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

from collections.abc import Iterator, Sequence
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
from billql.sqlite.options import ConnectOptions

_TYPES: dict[str, DataType] = {
    "decimal": DecimalType(38, 18),
    "timestamp": TimestampType(),
    "date": DateType(),
    "boolean": BooleanType(),
    "integer": LongType(),
    "real": DoubleType(),
    "blob": BinaryType(),
}


_NAMING = ("connection", "x_Connection")
"""The columns that name the connection of a row; FOCUS wants the second name."""


class Part(NamedTuple):
    """A table of one provider: a resource, or what a provider brings to a view."""

    table: str
    columns: frozenset[str]
    """The columns that it has; a part of a view has NULL for the others."""
    naming: str = ""
    """The column that names the connection of a row; empty if there is none."""
    connections: tuple[str, ...] = ()
    """Who can read it; empty where no column names them: it is read as a whole."""


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

    Raise InterfaceError for a table that is not there, and for connections that cannot be selected.
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
        columns = tuple(
            Column(name, kind, text, "=" in operators.split(", "))
            for name, kind, text, operators in connection.execute(
                "SELECT column, type, description, operators FROM billql.catalog.columns "
                "WHERE provider = ? AND service = ? AND resource = ? "
                "AND (NOT hidden OR column = 'connection') ORDER BY position",
                found,
            )
        )
        of_view = connection.execute(
            "SELECT part, part_provider, columns, is_read FROM billql.catalog.view_parts "
            "WHERE provider = ? AND service = ? AND resource = ?",
            found,
        ).fetchall()
        names = connection.execute(
            "SELECT connection, provider FROM billql.catalog.connections"
        ).fetchall()
    configured = _configured_providers(options)
    tables = [
        (part, provider, frozenset(stated.split(", ")))
        for part, provider, stated, is_read in of_view
        if is_read or provider in configured
    ]
    if not tables:
        tables = [(options.table, found[0], frozenset(column.name for column in columns))]
    return Table(columns, tuple(_parts(options, tables, names)))


def _configured_providers(options: ReadOptions) -> frozenset[str]:
    """Return the providers that have a connection in the config file.

    Their parts of a view are read even if the driver has no token: executors look for it.
    """
    if options.sandbox:
        return frozenset()
    found = ConnectOptions(config=options.config, profile=options.profile).load_config()
    return frozenset(one.provider for one in found.connections.values())


def _parts(
    options: ReadOptions,
    tables: Sequence[tuple[str, str, frozenset[str]]],
    names: Sequence[tuple[str, str]],
) -> Iterator[Part]:
    """Yield the parts that shall be read, from their tables, providers and columns.

    `names` has each connection with its provider. Raise InterfaceError for a selection of
    connections that cannot be made.
    """
    providers = {provider for _, provider, _ in tables}
    known = dict.fromkeys(name for name, provider in names if provider in providers)
    selected = frozenset(options.connections)
    if unknown := [name for name in options.connections if name not in known]:
        raise InterfaceError(
            f"{options.table} has no connection {unknown[0]}",
            hint=f"There are {', '.join(known) or 'none'}.",
        )
    for table, provider, columns in tables:
        naming = next((name for name in _NAMING if name in columns), "")
        if selected and not naming:
            raise InterfaceError(
                f"{table} has no column that names a connection",
                hint="Omit the option connections.",
            )
        own = tuple(name for name, of in names if of == provider)
        wanted = tuple(name for name in own if not selected or name in selected)
        if not (naming and own):
            yield Part(table, columns)
        elif wanted:
            yield Part(table, columns, naming, wanted)
