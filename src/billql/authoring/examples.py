"""Whether the examples of a definition can run, found out without a network.

SQLite plans them against the definition, which takes no request: so names that do not exist, SQL
that does not hold and key columns without a value are found, and answers are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from billql.definitions.catalog import Catalog, Table
from billql.errors import Error, SqlError
from billql.sql import rewriter
from billql.sql.tokenizer import first_word
from billql.sqlite.session import Session

_EXPLAIN = "EXPLAIN QUERY PLAN "
_SCAN = " VIRTUAL TABLE INDEX "
_NEEDS = "needs "
"""How the summary of a plan begins that cannot be run; see `plan.Plan.summary`."""


class Fault(NamedTuple):
    """Why an example cannot run; `offset` is the character of its SQL that is meant."""

    rule: str
    message: str
    offset: int = 0


def session(catalogue: Catalog) -> Session:
    """Open a session that plans statements over definitions, and that has no token to run them."""
    from billql.sqlite.engine import Options

    return Session(":memory:", lambda: Options(environ={}, catalogue=catalogue))


def no_query(sql: str) -> str | None:
    """Say why a text is no example: it may come from a stranger, and must do nothing but read."""
    if len(rewriter.split(sql)) != 1:
        return "an example is one statement"
    if first_word(sql) not in ("SELECT", "WITH", "VALUES"):
        return "an example is a SELECT"
    return None


def faults(session: Session, sql: str) -> Iterator[Fault]:
    """Find what keeps an example from running."""
    if (why := no_query(sql)) is not None:
        yield Fault("example-sql", why)
        return
    try:
        for row in session.execute(_EXPLAIN + sql):
            scan, _, told = str(row[3]).partition(_SCAN)
            summary = told.partition(":")[2]
            if summary.startswith(_NEEDS):
                yield Fault("example-parameter", f"{scan.rpartition(' ')[2]} {summary}")
    except Error as error:
        hint = f" {error.hint}" if error.hint else ""
        at = error.offset if isinstance(error, SqlError) and error.offset else 0
        yield Fault("example-sql", f"{error.message}.{hint}", max(0, at - len(_EXPLAIN)))


def tables(sql: str) -> set[str]:
    """Name the resources that a statement reads."""
    return {reference.name.lower() for reference in rewriter.references(sql)}


def reads_itself(table: Table) -> bool:
    """Tell whether some example of a resource reads the resource."""
    return any(table.name in tables(example.sql) for example in table.resource.examples)
