"""The calls of sums in a statement, and the columns that are added up in each; tokens alone.

What is added up is a column, or an expression of columns: sums, differences, products, quotients,
the values of a CASE. What stands in a condition is not added up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from billql.sql.parentheses import closing
from billql.sql.tokenizer import NAMES, Token, unquote
from billql.sqlite._functions import NOTED_SUMS, SUMS

_OPERATORS = frozenset(("+", "-", "*", "/", "(", ")", ",", "."))
_FUNCTIONS = frozenset(("COALESCE", "IFNULL", "NULLIF", "IIF", "ABS", "ROUND", "MONEY"))
MADE_OF_AMOUNTS = _FUNCTIONS | SUMS | {"MIN", "MAX"}
"""The functions that return amounts for amounts."""
_KEYWORDS = frozenset(("CASE", "WHEN", "THEN", "ELSE", "END", "NULL", "IIF"))


class Column(NamedTuple):
    """A column as a statement names it, in lower case; `table` is empty where there is none."""

    table: str
    name: str


class SumCall(NamedTuple):
    """A call of a sum, by the indices of its tokens."""

    name: str
    """The function, in capitals."""
    first: int
    last: int
    """The parenthesis that closes the call."""
    end: int
    """The first token behind the call and its FILTER and OVER."""
    argument: int
    """Where the argument begins, behind DISTINCT."""
    columns: Sequence[Column]
    is_plain: bool
    """Whether the argument is a column alone."""
    is_windowed: bool
    """Whether OVER belongs to it."""


def sum_calls(tokens: Sequence[Token]) -> Iterator[SumCall]:
    """Yield the calls of sums whose argument is understood."""
    for first, token in enumerate(tokens[:-3]):
        if token.keyword not in SUMS or tokens[first + 1].text != "(":
            continue
        last = closing(tokens, first + 1)
        if last is None:
            continue
        start = first + 2 + (tokens[first + 2].keyword == "DISTINCT")
        columns = added_columns(tokens[start:last])
        is_plain = bool(columns) and last - start == (3 if columns[0].table else 1)
        is_one = is_plain and start == first + 2
        if columns and (is_one or token.keyword in NOTED_SUMS):
            end, is_windowed = clauses(tokens, last + 1)
            yield SumCall(token.keyword, first, last, end, start, columns, is_plain, is_windowed)


def added_columns(
    expression: Sequence[Token], functions: frozenset[str] = _FUNCTIONS
) -> list[Column]:
    """Return the columns that are added up; none if something is not understood."""
    values, columns = list(_values(expression)), list[Column]()
    known = all(
        token.kind in NAMES or token.kind == "number" or token.text in _OPERATORS
        for token in values
    )
    if not known:
        return []
    for at, token in enumerate(values):
        following = values[at + 1].text if at + 1 < len(values) else ""
        if following == "(":
            if token.kind in NAMES and token.keyword not in functions:
                return []
        elif token.kind in NAMES and following != "." and token.keyword not in _KEYWORDS:
            has_table = at > 1 and values[at - 1].text == "."
            table = unquote(values[at - 2].text).lower() if has_table else ""
            columns.append(Column(table, unquote(token.text).lower()))
    return columns


def _values(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens of an expression but for its conditions."""
    at = 0
    while at < len(tokens):
        yield tokens[at]
        keyword, at = tokens[at].keyword, at + 1
        if keyword in ("CASE", "WHEN"):  # up to a THEN, from which the values begin
            depth = 1
            while at < len(tokens) and depth:
                depth += {"CASE": 1, "END": -1}.get(tokens[at].keyword, 0)
                if depth == 1 and tokens[at].keyword == "THEN":
                    break
                at += 1
        elif keyword == "IIF":
            at = _after_comma(tokens, at)


def _after_comma(tokens: Sequence[Token], opening: int) -> int:
    """Return the index behind the first argument of a call, whose parenthesis has an index."""
    depth = 0
    for at in range(opening, len(tokens)):
        if depth == 1 and tokens[at].text == ",":
            return at
        depth += {"(": 1, ")": -1}.get(tokens[at].text, 0)
    return len(tokens)


def clauses(tokens: Sequence[Token], after: int) -> tuple[int, bool]:
    """Return the index behind FILTER (…) and OVER …, and whether there is an OVER."""
    end, is_windowed = after, False
    for keyword in ("FILTER", "OVER"):
        if end + 1 < len(tokens) and tokens[end].keyword == keyword:
            close = closing(tokens, end + 1) if tokens[end + 1].text == "(" else end + 1
            end = len(tokens) if close is None else close + 1
            is_windowed = keyword == "OVER"
    return end, is_windowed
