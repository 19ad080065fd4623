"""A check, without a network, that the examples of a definition can run.

SQLite plans them against the definition, which sends no request: so unknown names, invalid SQL and
key columns without a value are found; responses are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from billql.definitions import views
from billql.definitions.catalog import Catalog
from billql.definitions.model import Example
from billql.definitions.shared import SHARED
from billql.errors import Error, SqlError
from billql.sql import rewriter
from billql.sql.statements import each_statement, parse
from billql.sqlite.session import Session

_EXPLAIN = "EXPLAIN QUERY PLAN "
_SCAN = " VIRTUAL TABLE INDEX "
_NEEDS = "needs "
"""The beginning of the summary of a plan that cannot run; see `planning.planner`."""


class Fault(NamedTuple):
    """The reason why an example cannot run; `offset` is the position in its SQL, in characters."""

    rule: str
    message: str
    offset: int = 0


def session(catalog: Catalog) -> Session:
    """Return a session that plans statements over definitions and has no token to run them."""
    from billql.sqlite.shared import Options

    return Session(":memory:", lambda: Options(environ={}, catalog=catalog))


def no_query(sql: str) -> str | None:
    """Return why a text is no example, or None; untrusted examples must not write."""
    statements = list(each_statement(sql))
    if len(statements) != 1:
        return "an example is one statement"
    if statements[0].keyword not in ("SELECT", "WITH", "VALUES"):
        return "an example is a SELECT"
    return None


def faults(session: Session, sql: str) -> Iterator[Fault]:
    """Yield the reasons why an example cannot run."""
    if (why := no_query(sql)) is not None:
        yield Fault("example-sql", why)
        return
    try:
        for row in session.execute(_EXPLAIN + sql):
            scan, _, index = str(row[3]).partition(_SCAN)
            summary = index.partition(":")[2]
            if summary.startswith(_NEEDS):
                yield Fault("example-parameter", f"{scan.rpartition(' ')[2]} {summary}")
    except Error as error:
        hint = f" {error.hint}" if error.hint else ""
        at = error.offset if isinstance(error, SqlError) and error.offset else 0
        yield Fault("example-sql", f"{error.message}.{hint}", max(0, at - len(_EXPLAIN)))


def tables(sql: str, catalog: Catalog) -> set[str]:
    """Return the names of the resources that a statement reads, by views too, in lower case.

    Raise DefinitionError for an invalid view.
    """
    found, waiting, seen = set[str](), list(_names(sql)), set[str]()
    while waiting:
        name = waiting.pop()
        shared = f"{SHARED}.{name}"
        view = views.find(catalog, shared if name.count(".") == 1 else name)
        if view is None and name.count(".") == 2:
            found.add(name)
        if view is not None and view.name not in seen:
            seen.add(view.name)
            waiting += view.reads
    return found


def _names(sql: str) -> set[str]:
    """Return all names of tables in a statement, in lower case."""
    return {reference.name.lower() for reference in rewriter.tables(parse(sql))}


def reads_itself(name: str, examples: Sequence[Example]) -> bool:
    """Return whether any example of a resource or a view reads what it is an example of."""
    names = {name, name.removeprefix(f"{SHARED}.")}
    return any(names & _names(example.sql) for example in examples)
