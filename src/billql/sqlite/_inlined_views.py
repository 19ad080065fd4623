"""The views of a database, put as subqueries where a statement reads them.

What a view stores stays as it was written, for other programs. A statement that reads one whose
sums must know their currencies is run with the edits of `_currency_check` in a copy of its query:

    FROM main.v    FROM (WITH "view"("month", "total") AS (
                             SELECT month, billql_one_currency(…) … FROM "main"."bills") …) AS "v"

In the copy each table's name has its database, so that it means the same table in the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from billql.sql.projections import names_of_ctes
from billql.sql.rewriter import Reference
from billql.sql.rewriter import tables as references
from billql.sql.source_map import Edit, apply_edits
from billql.sql.statement_kind import query_of
from billql.sql.statements import ParsedStatement, parse
from billql.sql.tokenizer import NAMES, quote, unquote
from billql.sqlite._currency_check import Describe, currency_edits
from billql.sqlite.result_amounts import query_of_view

if TYPE_CHECKING:
    from billql.sqlite.result_amounts import KnownTables


def view_edits(
    statement: ParsedStatement, tables: KnownTables, describe: Describe
) -> Sequence[Edit]:
    """Return the edits that add currencies to the sums in the views that a statement reads."""
    first = {token.keyword for token in statement.tokens[:3]}
    if query_of(statement) is None or "VIEW" in first:
        return ()

    def changes(query: ParsedStatement) -> Sequence[Edit]:
        return currency_edits(query, tables, describe)

    return _Views(tables, describe, changes, all_views=False).edits(statement, ())


def without_views(query: str, tables: KnownTables, describe: Describe) -> ParsedStatement:
    """Return a SELECT with the queries of all views in their place."""
    statement = parse(query)
    edits = _Views(tables, describe, lambda view: (), all_views=True).edits(statement, ())
    return parse(apply_edits(query, edits)) if edits else statement


class _Views:
    """The views of a session, with what changes their queries and describes their columns."""

    def __init__(
        self,
        tables: KnownTables,
        describe: Describe,
        changes: Callable[[ParsedStatement], Sequence[Edit]],
        *,
        all_views: bool,
    ) -> None:
        self._tables = tables
        self._describe = describe
        self._changes = changes
        self._all_views = all_views

    def edits(self, statement: ParsedStatement, within: tuple[str, ...]) -> Sequence[Edit]:
        """Return the edits of a statement that lies in some views."""
        found = set[Edit]()
        for reference in _sources(statement):
            query = self._query(reference, within)
            if query is not None:
                name = reference.parts[-1]
                is_named = reference.kind == "member" or reference.has_alias
                alias = "" if is_named else f" AS {quote(name)}"
                found.add((reference.start, reference.end, f"({query}){alias}"))
                if len(reference.parts) > 1 and not reference.has_alias:
                    found.update(_without_database(statement, reference))
        return sorted(found)

    def _query(self, reference: Reference, within: tuple[str, ...]) -> str | None:
        """Return the query to put in a view's place; None if the view may stay as it is."""
        stored = self._tables.named(reference)
        if not isinstance(stored, str) or stored in within:
            return None
        query = self._qualified(parse(query_of_view(stored)), self._tables.home(reference.parts))
        edits = [*self._changes(query), *self.edits(query, (*within, stored))]
        if not edits and not self._all_views:
            return None
        whole = ".".join(map(quote, reference.parts))
        columns = (quote(origin[0]) for origin in self._describe(f"SELECT * FROM {whole}"))
        text = apply_edits(query.text, sorted(edits))
        return f'WITH "view"({", ".join(columns)}) AS ({text}) SELECT * FROM "view"'

    def _qualified(self, query: ParsedStatement, database: str | None) -> ParsedStatement:
        """Return the query of a view of a database with the databases of its tables.

        SQLite looks for them in the view's own database, and for those of a temporary view in all.
        """
        edits = []
        for reference in _sources(query):
            if len(reference.parts) == 1:
                own = (database, *reference.parts) if database not in (None, "temp") else None
                home = self._tables.home(own or reference.parts)
                if home is not None:
                    edits.append((reference.start, reference.start, f"{quote(home)}."))
        return parse(apply_edits(query.text, edits))


def _sources(statement: ParsedStatement) -> Iterator[Reference]:
    """Yield the tables that a statement reads, without its own CTEs."""
    ctes = names_of_ctes(statement)
    for reference in references(statement):
        is_cte = len(reference.parts) == 1 and reference.parts[0].lower() in ctes
        if reference.kind in ("source", "member") and not is_cte:
            yield reference


def _without_database(statement: ParsedStatement, reference: Reference) -> Iterator[Edit]:
    """Yield the edits that make `v.total` of `main.v.total`."""
    tokens = statement.tokens
    wanted = tuple(part.lower() for part in reference.parts)
    for first, dot, table, last in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        is_column = dot.text == last.text == "." and {first.kind, table.kind} <= NAMES
        if is_column and tuple(unquote(one.text).lower() for one in (first, table)) == wanted:
            yield first.start, dot.end, ""
