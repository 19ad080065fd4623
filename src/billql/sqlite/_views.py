"""A statement that reads views of definitions is run with their SELECTs in their place.

    FROM "billql.focus.cost_and_usage" AS v

    FROM (SELECT "BilledCost", NULL AS "Tags", … FROM (SELECT it.amount AS BilledCost, …)
          UNION ALL SELECT …) AS v

So SQLite flattens a view or pushes conditions into it, a condition that contradicts a constant of
a part leaves that part out before any request is sent, and EXPLAIN QUERY PLAN shows the scans. A
view of one's own that reads one of these is put in its place in the same way, because SQLite looks
for the tables of a stored view by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import TYPE_CHECKING

import apsw

from billql.errors import CredentialMissing, DefinitionError, OperationalError, UnknownName
from billql.sql import rewriter
from billql.sql.projections import names_of_ctes
from billql.sql.rewriter import Reference, Rewritten
from billql.sql.source_map import Edit, apply_edits
from billql.sql.statements import ParsedStatement, parse
from billql.sql.tokenizer import quote
from billql.sqlite._view_table import collation_clause
from billql.sqlite.historic import Historic, record_calls
from billql.sqlite.result_amounts import query_of_view

if TYPE_CHECKING:
    import datetime

    from billql.definitions.views import ViewTable
    from billql.sqlite.result_amounts import KnownTables

_DEEPEST = 16
"""How many views may stand on each other."""


class ViewExpander:
    """Expands the views in statements.

    `find` returns the view of a whole name, in lower case, or None; `select_of` returns the SELECT
    of a view, whose resources SQLite knows; `is_connected` returns whether there is a connection
    for a provider, and `now` the time that `'now'` is in a view. `historic` has the rows of
    resources, if not the APIs.
    """

    def __init__(
        self,
        find: Callable[[str], ViewTable | None],
        select_of: Callable[[ViewTable], ParsedStatement],
        is_connected: Callable[[str], bool],
        now: Callable[[], datetime.datetime],
        historic: Historic | None = None,
    ) -> None:
        self._historic = historic
        self._now = now
        self._find = find
        self._select_of = select_of
        self._is_connected = is_connected

    def expand(self, rewritten: Rewritten, tables: KnownTables) -> Rewritten:
        """Return a statement without views; itself if it reads none, or only stores its text.

        Raise DefinitionError for a view that reads itself, and CredentialMissing for a view of
        several providers of which none has a connection.
        """
        statement = rewritten.parsed
        if {token.keyword for token in statement.tokens[:3]} & {"VIEW", "TRIGGER"}:
            return rewritten
        return rewritten.edited_within(list(self._edits(statement, tables, (), None)))

    def _edits(
        self,
        statement: ParsedStatement,
        tables: KnownTables,
        within: tuple[str, ...],
        of: ViewTable | None,
    ) -> Iterator[Edit]:
        """Yield the edits of a statement, or of the SELECT `of` a view, in no order."""
        ctes = names_of_ctes(statement)
        for reference in rewriter.tables(statement):
            name = reference.name.lower()
            if name in ctes:
                continue
            if len(within) > _DEEPEST or name in within:
                raise DefinitionError(f"The view {name} reads itself")
            view = self._find(name)
            if view is not None:
                body: str | None = self._body(view, tables, (*within, name))
            else:
                body = self._of_own_view(reference, tables, (*within, name))
            if body is None and of is not None:
                body = self._of_resource(of, name, tables)
            if body is not None:
                named = reference.kind == "source" and not reference.has_alias
                alias = f" AS {quote(reference.parts[-1])}" if named else ""
                yield reference.start, reference.end, f"({body}){alias}"

    def _of_resource(self, of: ViewTable, name: str, tables: KnownTables) -> str | None:
        """Return what stands for a table in the SELECT of a view; None if it may stay."""
        if name in of.view.tables:
            return _own_table(of, name, tables)
        if self._historic is None or name not in of.reads:
            return None
        return self._historic.rows(name)

    def _of_own_view(
        self, reference: Reference, tables: KnownTables, within: tuple[str, ...]
    ) -> str | None:
        """Return the query of a user's view, if it reads one of a definition."""
        stored = tables.named(reference) if len(reference.parts) < 3 else None
        if not isinstance(stored, str):
            return None
        query = parse(query_of_view(stored))
        edits = list(self._edits(query, tables, within, None))
        if not edits:
            return None
        text = apply_edits(query.text, edits)
        columns = parse(stored).tokens
        name = next(at for at, token in enumerate(columns) if token.keyword == "AS")
        if columns[name - 1].text != ")":
            return text
        opening = next(at for at, token in enumerate(columns) if token.text == "(")
        listed = stored[columns[opening].start : columns[name - 1].end]
        return f"WITH own{listed} AS ({text}) SELECT * FROM own"

    def _body(self, view: ViewTable, tables: KnownTables, within: tuple[str, ...]) -> str:
        if view.select is not None:
            return self._select(view, tables, within)
        parts = [part for part in view.parts if self._is_connected(part.provider_name)]
        if not parts:
            known = ", ".join(part.provider_name for part in view.parts)
            if self._historic is not None:
                raise UnknownName(
                    f"{view.name} has no part that can be read: no provider has histories",
                    hint="billql history sync stores them.",
                )
            raise CredentialMissing(
                f"{view.name} has no part that can be read: no provider has a token",
                hint=f"Set the token of one of these: {known}. "
                "billql.catalog.connections shows where each is looked for.",
            )
        return " UNION ALL ".join(self._select(part, tables, within) for part in parts)

    def _select(self, view: ViewTable, tables: KnownTables, within: tuple[str, ...]) -> str:
        """Return a view's SELECT with all of its columns, in their order and with their names."""
        from billql.definitions.view_rules import column_names

        assert view.select is not None, "a view of several providers has parts"
        named = self._select_of(view)
        edits = [*self._edits(named, tables, within, view), *self._moments(named)]
        edits += self._records(named)
        inner = apply_edits(named.text, sorted(edits))
        made = column_names(view.select)
        columns = (
            f"{quote(name) if name.lower() in made else 'NULL'}"
            f"{collation_clause(column.type)} AS {quote(name)}"
            for name, column in view.columns.items()
        )
        return f"SELECT {', '.join(columns)} FROM ({inner})"

    def _records(self, select: ParsedStatement) -> Iterator[Edit]:
        """Yield the edits that put the times of rows in the place of `record_created(i)`."""
        for start, end, column in record_calls(select):
            yield start, end, "NULL" if self._historic is None else column

    def _moments(self, select: ParsedStatement) -> Iterator[Edit]:
        """Yield the edits that put the time of the clock in the place of 'now'."""
        for token in select.tokens:
            if token.kind == "string" and token.text.lower() == "'now'":
                yield token.start, token.end, f"'{self._now().astimezone(UTC):%Y-%m-%d %H:%M:%S}'"


