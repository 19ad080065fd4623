"""What each task reads: one connection, and a part of its keys or of its time.

Tasks of one connection share a limit of requests without knowing of each other, so they are few.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from billql.errors import InterfaceError
from billql.integrations.spark.catalog import Part, Table
from billql.integrations.spark.conditions import Condition, sql_value
from billql.integrations.spark.options import Keys, ReadOptions
from billql.sql.tokenizer import quote


class Query(NamedTuple):
    """What one task reads."""

    table: str
    columns: tuple[str, ...]
    """The columns in Spark's order, as SQL."""
    conditions: tuple[Condition, ...]

    def sql(self) -> str:
        """Return it as SQL; its parameters are the values of the conditions in their order."""
        table = ".".join(map(quote, self.table.split(".")))
        where = " AND ".join(condition.sql() for condition in self.conditions)
        names = ", ".join(self.columns)
        return f"SELECT {names} FROM {table}" + (f" WHERE {where}" if where else "")

    def __str__(self) -> str:
        """Return what it reads, for people."""
        conditions = [
            f"{condition.column} {condition.operator} {', '.join(map(str, condition.values))}"
            for condition in self.conditions
        ]
        return " and ".join([self.table, *(f"{one:.100}".rstrip() for one in conditions)])

    def parameters(self) -> tuple[Any, ...]:
        """Return the values of the conditions."""
        return tuple(value for condition in self.conditions for value in condition.values)


def queries(
    table: Table,
    options: ReadOptions,
    columns: Mapping[str, bool],
    conditions: Sequence[Condition],
) -> list[Query]:
    """Return what the tasks read, whose rows together are those of the table.

    `columns` states of each whether it shall be text, whatever its type. Raise InterfaceError for a
    column of the options that the table does not have.
    """
    found = []
    for part in table.parts:
        known = tuple(
            _expression(name, is_text) if name in part.columns else "NULL"
            for name, is_text in columns.items()
        )
        held = [condition for condition in conditions if condition.column in part.columns]
        shares = _shares(table, options, [one for one in held if one.column != part.naming])
        for of_connection in _connections(part, held):
            for more in shares:
                # A column that a part does not have is NULL, which is no key and in no window.
                if all(condition.column in part.columns for condition in more):
                    every = (*of_connection, *held, *more)
                    found.append(Query(part.table, known, tuple(dict.fromkeys(every))))
    return found


def _expression(name: str, is_text: bool) -> str:
    return f"CAST({quote(name)} AS TEXT)" if is_text else quote(name)


def _connections(part: Part, held: Sequence[Condition]) -> Iterator[tuple[Condition, ...]]:
    """Yield the conditions on connections, one for each of a part that others let through."""
    if not part.connections:
        yield ()
    named = [c.values for c in held if c.column == part.naming and c.operator in ("=", "IN")]
    for name in part.connections:
        if all(name in values for values in named):
            yield (Condition(part.naming, "=", (name,)),)


def _shares(
    table: Table, options: ReadOptions, conditions: Sequence[Condition]
) -> list[tuple[Condition, ...]]:
    """Return the conditions that share what one connection has out among its tasks."""
    if options.window is not None:
        return _windows(table, options, options.window)
    if options.keys is not None:
        _check_keys(table, options.keys)
        return _keys(options.keys.column, options.keys.values, options.partitions)
    for condition in conditions:
        if condition.operator == "IN" and table.column(condition.column).is_key:
            return _keys(condition.column, condition.values, options.partitions)
    return [()]


def _check_keys(table: Table, keys: Keys) -> None:
    """Raise InterfaceError for values of which two may mean the same and double its rows."""
    kind = table.column(keys.column).kind
    expected = {"text": str, "integer": int}.get(kind)
    if expected is None or not all(type(value) is expected for value in keys.values):
        raise InterfaceError(
            f"The option keys has values that are no keys of {keys.column}, which is {kind}",
            hint="Keys are texts of a text column, or integers of an integer column.",
        )


def _keys(column: str, values: Sequence[Any], tasks: int) -> list[tuple[Condition, ...]]:
    """Return the values shared out evenly; no values are no tasks."""
    count = min(tasks, len(values))
    return [(Condition(column, "IN", tuple(values[start::count])),) for start in range(count)]


def _windows(table: Table, options: ReadOptions, column: str) -> list[tuple[Condition, ...]]:
    """Return equal windows of time, as instants or days as the column has them."""
    kind = table.column(column).kind
    if kind not in ("timestamp", "date"):
        raise InterfaceError(
            f"The column {column} has the type {kind}, and a window is of time",
            hint="Name a column of type timestamp or date.",
        )
    start, end = instant("from", options.start), instant("until", options.end)
    if start > end:
        raise InterfaceError(
            f"The window begins at {options.start}, after its end, {options.end}",
            hint="until is the first instant or day after the window.",
        )
    unit = datetime.timedelta(seconds=1) if kind == "timestamp" else datetime.timedelta(days=1)
    length = max(0, -((start - end) // unit))
    count = min(options.partitions, length)
    ends = [start + unit * (length * place // count) for place in range(1, count)] if count else []
    bounds = [start, *ends, end]

    def value(instant: datetime.datetime) -> Any:
        return sql_value(instant if kind == "timestamp" else instant.date())

    return [
        (Condition(column, ">=", (value(since),)), Condition(column, "<", (value(until),)))
        for since, until in pairwise(bounds)
        if since < until
    ]


def instant(option: str, text: str | None) -> datetime.datetime:
    """Return an instant or a day of an option in UTC; raise InterfaceError if it is none.

    It has no parts of a second, which no window has.
    """
    if text is None:
        raise InterfaceError(
            f"A window needs the option {option}",
            hint='Write .option("from", "2026-01-01").option("until", "2026-07-01").',
        )
    try:
        found = datetime.datetime.fromisoformat(text)
        zone = found.tzinfo or datetime.UTC
        found = found.replace(tzinfo=zone).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.microsecond:
        raise InterfaceError(
            f"The option {option} is {text!r}",
            hint="It is a day or an instant: 2026-01-31, or 2026-01-31T12:00:00Z.",
        )
    return found
