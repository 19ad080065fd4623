"""Runs of the examples of a definition, with the rows and requests of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from billql.authoring.examples import no_query, tables
from billql.definitions.catalog import Catalog, Table
from billql.errors import Error, SqlError, UnknownName
from billql.http.credentials import ApiConnection
from billql.sql.statements import Row
from billql.sqlite.session import Session
from billql.util.text import counted


@dataclass(frozen=True)
class Outcome:
    """The result of one example; its text is one line."""

    table: str
    number: int
    """Its number among the examples of its resource, from 1."""
    question: str
    rows: int = 0
    columns: tuple[tuple[str, Any], ...] = ()
    """The names of the columns, with what the session returns about each."""
    first: tuple[Row, ...] = ()
    """The first rows."""
    requests: int = 0
    seconds: float = 0.0
    error: Error | None = None

    def __str__(self) -> str:
        what = (
            f"error: {self.error.message}"
            if self.error is not None
            else f"{counted(self.rows, 'row')}, {counted(len(self.columns), 'column')}"
        )
        cost = f"{counted(self.requests, 'request')}, {self.seconds:.2f} s"
        return f"{self.table} {self.number}: {what}; {cost}"


def chosen(catalog: Catalog, provider: str, resource: str | None) -> list[Table]:
    """Return a provider's resources, or those of a name of one, two or three parts.

    Raise UnknownName or DefinitionError.
    """
    names = [
        f"{provider}.{service}.{name}"
        for service in catalog.services(provider)
        for name in catalog.resources(provider, service)
    ]
    found = [
        name for name in names if resource is None or f".{name}".endswith(f".{resource.lower()}")
    ]
    if not found:
        raise UnknownName(
            f"There is no resource {resource} in {provider}",
            hint=f"It has {', '.join(name.partition('.')[2] for name in names)}.",
        )
    return [catalog.table(name) for name in found]


def outcomes(
    session: Session,
    resources: Iterable[Table],
    know: Callable[[ApiConnection], None],
    shown: int = 0,
) -> Iterator[Outcome]:
    """Yield the result of each example of some resources, run one after the other.

    Each has so many of its rows as are to be `shown`. `know` is called with each connection before
    anything is sent over it.
    """
    for table in resources:
        for number, example in enumerate(table.resource.examples, start=1):
            yield _run(session, table.name, number, example.question, example.sql, know, shown)


def _run(
    session: Session,
    name: str,
    number: int,
    question: str,
    sql: str,
    know: Callable[[ApiConnection], None],
    shown: int,
) -> Outcome:
    start = time.perf_counter()
    rows = 0
    columns: tuple[tuple[str, Any], ...] = ()
    first: list[Row] = []
    failed: Error | None = None
    try:
        if (why := no_query(sql)) is not None:
            raise SqlError(f"The example was not run: {why}")
        for other in sorted(tables(sql, session.engine.catalog)):
            table = session.engine.table(other)
            for connection in session.engine.connections(table):
                know(session.engine.connection(table, connection))
        execution = session.execute(sql)
        columns = tuple(execution.description or ())
        for row in execution:
            rows += 1
            if rows <= shown:
                first.append(row)
    except Error as error:
        failed = error
    return Outcome(
        name,
        number,
        question,
        rows,
        columns,
        tuple(first),
        sum(scan.requests for scan in session.scans),
        time.perf_counter() - start,
        failed,
    )
