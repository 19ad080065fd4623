"""Views whose sums must know their currencies are read as CTEs of the same names.

What a view stores stays as it was written, for other programs. A statement that reads it is run
with the edits of `_currency_check` in a copy of the view's query:

    SELECT * FROM v    WITH "v"("month", "total") AS (SELECT month, billql_one_currency(…) …) …

Nothing is done where a name in a view would be another table then: one that the statement's own
CTEs have, or that stands in two databases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from billql.sql.projections import names_of_ctes
from billql.sql.rewriter import tables as references
from billql.sql.source_map import Edit, apply_edits
from billql.sql.statement_kind import query_of
from billql.sql.statements import ParsedStatement, parse
from billql.sql.tokenizer import quote
from billql.sqlite._currency_check import Describe, currency_edits
from billql.sqlite.result_amounts import query_of_view, views_of

if TYPE_CHECKING:
    from billql.sqlite.result_amounts import KnownTables


def view_edits(
    statement: ParsedStatement, tables: KnownTables, describe: Describe
) -> Sequence[Edit]:
    """Return the edits that add currencies to the sums in the views that a statement reads."""
    first = {token.keyword for token in statement.tokens[:3]}
    views = list(views_of(statement, tables))
    if not views or query_of(statement) is None or "VIEW" in first:
        return ()
    named = {
        reference.parts[-1]: found
        for each in (statement, *views)
        for reference in references(each)
        if isinstance(found := tables.named(reference), str)
    }
    queries = {name: parse(query_of_view(view)) for name, view in named.items()}
    edits = {
        name: _sorted(currency_edits(query, tables, describe)) for name, query in queries.items()
    }
    if not any(edits.values()) or not _is_safe(statement, queries, tables):
        return ()
    defined = []
    for name, query in queries.items():
        columns = ", ".join(quote(origin[0]) for origin in describe(f"SELECT * FROM {quote(name)}"))
        defined.append(f"{quote(name)}({columns}) AS ({apply_edits(query.text, edits[name])})")
    return (_inserted(statement, ", ".join(defined)),)


def _sorted(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    return tuple(sorted(edits))


def _is_safe(
    statement: ParsedStatement, queries: dict[str, ParsedStatement], tables: KnownTables
) -> bool:
    """Return whether all names in the views are the same tables where the statement has them."""
    taken = names_of_ctes(statement)
    names = {
        reference.parts[-1].lower()
        for each in queries.values()
        for reference in references(each)
        if len(reference.parts) == 1
    } | {name.lower() for name in queries}
    return not names & taken and all(map(tables.is_in_one_database, names))


def _inserted(statement: ParsedStatement, defined: str) -> Edit:
    """Return the edit that puts CTEs before all others."""
    depth = 0
    for at, token in enumerate(statement.tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.keyword in ("SELECT", "VALUES"):
            return token.start, token.start, f"WITH {defined} "
        if depth == 0 and token.keyword == "WITH":
            after = statement.tokens[at + 1]
            end = after.end if after.keyword == "RECURSIVE" else token.end
            return end, end, f" {defined},"
    raise AssertionError(statement.text)
