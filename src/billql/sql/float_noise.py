"""The noise that sums and differences of amounts have in floating point, and how it is taken away.

SQLite adds amounts in binary: 1234567.89 - 1234567.84 is 0.0499999998137355, and 0.1 + 0.2 - 0.3 is
5.55e-17. Where a statement only adds, subtracts and multiplies, every result is a decimal with few
digits, so a REAL with 14 or more that is next to a shorter decimal is that decimal. A quotient, an
average and what other functions make have as many digits as there is room for: where a statement
has any of them, nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement

_ADDS = frozenset(("SUM", "TOTAL", "MONEY_SUM"))
_EXACT = _ADDS | {"MONEY", "COUNT", "MIN", "MAX", "COALESCE", "IFNULL", "NULLIF", "IIF", "ABS"}
_EXACT |= {"ROUND", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "ROW_NUMBER", "RANK"}
_EXACT |= {"DATE", "DATETIME", "STRFTIME", "DATE_TRUNC", "YEAR", "QUARTER", "MONTH", "DAY"}
_EXACT |= {"LAST_DAY", "UPPER", "LOWER", "SUBSTR", "TRIM", "LENGTH", "GROUP_CONCAT", "TYPEOF"}
"""Functions that make no digits of their own."""
_BEFORE_PARENTHESIS = frozenset(("AS", "IN", "EXISTS", "VALUES", "OVER", "FILTER", "USING", "ON"))
_BEFORE_PARENTHESIS |= {"FROM", "JOIN", "SELECT", "WHERE", "AND", "OR", "NOT", "WHEN", "THEN"}
_BEFORE_PARENTHESIS |= {"ELSE", "CASE", "BY", "HAVING", "UNION", "ALL", "DISTINCT", "MATERIALIZED"}
_BEFORE_PARENTHESIS |= {"BETWEEN", "LIMIT", "LIKE", "IS", "INTERSECT", "EXCEPT", "OFFSET"}
"""Keywords that a parenthesis may follow, which are no functions."""
_INEXACT = frozenset(("/", "%", "<<", ">>", "->", "->>"))
_LONGEST_LITERAL = 9
"""How many characters a number in a statement may have; a longer one may be meant to the digit."""

_DIGITS = 14
"""How many significant digits noise has at least, of the 15 of a REAL."""
_MOST_PLACES = 8
"""How many digits after the point a decimal without noise has at most."""
_NEAR = 1e-6
"""How near the decimal must be, in units of its last digit."""


def only_adds(statement: ParsedStatement) -> bool:
    """Return whether a statement adds or subtracts, and makes no digits in another way."""
    tokens, adds = statement.tokens, False
    for token, following in zip(tokens, (*tokens[1:], None), strict=True):
        word = token.keyword
        if token.text in _INEXACT:
            return False
        if token.kind == "number" and len(token.text) > _LONGEST_LITERAL:
            return False
        if token.kind == "quoted" and following is not None and following.text == "(":
            return False
        calls = bool(word) and following is not None and following.text == "("
        if calls and word not in _EXACT and word not in _BEFORE_PARENTHESIS:
            return False
        adds = adds or token.text in ("+", "-") or (calls and word in _ADDS)
    return adds


def denoised(places: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return a function that takes the noise away from some columns of a row."""
    chosen = frozenset(places)
    return lambda row: tuple(
        [without_noise(value) if place in chosen else value for place, value in enumerate(row)]
    )


def without_noise(value: object) -> object:
    """Return a REAL without noise; any other value, and one that has none, as it is."""
    if not isinstance(value, float) or value == 0 or abs(value) >= 1e15:
        return value
    mantissa = f"{value:.14e}".partition("e")[0].replace(".", "").strip("-").rstrip("0")
    if len(mantissa) < _DIGITS:
        return value
    for places in range(_MOST_PLACES + 1):
        rounded = round(value, places)
        if abs(value - rounded) <= _NEAR * 10**-places:
            return rounded + 0.0
    return value