def _own_table(view: ViewTable, name: str, tables: KnownTables) -> str:
    """Return the SELECT of a table of the user's own that a view reads; raise OperationalError if
    there is none, or one with other columns.

    With its database it is no CTE of the statement's.
    """
    create = view.view.tables[name]
    hint = f"Make it, and fill it: {_one_line(create)}"
    database = tables.home((name,))
    if database is None:
        raise OperationalError(
            f"{view.name} reads a table {name} of your own, and there is none", hint=hint
        )
    found = tables.find(name, database)
    if found is not None and not isinstance(found, str):
        known = {column.name.lower() for column in found}
        missing = [column for column in _columns(name, create) if column.lower() not in known]
        if missing:
            raise OperationalError(
                f"Your table {name} has no column {', '.join(missing)}, which {view.name} reads",
                hint=hint,
            )
    return f"SELECT * FROM {quote(database)}.{quote(name)}"


def _columns(name: str, create: str) -> list[str]:
    """Return the columns of the table that a statement makes."""
    database = apsw.Connection(":memory:")
    try:
        database.execute(create)
        rows = database.execute("SELECT name FROM pragma_table_info(?)", (name,))
        return [str(column) for (column,) in rows]
    finally:
        database.close()


def _one_line(create: str) -> str:
    """Return a statement without its comments, in one line."""
    text = " ".join(token.text for token in parse(create).tokens)
    return text.replace("( ", "(").replace(" )", ")").replace(" ,", ",")
