"""What a statement stores, or divides, has no noise of floating point: see `sql.float_noise`.

    CREATE TABLE t AS SELECT a - b FROM x    … SELECT billql_without_noise(a - b) AS "a - b" FROM x
    INSERT INTO t SELECT a - b FROM x        alike
    SELECT (a - b) / 3 FROM x                SELECT billql_without_noise(a - b) / 3 AS … FROM x

Other programs read the table too, and of a stored value, or a quotient, nobody knows how it was
made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from billql.sql.constants import is_compound
from billql.sql.float_noise import added_columns, divided_groups
from billql.sql.projections import selects
from billql.sql.source_map import Edit
from billql.sql.statement_kind import query_of
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import quote
from billql.sqlite._functions import WITHOUT_NOISE
from billql.sqlite.result_amounts import reads_amounts, views_of

if TYPE_CHECKING:
    from billql.sqlite.result_amounts import KnownTables, Origin


def quotient_edits(statement: ParsedStatement, tables: KnownTables) -> Iterator[Edit]:
    """Yield the edits that take the noise out of what a statement divides."""
    first = {token.keyword for token in statement.tokens[:3]}
    if "VIEW" in first or not any(token.text == "/" for token in statement.tokens):
        return
    if is_compound(statement) and any(token.keyword == "ORDER" for token in statement.tokens):
        return  # SQLite orders a UNION by what stands in it, to the letter
    views = list(views_of(statement, tables))
    if not any(reads_amounts(each, tables) for each in (statement, *views)):
        return
    named = set[int]()
    for column, group in divided_groups(statement, views):
        yield group.start, group.start, WITHOUT_NOISE
        start, end = column.tokens[0].start, column.tokens[-1].end
        if not column.has_alias and end not in named:
            named.add(end)
            yield end, end, f" AS {quote(statement.text[start:end])}"


def noise_edits(
    statement: ParsedStatement, tables: KnownTables, describe: Callable[[str], Sequence[Origin]]
) -> Iterator[Edit]:
    """Yield the edits that take the noise out of what a CREATE, INSERT or REPLACE stores."""
    first = {token.keyword for token in statement.tokens[:3]}
    query = query_of(statement)
    if query is None or "VIEW" in first:
        return
    views = list(views_of(statement, tables))
    if not any(reads_amounts(each, tables) for each in (statement, *views)):
        return
    origins = describe(query)
    added = added_columns(statement, views, [name for name, *_ in origins])
    places = [place for place in added if origins[place][1] is None]
    for depth, columns in selects(statement):
        if depth or len(columns) != len(origins) or columns[0].tokens[-1].text == "*":
            continue
        for place in places:
            tokens = columns[place].tokens
            start, end = tokens[0].start, tokens[-1].end
            alias = "" if columns[place].has_alias else f" AS {quote(origins[place][0])}"
            yield start, start, f"{WITHOUT_NOISE}("
            yield end, end, f"){alias}"
