"""NULLS FIRST and NULLS LAST that are idle, because rows come in an order that has no NULL.

PostgreSQL sorts NULLs at the other end than SQLite does, so its clients, and programs that
translate for them, spell that out: ORDER BY created DESC NULLS FIRST. SQLite then sorts by itself,
for which it reads the whole list, though the API promises rows in that order. Where a SELECT reads
one table, and sorts it by columns of which the first is in a promised order, the words may be left
out where no row has a NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from billql.sql.projections import name_of, projections
from billql.sql.source_map import Edit
from billql.sql.tokenizer import NAMES, Token, unquote

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement

Promises = Callable[[str], Collection[Sequence[str]]]
"""Returns the orders in which a table's rows may come, by columns; `-column` is descending."""

_ENDS_SOURCE = frozenset(("WHERE", "GROUP", "HAVING", "WINDOW", "ORDER"))
_ENDS_ORDER = frozenset(("LIMIT", "RETURNING"))
_COMPOUNDS = frozenset(("UNION", "EXCEPT", "INTERSECT"))


class IdleNulls(NamedTuple):
    """Words that can be left out, if a column of a table has no NULL."""

    table: str
    column: str
    edit: Edit


def idle_nulls(statement: ParsedStatement, promises: Promises) -> Iterator[IdleNulls]:
    """Yield what can be left out of a statement in which tables have their whole names."""
    tokens = statement.tokens
    for at, token in enumerate(tokens[:-2]):
        if token.keyword == "ORDER" and tokens[at + 1].keyword == "BY":
            yield from _of_order(tokens, at, promises)


def has_nulls_order(statement: ParsedStatement) -> bool:
    """Return whether a statement has the words at all."""
    return any(token.keyword == "NULLS" for token in statement.tokens)


class _Term(NamedTuple):
    """A term of ORDER BY that is a column, perhaps."""

    name: Sequence[Token]
    descends: bool
    nulls: Sequence[Token]
    """NULLS FIRST or NULLS LAST, if it moves the NULLs to the other end than SQLite's."""
    before: int
    """Where the words before these end."""

    @property
    def edit(self) -> Edit:
        """Return what leaves the words out."""
        return self.before, self.nulls[-1].end, ""


def _of_order(tokens: Sequence[Token], order: int, promises: Promises) -> Iterator[IdleNulls]:
    terms = [_term(one) for one in _split(tokens, order + 2)]
    select = _select_before(tokens, order)
    if select is None or not any(term.nulls for term in terms):
        return
    source = _source(tokens, select, order)
    if source is None:
        return
    table, alias = source
    columns = [_column(term.name, tokens, select, {table, alias}) for term in terms]
    if None in columns:
        return
    first = f"-{columns[0]}" if terms[0].descends else columns[0]
    if all(promised[0] != first for promised in promises(table)):
        return
    for term, name in zip(terms, columns, strict=True):
        if term.nulls and name is not None:
            yield IdleNulls(table, name, term.edit)


def _split(tokens: Sequence[Token], start: int) -> Iterator[Sequence[Token]]:
    """Yield the tokens of each term of an ORDER BY, whose first one begins at a token."""
    depth, first = 0, start
    for at in range(start, len(tokens) + 1):
        token = tokens[at] if at < len(tokens) else None
        if token is None or (
            depth == 0 and (token.text in (")", ";") or token.keyword in _ENDS_ORDER)
        ):
            yield tokens[first:at]
            return
        if depth == 0 and token.text == ",":
            yield tokens[first:at]
            first = at + 1
        depth += {"(": 1, ")": -1}.get(token.text, 0)


def _term(tokens: Sequence[Token]) -> _Term:
    keywords = [token.keyword for token in tokens]
    nulls = tokens[-2:] if keywords[-2:-1] == ["NULLS"] else ()
    rest = tokens[: len(tokens) - len(nulls)]
    descends = [token.keyword for token in rest[-1:]] == ["DESC"]
    name = rest[:-1] if rest and rest[-1].keyword in ("ASC", "DESC") else rest
    moves = bool(nulls) and nulls[-1].keyword == ("FIRST" if descends else "LAST")
    return _Term(name, descends, nulls if moves else (), rest[-1].end if rest else 0)


def _select_before(tokens: Sequence[Token], order: int) -> int | None:
    """Return the index of the SELECT whose ORDER BY begins at a token; None if it is of no single
    SELECT, but of a window, an aggregate or a UNION.
    """
    depth = 0
    for at in range(order - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[at].text, 0)
        if depth < 0 or (depth == 0 and tokens[at].keyword in _COMPOUNDS):
            return None
        if depth == 0 and tokens[at].keyword == "SELECT":
            before = tokens[at - 1].keyword if at else ""
            is_part = before in _COMPOUNDS or before == "ALL"
            return None if is_part else at
    return None


def _source(tokens: Sequence[Token], select: int, order: int) -> tuple[str, str] | None:
    """Return the name and the alias of the one table that a SELECT reads, in lower case; None if
    it reads anything else.
    """
    depth = 0
    for at in range(select, order):
        depth += {"(": 1, ")": -1}.get(tokens[at].text, 0)
        if depth == 0 and tokens[at].keyword == "FROM" and tokens[at - 1].keyword != "DISTINCT":
            break
    else:
        return None
    table = name_of(tokens[at + 1])
    rest = [token for token in tokens[at + 2 : at + 4] if token.keyword != "AS"]
    if rest and rest[0].keyword in _ENDS_SOURCE:
        return table, table
    after = tokens[at + 2 + (tokens[at + 2].keyword == "AS") + 1]
    if rest and rest[0].kind in NAMES and after.keyword in _ENDS_SOURCE:
        return table, unquote(rest[0].text).lower()
    return None


def _column(
    name: Sequence[Token], tokens: Sequence[Token], select: int, tables: Collection[str]
) -> str | None:
    """Return the column that a term sorts by, in lower case; None if it may be anything else."""
    if (qualified := _plain(name, tables)) is None:
        return None
    if len(name) > 1:
        return qualified
    # The name of a column of the result precedes that of a column of the table.
    named = [one.tokens for one in projections(tokens, select + 1) if one.name == qualified]
    found = {_plain(one, tables) for one in named} or {qualified}
    return found.pop() if len(found) == 1 else None


def _plain(tokens: Sequence[Token], tables: Collection[str]) -> str | None:
    """Return the column that an expression is, in lower case; None if it is none of a table."""
    if len(tokens) == 3 and tokens[1].text == "." and name_of(tokens[0]) in tables:
        return name_of(tokens[2]) or None
    return name_of(tokens[0]) or None if len(tokens) == 1 else None
