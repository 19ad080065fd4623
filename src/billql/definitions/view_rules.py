"""What must hold of a view beside its grammar: its SELECT makes its columns, of resources alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from msgspec.structs import replace

from billql.definitions.column_rules import Problem
from billql.definitions.model import Service, View
from billql.definitions.settling_rules import settling_problems
from billql.sql import rewriter
from billql.sql.projections import names_of_ctes, selects
from billql.sql.statements import ParsedStatement, each_statement, parse

_MOST_COLUMNS = 2000
"""How many columns SQLite allows (https://sqlite.org/limits.html#max_column)."""


def service_problems(service: Service) -> Iterator[Problem]:
    """Yield what is wrong with a service's views, and with a service that has nothing."""
    if not (service.resources or service.views):
        yield (), "there are neither `resources` nor `views`"
    for name, view in service.views.items():
        if name in service.resources:
            yield ("views", name), "a resource has this name"
        if view.columns_of is not None:
            other = service.views.get(view.columns_of)
            if view.columns:
                yield ("views", name, "columns_of"), "there are `columns` already"
            elif other is None or not other.columns:
                yield ("views", name, "columns_of"), f"no view {view.columns_of} has `columns`"
            else:
                view = replace(view, columns=other.columns)
        for place, message in view_problems(view):
            yield ("views", name, *place), message


def view_problems(view: View) -> Iterator[Problem]:
    """Yield what is wrong with one view."""
    yield from _column_problems(view)
    if view.settles is not None and view.columns:
        for place, message in settling_problems(view.settles, view.columns):
            yield ("settles", *place), message
    for name, create in view.tables.items():
        tokens = parse(create).tokens
        if [one.text.upper() for one in tokens[:3]] != ["CREATE", "TABLE", name.upper()]:
            yield ("tables", name), f"expected CREATE TABLE {name} (…)"
    if view.select is None:
        if not view.columns:
            yield (), "needs `select`, or `columns` if providers bring its parts"
        return
    statements = list(each_statement(view.select))
    if len(statements) != 1 or statements[0].keyword not in ("SELECT", "WITH"):
        yield ("select",), "expected one SELECT"
        return
    yield from _select_problems(statements[0], view)


def _column_problems(view: View) -> Iterator[Problem]:
    if len(view.columns) > _MOST_COLUMNS:
        yield ("columns",), f"a view of SQLite has {_MOST_COLUMNS} columns at most"
    known = Counter(name.lower() for name in view.columns)
    for name, column in view.columns.items():
        if known[name.lower()] > 1:
            yield ("columns", name), "another column has the same name but for its case"
        if column.currency is not None and column.currency not in view.columns:
            yield ("columns", name, "currency"), f"there is no column {column.currency}"


def _select_problems(statement: ParsedStatement, view: View) -> Iterator[Problem]:
    if any(token.kind == "variable" for token in statement.tokens):
        yield ("select",), "a view has no parameters"
    for name in local_names(statement):
        if name.lower() not in view.tables:
            yield ("select",), f"{name} is no whole name like provider.service.resource"
    names = column_names(statement)
    if None in names:
        yield ("select",), "each of its columns needs a name: AS name"
        return
    made = Counter(names)
    for one, times in made.items():
        if times > 1:
            yield ("select",), f"the column {one} stands there {times} times"
    if view.columns:
        known = {name.lower(): name for name in view.columns}
        yield from unknown_names(made, known)
        for lower, name in known.items():
            if lower not in made:
                yield ("select",), f"it makes no column {name}"


def unknown_names(made: Iterable[str | None], known: Collection[str]) -> Iterator[Problem]:
    """Yield the columns that a SELECT makes and a view does not have; all are in lower case."""
    for name in made:
        if name not in known:
            yield ("select",), f"the view has no column {name}"


def local_names(statement: ParsedStatement) -> Iterator[str]:
    """Yield the tables of a SELECT that are neither of the catalog, nor CTEs, nor functions."""
    ctes = names_of_ctes(statement)
    for reference in rewriter.tables(statement):
        is_function = statement.text[reference.end :].lstrip().startswith("(")
        is_local = len(reference.parts) == 1 and (is_function or reference.name.lower() in ctes)
        if len(reference.parts) != 3 and not is_local:
            yield reference.name


def column_names(statement: ParsedStatement) -> list[str | None]:
    """Return the names of the columns that a SELECT makes, in lower case; None for one without."""
    outer = next((columns for depth, columns in selects(statement) if depth == 0), [])
    return [None if one.name == "*" else one.name for one in outer] or [None]
